//! `once`: sync, then exit.

use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::failure::Reason;
use crate::domain::status::Status;
use crate::observers::log::Log;
use crate::reconcile::asking::AskProgress;
use crate::reconcile::daemon::Daemon;
use crate::reconcile::trigger;
use crate::volume;

use super::args::OnceArgs;
use super::compose::{self, Composition, Runtimes};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::{output, signals, table};

/// Syncs until the required objects are there or cannot come; gives the code that says which.
pub(super) fn once(args: &OnceArgs) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let (waker, _) = trigger::channel();
        let mut stop = signals::listen(waker).map_err(|error| compose::no_runtime(&error))?;
        let Some(composition) = compose::compose(&args.sync, volume::open, &mut stop, file_system).await?
        else {
            return Ok(Exit::Interrupted);
        };
        let Composition { mut pass, identity } = composition;
        tracing::debug!(identity, "Started");
        pass.confirm = true;
        if output::stderr_is_terminal() {
            pass.asking.watched_by(Arc::new(StatusLine));
        }
        let deadline = Instant::now() + args.timeout;
        let mut daemon = Daemon::new(pass, vec![Box::new(Log::signed_in_as(&identity))]);
        let ended = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => false,
            () = daemon.until_served(deadline) => true,
        };
        if ended {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => {}
                () = daemon.tidy_up() => {}
            }
        }
        daemon.settle().await;
        // An interrupted init container must not count as done, so this is not `Ok`.
        if ended {
            conclude(daemon.status())
        } else {
            Ok(Exit::Interrupted)
        }
    })
}

/// Shows the table to a person and turns what came of it into an exit code.
fn conclude(status: &Status) -> Result<Exit, CommandFailure> {
    // What the sync came to is told first.
    let shown = if output::stdout_is_terminal() {
        output::data(&table::render(&status.entries))
    } else {
        Ok(())
    };
    let failed = status.failing().count();
    let written = status
        .entries
        .iter()
        .filter(|entry| entry.written.is_some())
        .count();
    tell_late(status);
    tracing::info!(objects = status.entries.len(), written, failed, "Synced");
    if let Some(failure) = &status.volume.failure {
        return Err(CommandFailure::of_volume(failure));
    }
    if status.is_served() {
        return shown.map(|()| Exit::Ok);
    }
    Err(CommandFailure::told(why_not(status)))
}

/// Tells what had no answer.
pub(super) fn tell_late(status: &Status) {
    for late in status.entries.iter().filter(|entry| entry.waits) {
        tracing::warn!(object = %late.id, required = late.required, "No answer in time; not waited for any longer");
    }
}

/// Of required entries that are not served.
pub(super) fn why_not(status: &Status) -> Exit {
    worst(status.reasons_against())
}

/// Several may have failed for several reasons: what must be mended by a person comes before what may pass.
fn worst(reasons: impl Iterator<Item = Reason>) -> Exit {
    let worst = reasons.min_by_key(|reason| (reason.is_transient(), reason.class()));
    worst.map_or(Exit::Unavailable, |reason| reason.class().into())
}

/// `fetched 12 of 20`, on one line of a terminal; gone when everything has an answer, before the log speaks.
pub(super) struct StatusLine;

impl AskProgress for StatusLine {
    fn answered(&self, done: usize, total: usize) {
        if done == total {
            output::status_line("");
        } else {
            output::status_line(&format!("fetched {done} of {total}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_that_of_what_somebody_must_mend() {
        for (reasons, exit) in [
            (&[Reason::Throttled, Reason::NameTaken][..], Exit::Volume),
            (&[Reason::IdentityUnavailable, Reason::NotFound], Exit::Refused),
            (
                &[Reason::Forbidden, Reason::IdentityMisconfigured],
                Exit::Identity,
            ),
            (&[Reason::Unreachable], Exit::Unavailable),
            (&[Reason::IdentityUnavailable], Exit::Unavailable),
            (
                &[Reason::IdentityUnavailable, Reason::IdentityNotPropagated],
                Exit::Identity,
            ),
            (&[], Exit::Unavailable),
        ] {
            assert_eq!(worst(reasons.iter().copied()), exit, "{reasons:?}");
        }
    }
}
