//! The loop: wait for something to do, take a pass, fold what it did into the status, tell.

mod hooks;
mod reload;
mod setup;
mod until_served;
mod volume;

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use self::hooks::HookRuns;
use super::heartbeat::{BEAT, Heartbeat};
use super::pass::Pass;
use super::reload::{Reload, Reloads};
use super::trigger::{Answered, Trigger, Triggers};
use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::ports::{Observer, Vault, Volume};

/// The loop around the pass.
pub struct Daemon<V, W> {
    pass: Pass<V, W>,
    status: Status,
    observers: Vec<Box<dyn Observer>>,
    /// Who waits for the end of what was asked for.
    replies: Vec<oneshot::Sender<Answered>>,
    hooks: HookRuns,
    heartbeat: Arc<Heartbeat>,
    /// Where another manifest comes from, if one may.
    reloads: Option<Reloads<V>>,
    /// When the volume has something to remove.
    tidies_at: Option<Instant>,
}

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Takes passes until `stop` becomes true; what is under way is dropped then, which leaves the volume as it was.
    pub async fn run(mut self, mut triggers: Triggers, mut stop: watch::Receiver<bool>) -> Option<u8> {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.run_on(&mut triggers) => {}
        }
        self.settle().await;
        // Also after a signal to stop: what was told does not end the program once more.
        self.status.hooks.exit()
    }

    /// Until a hook asks for the end.
    async fn run_on(&mut self, triggers: &mut Triggers) {
        self.recall().await;
        let mut reloads = self.reloads.take();
        loop {
            self.step().await;
            if self.status.hooks.exit().is_some() {
                return;
            }
            while !self.woken(triggers, &mut reloads).await {}
        }
    }

    /// Waits until something happens; says whether that is something for a pass.
    async fn woken(&mut self, triggers: &mut Triggers, reloads: &mut Option<Reloads<V>>) -> bool {
        tokio::select! {
            biased;
            Some(reload) = next(reloads) => return self.reload(reload).await,
            Some(trigger) = triggers.recv() => self.wake(trigger),
            () = self.something_to_do() => {}
        }
        true
    }

    /// Takes over what an earlier process left.
    async fn recall(&mut self) {
        let heartbeat = Arc::clone(&self.heartbeat);
        if let Ok(recalled) = heartbeat.beating(self.pass.look(&self.status)).await {
            let now = self.pass.uptime.now();
            let events = self.status.recall(recalled, now, self.pass.jitter.sample());
            self.tell(&events);
        }
    }

    /// One pass.
    pub(super) async fn step(&mut self) {
        let heartbeat = Arc::clone(&self.heartbeat);
        let outcome = heartbeat.beating(self.pass.take(&mut self.status)).await;
        let events = self.status.fold(outcome, self.pass.jitter.sample());
        self.tell(&events);
        self.tidy().await;
        if !self.status.busy {
            let failing = self.status.failing().count();
            for reply in self.replies.drain(..) {
                // Whoever asked may have gone.
                let _ = reply.send(Answered { failing });
            }
        }
    }

    async fn something_to_do(&mut self) {
        let due = self.status.wakes_at.map(|at| self.pass.uptime.instant(at));
        loop {
            self.start_hooks();
            self.heartbeat.beat();
            let tells_at = self.status.tells_at.map(|at| self.pass.uptime.instant(at));
            let chores = self.tidies_at.into_iter().chain(tells_at);
            let chore = chores.chain(self.hook_due()).min();
            tokio::select! {
                biased;
                () = self.pass.settled(&mut self.status) => return,
                done = self.hooks.ended() => {
                    // The pass that follows records it.
                    self.take_hook(&done);
                    return;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => return,
                () = sleep_until(chore.unwrap_or_else(Instant::now)), if chore.is_some() => {}
                () = sleep(BEAT) => continue,
            }
            self.tidy().await;
            let reminders = self.status.remind(self.pass.uptime.now());
            self.tell(&reminders);
        }
    }

    fn wake(&mut self, trigger: Trigger) {
        let asked = self.status.wake(&trigger.wanted, self.pass.uptime.now());
        self.replies.extend(trigger.reply);
        self.tell(&[asked]);
    }

    fn tell(&mut self, events: &[Event]) {
        for observer in &mut self.observers {
            observer.tell(&self.status, events);
        }
    }
}

/// The next manifest; never, where none may come.
async fn next<V>(reloads: &mut Option<Reloads<V>>) -> Option<Reload<V>> {
    match reloads {
        Some(reloads) => reloads.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
