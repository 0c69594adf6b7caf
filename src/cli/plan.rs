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
use crate::observers::log::Log;
use crate::ports::Observer;
use crate::reconcile::preview::{Preview, preview};
use crate::volume::ReadOnlyVolume;

use super::args::{OutputArg, PlanArgs};
use super::compose::{self, Composition, Runtimes};
use super::diagnostics::{Notes, Seen};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::progress::{self, Progress};
use super::selected_log::SelectedLog;
use super::style::Style;
use super::table::Look;
use super::{diagnostics, output, signals, unserved};

/// Asks what `once` would ask, and shows what it would do; gives the code that says whether that is anything.
pub(super) fn plan(args: &PlanArgs, style: Style) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let deadline = Instant::now() + args.timeout;
        let mut stop = signals::listen(|| {}).map_err(|error| compose::no_runtime(&error))?;
        let open = ReadOnlyVolume::new;
        let Some(composition) = compose::compose((&args.sync, style), open, &mut stop, file_system).await?
        else {
            return Ok(Exit::Interrupted);
        };
        let Composition {
            mut pass, identity, ..
        } = composition;
        tracing::debug!(identity, "Started");
        let progress = style.watched.then(|| Progress::new(Arc::clone(&pass.clock)));
        if let Some(progress) = &progress {
            pass.asking.watched_by(Arc::clone(progress) as _);
        }
        let notes = Notes::default();
        // What fails is drawn in the end for a person who watches, and is no line of a log.
        let mut told: Box<dyn Observer> = if style.watched {
            Box::new(notes.clone())
        } else {
            Box::new(SelectedLog {
                log: Log::signed_in_as(&identity),
                tells: is_true,
            })
        };
        let preview = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(Exit::Interrupted),
            never = progress::redraw(progress.as_deref()) => match never {},
            preview = preview(&mut pass, &mut *told, deadline) => preview,
        };
        progress::clear(progress.as_deref());
        // From here on a signal ends the program, also while nobody reads stdout.
        drop(stop);
        conclude(&preview, &notes.seen(), args.output, style)
    })
}

/// Shows the plan and turns it into an exit code. What fails for `once` fails here.
fn conclude(preview: &Preview, seen: &Seen, form: OutputArg, style: Style) -> Result<Exit, CommandFailure> {
    let Preview { decided, status } = preview;
    let rows = decided.as_ref().map(|decided| rows::rows(decided, status));
    if let Some(rows) = &rows {
        output::data(&match form {
            OutputArg::Text => text::render(rows, look(style)),
            OutputArg::Json => {
                json::render(rows).map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?
            }
        })?;
    }
    if style.watched {
        output::message(&diagnostics::render(status, seen, style.color));
    } else {
        unserved::tell_late(status);
    }
    if let Some(failure) = &status.volume.failure {
        return Err(CommandFailure::of_volume(failure));
    }
    if !status.is_served() {
        return Err(unserved::failure(status, !style.watched));
    }
    Ok(match rows {
        Some(rows) if row::changes(&rows) => Exit::WouldChange,
        _ => Exit::Ok,
    })
}

fn look(style: Style) -> Look {
    Look {
        width: style.shows_table.then(output::stdout_width),
        color: style.color_of_data,
    }
}

/// Whether an event is true although nothing is written.
fn is_true(event: &Event) -> bool {
    match event {
        Event::Failing { .. }
        | Event::Remark { .. }
        | Event::Validity { .. }
        | Event::QuietShortened { .. } => true,
        Event::SyncAsked
        | Event::Ready { .. }
        | Event::NotReady { .. }
        | Event::Published { .. }
        | Event::SetPublished { .. }
        | Event::Answered { .. }
        | Event::MadeAgain { .. }
        | Event::Removed { .. }
        | Event::Adjusted { .. }
        | Event::Recovered { .. }
        | Event::VolumeFailing { .. }
        | Event::VolumeRecovered { .. }
        | Event::Reloaded { .. }
        | Event::ReloadRefused { .. }
        | Event::HookForgotten(_)
        | Event::HookSucceeded { .. }
        | Event::HookFailed { .. }
        | Event::Finished { .. } => false,
    }
}
