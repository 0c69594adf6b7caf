//! `once`: sync, then exit.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::observers::log::Log;
use crate::ports::{Observer, Vault, Volume};
use crate::reconcile::daemon::Daemon;
use crate::volume;

use super::args::{HooksArg, OnceArgs};
use super::compose::{self, Composition, Runtimes};
use super::diagnostics::{self, Notes, Seen};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::progress::{self, Progress, Retries};
use super::selected_log::SelectedLog;
use super::style::Style;
use super::table::Look;
use super::{output, report, signals, unserved};

/// Syncs until the required objects are there or cannot come; gives the code that says which.
pub(super) fn once(args: &OnceArgs, style: Style) -> Result<Exit, CommandFailure> {
    Runtimes::new()?.block_on(async |file_system| {
        let mut stop = signals::listen(|| {}).map_err(|error| compose::no_runtime(&error))?;
        let open = volume::open;
        let Some(composition) = compose::compose((&args.sync, style), open, &mut stop, file_system).await?
        else {
            return Ok(Exit::Interrupted);
        };
        let Composition {
            mut pass,
            identity,
            hooks,
            ..
        } = composition;
        tracing::debug!(identity, "Started");
        // What starts after this starts with these files: there is nothing to restart for their sake.
        Arc::make_mut(&mut pass.spec)
            .hooks
            .retain(|hook| !hook.action.is_exit());
        pass.confirm = true;
        let notes = Notes::default();
        let progress = style.watched.then(|| Progress::new(Arc::clone(&pass.clock)));
        let told: Box<dyn Observer> = if let Some(progress) = &progress {
            pass.asking.watched_by(Arc::clone(progress) as _);
            Box::new(Retries(Arc::clone(progress)))
        } else {
            Box::new(SelectedLog {
                log: Log::signed_in_as(&identity),
                tells: is_no_last_word,
            })
        };
        let deadline = Instant::now() + args.timeout;
        let mut daemon = Daemon::new(pass, vec![told, Box::new(notes.clone())]);
        if args.hooks == HooksArg::Run {
            daemon = daemon.with_hooks(hooks);
        }
        let ended = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => false,
            never = progress::redraw(progress.as_deref()) => match never {},
            () = sync(&mut daemon, deadline) => true,
        };
        progress::clear(progress.as_deref());
        if ended {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => {}
                () = daemon.tidy_up() => {}
            }
        }
        daemon.settle().await;
        // From here on a signal ends the program, also while nobody reads stdout.
        drop(stop);
        // An interrupted init container must not count as done, so this is not `Ok`.
        if ended {
            conclude(args, daemon.status(), &notes.seen(), style)
        } else {
            Ok(Exit::Interrupted)
        }
    })
}

/// Syncs, and then lets hooks run.
async fn sync<V: Vault + 'static, W: Volume>(daemon: &mut Daemon<V, W>, deadline: Instant) {
    daemon.until_served(deadline).await;
    daemon.run_hooks(deadline).await;
}

/// A volume that fails ends `once`, whose last words tell of it.
fn is_no_last_word(event: &Event) -> bool {
    !matches!(event, Event::VolumeFailing { .. } | Event::VolumeRecovered { .. })
}

/// Shows a person what came of it and turns that into an exit code.
fn conclude(args: &OnceArgs, status: &Status, seen: &Seen, style: Style) -> Result<Exit, CommandFailure> {
    // What the sync came to is told first.
    let shown = if style.shows_table && !status.entries.is_empty() {
        let look = Look {
            width: Some(output::stdout_width()),
            color: style.color_of_data,
        };
        output::data(&report::render(status, &seen.removed, look))
    } else {
        Ok(())
    };
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
    tell_synced(status, style);
    shown?;
    if args.hooks == HooksArg::Leave || status.hooks.waiting().next().is_none() {
        return Ok(Exit::Ok);
    }
    Err(CommandFailure::of_hooks(status))
}

/// What fails is drawn for a person who watches; in a log, the last line says that not all is well.
fn tell_synced(status: &Status, style: Style) {
    let files = status.entries.iter().flat_map(|entry| &entry.files);
    let written = files.filter(|file| file.written.is_some()).count();
    let failed: BTreeSet<_> = status.failing().map(|(entry, _)| &entry.id).collect();
    let (objects, files, failed) = (status.objects(), status.files(), failed.len());
    if failed == 0 {
        tracing::info!(objects, files, written, failed, "Synced");
    } else if !style.watched {
        tracing::warn!(objects, files, written, failed, "Synced");
    }
}
