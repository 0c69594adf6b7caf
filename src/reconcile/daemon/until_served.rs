//! The loop of `once`: it ends when what is required is there, or cannot come.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Daemon;
use crate::ports::{Vault, Volume};

/// How long the rest is waited for when what is required is there, or cannot come.
const REST: Duration = Duration::from_secs(2);

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Takes passes until the required objects are there, or one of them cannot come, and the others have answered too or
    /// had two seconds more. After `deadline` nothing new is tried; what is under way then comes to its own end, so that
    /// its real reason is told.
    pub async fn until_served(&mut self, deadline: Instant) {
        let mut rest = None;
        loop {
            let is_over = Instant::now() >= deadline;
            if is_over {
                self.pass.asking.ask_no_more();
            }
            self.step().await;
            let idle = !self.status.busy;
            let enough = self.status.is_served() || self.status.is_hopeless() && !self.status.required_wait();
            let next = self.status.wakes_at.map(|at| self.pass.uptime.instant(at));
            let nothing_comes = is_over || next.is_none_or(|next| next >= deadline);
            if idle && (enough || nothing_comes || self.status.volume.failures > 0) {
                return;
            }
            if !enough {
                if is_over {
                    self.pass.settled(&mut self.status).await;
                } else {
                    // Questions may follow each other without a pause, so the end is looked for besides.
                    let _ = timeout_at(deadline, self.something_to_do()).await;
                }
                continue;
            }
            let end = *rest.get_or_insert_with(|| Instant::now() + REST);
            if timeout_at(end, self.something_to_do()).await.is_err() {
                return;
            }
        }
    }
}
