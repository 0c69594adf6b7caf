//! Does what hooks ask for: runs programs, sends signals, makes requests, writes marker files.
//!
//! Whoever calls sets the deadline by dropping the future, which ends what was begun. What is told of a failure or logged
//! holds no value of a secret.

mod changes;
mod children;
mod exec;
mod http;
mod processes;
mod request;
mod signal;
mod touch;

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::task;

use self::children::Children;
use crate::domain::desired::HookAction;
use crate::domain::hook::{HookCall, HookFailure};
use crate::ports::{Clock, HookRunner};
use crate::transport::AuthorityOptions;

/// Runs hooks on this machine, or in this pod.
pub struct Runner {
    volume: PathBuf,
    authorities: AuthorityOptions,
    clock: Arc<dyn Clock>,
    children: Arc<Children>,
}

impl Runner {
    /// For the volume at this path. `authorities` vouch for servers of hooks that name no other.
    pub fn new(volume: PathBuf, authorities: AuthorityOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            volume,
            authorities,
            clock,
            children: Arc::default(),
        }
    }

    async fn act(&self, call: &HookCall) -> Result<(), HookFailure> {
        match &call.hook.action {
            HookAction::Exec(hook) => exec::run(hook, call, &self.volume, &self.children).await,
            HookAction::Signal(hook) => signal::run(hook, call, &self.authorities).await,
            HookAction::Http(hook) => http::run(hook, call, &self.volume, &self.authorities).await,
            HookAction::Touch(path) => {
                let (path, now) = (path.clone(), self.clock.now());
                off_thread(move || touch::write(&path, now)).await
            }
            // The loop ends when it is recorded that this was told.
            HookAction::Exit(_) => Ok(()),
        }
    }
}

impl HookRunner for Runner {
    fn run<'c>(&'c self, call: &'c HookCall) -> BoxFuture<'c, Result<(), HookFailure>> {
        Box::pin(async move {
            let done = self.act(call).await;
            self.children.reap_orphans();
            done
        })
    }
}

/// Does what waits for files elsewhere: one on a network, or a pipe, must not hold up the loop.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    task::spawn_blocking(work)
        .await
        .expect("no panic, and nobody cancels it")
}

/// What was seen, and what to do.
fn failure(error: impl Into<String>, hint: impl Into<String>) -> HookFailure {
    HookFailure {
        error: error.into(),
        hint: hint.into(),
    }
}

#[cfg(test)]
mod testing;
