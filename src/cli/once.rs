//! `once`: sync, then exit.

use tokio::time::Instant;

use crate::domain::failure::Reason;
use crate::reconcile::daemon::{Daemon, Waker};
use crate::reconcile::fetch::FetchProgress;
use crate::reconcile::pass::PassReport;

use super::args::OnceArgs;
use super::compose::{self, Composition, Runtimes};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::{output, signals, table};

/// Syncs until the required objects are there or cannot come; gives the code that says which.
pub(super) fn once(args: &OnceArgs) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let mut stop = signals::listen(Waker::default()).map_err(|error| compose::no_runtime(&error))?;
        let Some(composition) = compose::compose(&args.sync, &mut stop, file_system).await? else {
            return Ok(Exit::Interrupted);
        };
        let Composition {
            reconciler,
            identity,
            jitter,
        } = composition;
        tracing::debug!(identity, "Started");
        let progress: &dyn FetchProgress = if output::stderr_is_terminal() {
            &StatusLine
        } else {
            &()
        };
        let deadline = Instant::now() + args.timeout;
        let mut daemon = Daemon::new(reconciler, jitter).signed_in_as(&identity);
        let report = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => None,
            report = daemon.until_served(deadline, progress) => Some(report),
        };
        daemon.settle().await;
        // An interrupted init container must not count as done, so this is not `Ok`.
        report.map_or(Ok(Exit::Interrupted), |report| {
            let served = daemon.is_served(&report);
            conclude(report, served)
        })
    })
}

/// Shows the table to a person and turns the report into an exit code.
fn conclude(report: PassReport, served: bool) -> Result<Exit, CommandFailure> {
    if output::stdout_is_terminal() {
        output::data(&table::render(&report.entries));
    }
    let failed = report.failures().count();
    let written = report.publication.written.len();
    tracing::info!(objects = report.entries.len(), written, failed, "Synced");
    if let Some(failure) = report.volume_failure {
        return Err(failure.into());
    }
    if served {
        return Ok(Exit::Ok);
    }
    let required = report.failures().filter(|(object, _)| object.required);
    // Several may have failed for several reasons: what must be mended by a person comes before what may pass.
    let reasons = required.map(|(_, failure)| failure.reason);
    Err(CommandFailure::told(worst(reasons)))
}

fn worst(reasons: impl Iterator<Item = Reason>) -> Exit {
    let worst = reasons.min_by_key(|reason| (reason.is_transient(), reason.class()));
    worst.map_or(Exit::Unavailable, |reason| reason.class().into())
}

/// `fetched 12 of 20`, on one line of a terminal; gone when everything has an answer, before the log speaks.
struct StatusLine;

impl FetchProgress for StatusLine {
    fn fetched(&self, done: usize, total: usize) {
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
            (&[], Exit::Unavailable),
        ] {
            assert_eq!(worst(reasons.iter().copied()), exit, "{reasons:?}");
        }
    }
}
