//! What a loop is made of, and what is asked of it from outside.

use std::sync::Arc;

use super::Daemon;
use super::hooks::HookRuns;
use crate::domain::status::Status;
use crate::ports::{HookRunner, Observer, Vault, Volume};
use crate::reconcile::heartbeat::Heartbeat;
use crate::reconcile::pass::Pass;
use crate::reconcile::reload::Reloads;

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// A loop in which everything is due.
    pub fn new(pass: Pass<V, W>, observers: Vec<Box<dyn Observer>>) -> Self {
        let mut status = Status::new(pass.spec.refresh.on_start);
        status.hooks.declare(&pass.spec.hooks);
        Self {
            status,
            pass,
            hooks: HookRuns::new(None),
            heartbeat: Arc::default(),
            reloads: None,
            observers,
            replies: Vec::new(),
            tidies_at: None,
        }
    }

    /// Lets hooks run.
    #[must_use]
    pub fn with_hooks(self, runner: Arc<dyn HookRunner>) -> Self {
        Self {
            hooks: HookRuns::new(Some(runner)),
            ..self
        }
    }

    /// Lets the manifest change.
    #[must_use]
    pub fn with_reloads(self, reloads: Reloads<V>) -> Self {
        Self {
            reloads: Some(reloads),
            ..self
        }
    }

    /// Whether the loop turns.
    pub fn heartbeat(&self) -> Arc<Heartbeat> {
        Arc::clone(&self.heartbeat)
    }

    /// What the loop knows.
    pub const fn status(&self) -> &Status {
        &self.status
    }
}
