//! `run`: sync, then stay.

use crate::reconcile::daemon::{Daemon, Waker};

use super::args::SyncArgs;
use super::compose::{self, Composition, Runtimes};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::signals;

/// Runs until a signal; gives `Exit::Ok` then.
pub(super) fn run(args: &SyncArgs) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let waker = Waker::default();
        // Before anything else: a signal during start-up must not kill the process half-way.
        let mut stop = signals::listen(waker.clone()).map_err(|error| compose::no_runtime(&error))?;
        let Some(composition) = compose::compose(args, &mut stop, file_system).await? else {
            tracing::info!("Stopped");
            return Ok(Exit::Ok);
        };
        let Composition {
            reconciler,
            identity,
            jitter,
        } = composition;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            identity,
            objects = reconciler.spec.objects.len(),
            interval_seconds = reconciler.spec.refresh.interval.as_secs(),
            "Started"
        );
        let daemon = Daemon::new(reconciler, jitter).signed_in_as(&identity);
        daemon.run(waker, stop).await;
        tracing::info!("Stopped");
        Ok(Exit::Ok)
    })
}
