//! `plan`: what a sync would do, file by file, and why. Writes nothing.

mod json;
mod row;
mod rows;
#[cfg(test)]
mod test_rows;
mod text;
mod words;

use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::observers::log::Log;
use crate::ports::Observer;
use crate::reconcile::preview::{Preview, preview};
use crate::reconcile::trigger;
use crate::volume::ReadOnlyVolume;

use super::args::{OutputArg, PlanArgs};
use super::compose::{self, Composition, Runtimes};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::{once, output, signals};

/// Asks what `once` would ask, and shows what it would do; gives the code that says whether that is anything.
pub(super) fn plan(args: &PlanArgs) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let deadline = Instant::now() + args.timeout;
        let (waker, _) = trigger::channel();
        let mut stop = signals::listen(waker).map_err(|error| compose::no_runtime(&error))?;
        let open = ReadOnlyVolume::new;
        let Some(composition) = compose::compose(&args.sync, open, &mut stop, file_system).await? else {
            return Ok(Exit::Interrupted);
        };
        let Composition { mut pass, identity } = composition;
        tracing::debug!(identity, "Started");
        if output::stderr_is_terminal() {
            pass.asking.watched_by(Arc::new(once::StatusLine));
        }
        let mut log = Troubles(Log::signed_in_as(&identity));
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Ok(Exit::Interrupted),
            preview = preview(&mut pass, &mut log, deadline) => conclude(&preview, args.output),
        }
    })
}

/// Shows the plan and turns it into an exit code. What fails for `once` fails here.
fn conclude(preview: &Preview, form: OutputArg) -> Result<Exit, CommandFailure> {
    let Preview { decided, status } = preview;
    let rows = decided.as_ref().map(|decided| rows::rows(decided, status));
    if let Some(rows) = &rows {
        output::data(&match form {
            OutputArg::Text => text::render(rows),
            OutputArg::Json => {
                json::render(rows).map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?
            }
        })?;
    }
    once::tell_late(status);
    if let Some(failure) = &status.volume.failure {
        return Err(CommandFailure::of_volume(failure));
    }
    if !status.is_served() {
        return Err(CommandFailure::told(once::why_not(status)));
    }
    Ok(match rows {
        Some(rows) if row::changes(&rows) => Exit::WouldChange,
        _ => Exit::Ok,
    })
}

/// Of the events, those that are true although nothing is written.
struct Troubles(Log);

impl Observer for Troubles {
    fn tell(&mut self, status: &Status, events: &[Event]) {
        let is_true = |event: &&Event| match event {
            Event::Failing { .. }
            | Event::Remark { .. }
            | Event::Validity { .. }
            | Event::QuietShortened { .. } => true,
            Event::SyncAsked
            | Event::Ready { .. }
            | Event::NotReady { .. }
            | Event::Published { .. }
            | Event::MadeAgain { .. }
            | Event::Removed { .. }
            | Event::Adjusted { .. }
            | Event::Recovered { .. }
            | Event::VolumeFailing { .. }
            | Event::VolumeRecovered { .. }
            | Event::Finished { .. } => false,
        };
        let events: Vec<_> = events.iter().filter(is_true).cloned().collect();
        self.0.tell(status, &events);
    }
}
