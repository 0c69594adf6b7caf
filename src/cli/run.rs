//! `run`: sync, then stay.

use std::pin::pin;
use std::sync::Arc;

use futures::future::{self, Either};

use crate::admin::{self, Admin, Board, Exposed, Listeners};
use crate::observers::log::Log;
use crate::observers::metrics::{self, Metrics};
use crate::ports::Observer;
use crate::reconcile::daemon::Daemon;
use crate::reconcile::trigger;
use crate::volume;

use tokio::sync::{Notify, mpsc};

use super::args::SyncArgs;
use super::compose::{self, Composition, Runtimes};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::reload::Reloader;
use super::signals;
use super::style::Style;
use super::usage::SystemUsage;

/// Runs until a signal, or until a hook asks for the end; gives `Exit::Ok` or the code of the hook.
pub(super) fn run(args: &SyncArgs, style: Style) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let (waker, triggers) = trigger::channel();
        // Before anything else: a signal during start-up must not kill the process half-way.
        let asked = Arc::<Notify>::default();
        let hang_up = (Arc::clone(&asked), waker.clone());
        let listening = signals::listen(move || {
            hang_up.0.notify_one();
            hang_up.1.wake();
        });
        let mut stop = listening.map_err(|error| compose::no_runtime(&error))?;
        let Some(composition) = compose::compose((args, style), volume::open, &mut stop, file_system).await?
        else {
            tracing::info!("Stopped");
            return Ok(Exit::Ok);
        };
        let Composition {
            pass,
            identity,
            vault,
            hooks,
            sign_in,
            read,
        } = composition;
        tracing::info!(
            program_version = env!("CARGO_PKG_VERSION"),
            identity,
            objects = pass.spec.objects(),
            files = pass.spec.files(),
            selections = pass.spec.selections.len(),
            interval_seconds = pass.spec.refresh.interval.as_secs(),
            "Started"
        );
        let listeners = Listeners::bind(&pass.spec.admin)
            .await
            .map_err(|error| CommandFailure::new(Exit::Usage, &error, error.hint().to_owned()))?;
        let exposed = Arc::<Exposed>::default();
        let token_file = pass.spec.admin.token_file.clone();
        let outside = metrics::Outside {
            clock: Arc::clone(&pass.clock),
            usage: Arc::new(SystemUsage::of_this_process(&*pass.clock)),
        };
        let metrics = Metrics::new(&pass.spec, sign_in, outside);
        let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(Log::signed_in_as(&identity))];
        // A copy of the status for each pass is for those who can ask for it.
        if !pass.spec.admin.is_off() {
            observers.push(Box::new(Board(Arc::clone(&exposed))));
            observers.push(Box::new(metrics.clone()));
        }
        let (reloads, manifests) = mpsc::channel(1);
        let reloader = Reloader {
            args: args.clone(),
            taken: read.clone(),
            seen: read,
            spec: Arc::clone(&pass.spec),
            vault,
            reloads,
            waker: waker.clone(),
            metrics: metrics.clone(),
            asked,
        };
        let daemon = Daemon::new(pass, observers)
            .with_hooks(hooks)
            .with_reloads(manifests);
        let admin = Admin::new(exposed, Arc::new(metrics), daemon.heartbeat(), waker, token_file);
        let reloading = tokio::spawn(reloader.run());
        let serving = pin!(admin::serve(listeners, Arc::new(admin), stop.clone()));
        let asked = match future::select(pin!(daemon.run(triggers, stop)), serving).await {
            // Whoever asks the server at this moment asks again after the restart.
            Either::Left((Some(code), _)) => Some(code),
            Either::Left((None, serving)) => {
                serving.await;
                None
            }
            Either::Right(((), daemon)) => daemon.await,
        };
        reloading.abort();
        if let Some(code) = asked {
            tracing::info!(code, "Stopped, as a hook asks");
            return Ok(Exit::Asked(code));
        }
        tracing::info!("Stopped");
        Ok(Exit::Ok)
    })
}
