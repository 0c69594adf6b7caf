//! Does what hooks ask for: runs programs.
//!
//! Whoever calls sets the deadline by dropping the future, which ends what was begun. What is told of a failure or logged
//! holds no value of a secret.

mod changes;
mod children;
mod exec;

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;

use self::children::Children;
use crate::domain::desired::HookAction;
use crate::domain::hook::{HookCall, HookFailure};
use crate::ports::HookRunner;

/// Runs hooks on this machine, or in this pod.
pub struct Runner {
    volume: PathBuf,
    children: Arc<Children>,
}

impl Runner {
    /// For the volume at this path.
    pub fn new(volume: PathBuf) -> Self {
        Self {
            volume,
            children: Arc::default(),
        }
    }
}

impl HookRunner for Runner {
    fn run<'c>(&'c self, call: &'c HookCall) -> BoxFuture<'c, Result<(), HookFailure>> {
        Box::pin(async move {
            match &call.hook.action {
                HookAction::Exec(hook) => exec::run(hook, call, &self.volume, &self.children).await,
                HookAction::Signal(_) | HookAction::Http(_) | HookAction::Touch(_) => Ok(()),
            }
        })
    }
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
