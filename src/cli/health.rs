//! `health`: whether a running program is ready, or alive. For probes, so as little as possible is done for it.

use std::time::{Duration, Instant};

use super::args::HealthArgs;
use super::ask::{Request, pause};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::place::{NO_ADMIN, Place};
use super::style::Style;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// From one question to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// Ends with 0 when it is so, with 1 and a line that says why otherwise.
pub(super) fn health(args: &HealthArgs, style: Style) -> Result<Exit, CommandFailure> {
    let place = Place::of(&args.ask)?;
    let request = Request {
        method: "GET",
        target: if args.live { "/livez" } else { "/readyz" },
        private: false,
    };
    let deadline = args.wait.map(|wait| Instant::now() + wait);
    let against = loop {
        let left = deadline.map_or(PATIENCE, |end| end.saturating_duration_since(Instant::now()));
        let Some(program) = place.program() else {
            break NO_ADMIN.to_owned();
        };
        let (said, is_silent) = match program.ask(&request, left.min(PATIENCE)) {
            Ok(answer) if answer.status == 200 => return Ok(Exit::Ok),
            Ok(answer) => (answer.line(), false),
            Err(unanswered) => (unanswered.to_string(), true),
        };
        if deadline.is_none_or(|end| end <= Instant::now() + PAUSE) {
            let on_volume = if is_silent {
                place.on_volume()
            } else {
                String::new()
            };
            break format!("{said}{on_volume}");
        }
        pause(PAUSE);
    };
    let word = if args.live { "not alive" } else { "not ready" };
    let line = match against.strip_prefix("not ready: ") {
        Some(rest) => format!("{word}: {rest}"),
        None => format!("{word}: {against}"),
    };
    if style.draws {
        output::message(&line);
        Ok(Exit::NOT_READY)
    } else {
        Err(CommandFailure::said(Exit::NOT_READY, vec![line], None))
    }
}
