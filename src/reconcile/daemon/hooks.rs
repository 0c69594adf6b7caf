//! Runs hooks beside the passes: a hook that hangs holds up neither a sync nor another hook.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::Daemon;
use crate::domain::hook::{HookCall, HookFailure, HookTry};
use crate::domain::moment::{Moment, Now};
use crate::ports::{HookRunner, Vault, Volume};

/// The hooks that are under way.
pub(super) struct HookRuns {
    /// Nobody runs hooks where there is none.
    runner: Option<Arc<dyn HookRunner>>,
    flights: FuturesUnordered<BoxFuture<'static, HookTry>>,
}

impl HookRuns {
    /// None is under way.
    pub(super) fn new(runner: Option<Arc<dyn HookRunner>>) -> Self {
        Self {
            runner,
            flights: FuturesUnordered::new(),
        }
    }

    fn run(&self, call: HookCall) {
        let Some(runner) = self.runner.clone() else {
            return;
        };
        self.flights.push(Box::pin(async move {
            let began = Instant::now();
            let limit = call.hook.timeout;
            let result = timeout(limit, runner.run(&call)).await;
            HookTry {
                result: result.unwrap_or_else(|_| Err(timed_out(limit.as_secs_f64()))),
                took: began.elapsed(),
                call,
            }
        }));
    }

    /// The next that comes to its end; never, when none is under way.
    pub(super) async fn ended(&mut self) -> HookTry {
        match self.flights.next().await {
            Some(done) => done,
            None => std::future::pending().await,
        }
    }
}

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Starts the hooks that are due.
    pub(super) fn start_hooks(&mut self) {
        if self.hooks.runner.is_none() {
            return;
        }
        let (at, now) = (self.pass.clock.now(), self.pass.uptime.now());
        let calls = self.status.start_hooks(at, now);
        if !calls.is_empty() {
            // Whoever asks is to see that they run.
            self.tell(&[]);
        }
        for call in calls {
            self.hooks.run(call);
        }
    }

    /// Takes what came of a hook. The next pass records that.
    pub(super) fn take_hook(&mut self, done: &HookTry) {
        let now = Now {
            at: self.pass.uptime.now(),
            ready: self.status.is_ready(),
            jitter: self.pass.jitter.sample(),
        };
        let event = self.status.hook_ended(done, self.pass.clock.now(), now);
        self.tell(&[event]);
    }

    /// When the next hook is due.
    pub(super) fn hook_due(&self) -> Option<Instant> {
        self.hooks.runner.as_ref()?;
        let due: Option<Moment> = self.status.hooks.next_due();
        due.map(|due| self.pass.uptime.instant(due))
    }

    /// Runs the hooks that have something to hear until all have heard it, or `deadline`. What is left then stays to be
    /// told by whoever comes next.
    pub async fn run_hooks(&mut self, deadline: Instant) {
        loop {
            self.start_hooks();
            let due = self.hook_due().filter(|due| *due < deadline);
            if due.is_none() && !self.status.hooks.is_running() {
                return;
            }
            tokio::select! {
                biased;
                done = self.hooks.ended() => {
                    self.take_hook(&done);
                    self.step().await;
                }
                () = sleep_until(due.unwrap_or(deadline)) => {}
            }
            if Instant::now() >= deadline {
                return;
            }
        }
    }
}

fn timed_out(seconds: f64) -> HookFailure {
    HookFailure {
        error: format!("it did not end within {seconds} s"),
        hint: "make it quicker, or raise `timeout` of the hook".into(),
    }
}
