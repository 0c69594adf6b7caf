//! `status`: what a running program serves; where nobody answers, what the volume has.

mod objects;
mod parts;
mod seen;
mod text;
mod watch;

use std::time::Duration;

use crate::domain::desired::SyncSpec;
use crate::domain::status::Status;
use crate::ports::Clock as _;

use super::args::{OutputArg, StatusArgs};
use super::ask::{Program, Request, Unanswered, refusal};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::place::{self, NO_ADMIN, Place};
use super::style::Style;
use super::system::SystemClock;
use super::table::Look;

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A status as JSON, and where it is from.
struct Found {
    json: String,
    /// Why it is not a running program's, if it is not.
    from_volume: Option<String>,
}

/// Shows it, once or again and again.
pub(super) fn status(args: &StatusArgs, style: Style) -> Result<Exit, CommandFailure> {
    let place = Place::of(&args.ask)?;
    if args.watch {
        return watch::watch(place, args.interval, args.output, style);
    }
    let found = look(&place)?;
    let shown = shown(&found, args.output, style)?;
    if let (Some(why), true) = (&found.from_volume, args.output == OutputArg::Json) {
        note(why, style);
    }
    output::data(&shown)?;
    Ok(Exit::Ok)
}

/// What is known, from whoever knows it.
fn look(place: &Place) -> Result<Found, CommandFailure> {
    match place {
        Place::Socket(program) => asked(program)?.map_err(CommandFailure::from),
        Place::Manifest(None, spec) => on_volume(spec, NO_ADMIN),
        Place::Manifest(Some(program), spec) => match asked(program)? {
            Err(unanswered @ Unanswered::Token(..)) => Err(unanswered.into()),
            Err(unanswered) => on_volume(spec, &unanswered.to_string()),
            Ok(found) => Ok(found),
        },
    }
}

/// What the running program says, unless it does not answer.
fn asked(program: &Program) -> Result<Result<Found, Unanswered>, CommandFailure> {
    let request = Request {
        method: "GET",
        target: "/status",
        private: true,
    };
    match program.ask(&request, PATIENCE) {
        Ok(answer) if answer.status == 200 => Ok(Ok(Found {
            json: String::from_utf8_lossy(&answer.body).into_owned(),
            from_volume: None,
        })),
        Ok(answer) => Err(refusal(&answer)),
        Err(unanswered) => Ok(Err(unanswered)),
    }
}

fn on_volume(spec: &SyncSpec, nobody: &str) -> Result<Found, CommandFailure> {
    let status = place::of_volume(spec)?;
    Ok(Found {
        json: json(&status)?,
        from_volume: Some(format!("{nobody}; this is what the volume has")),
    })
}

fn json(status: &Status) -> Result<String, CommandFailure> {
    serde_json::to_string(status).map_err(|error| CommandFailure::new(Exit::Internal, &error, None))
}

fn shown(found: &Found, form: OutputArg, style: Style) -> Result<String, CommandFailure> {
    let seen = serde_json::from_str(&found.json).map_err(|error| {
        let hint = "check that akv-sync of this version listens there, and no other program".to_owned();
        let text = format!("the answer is no status of akv-sync: {error}");
        CommandFailure::said(Exit::Unavailable, vec![text], Some(hint))
    })?;
    let look = Look {
        width: style.shows_table.then(output::stdout_width),
        color: style.color_of_data,
    };
    Ok(match form {
        OutputArg::Json => found.json.clone(),
        OutputArg::Text => text::render(&seen, found.from_volume.as_deref(), SystemClock.now(), look),
    })
}

/// What is no data of the status.
fn note(text: &str, style: Style) {
    if style.is_json() {
        tracing::warn!(error = text, "Nobody answers");
    } else {
        output::message(&format!("note: {text}"));
    }
}
