//! What the loop does for the volume besides publishing: it removes replaced sets, and lets a publish end.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Daemon;
use crate::domain::payload::REPLACED_SET_KEPT;
use crate::ports::{Vault, Volume};

/// Longest wait for a publish under way when the loop is told to stop: SIGTERM ends the program within a second.
const SETTLE: Duration = Duration::from_millis(800);

/// As [`REPLACED_SET_KEPT`], when the program ends.
pub(super) const KEPT_AT_END: Duration = Duration::from_secs(1);

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Lets a publish that is under way come to its end, so that the next start has nothing to recover, and records which
    /// hooks have heard what they were to hear, so that it runs none of them again.
    pub async fn settle(&mut self) {
        let settled = timeout(SETTLE, async {
            self.pass.volume.idle().await;
            if !self.status.hooks.edits().is_empty() {
                self.pass.asking.ask_no_more();
                self.step().await;
                self.pass.volume.idle().await;
            }
        });
        if settled.await.is_err() {
            tracing::warn!("Stopped while the volume is still busy; the next start recovers");
        }
    }

    /// Removes the replaced set if it is time for that, and sets the time otherwise. What a volume that fails keeps is
    /// removed when it works again.
    pub(super) async fn tidy(&mut self) {
        let left = if self.status.volume.failures == 0 {
            let tidied = self.pass.volume.tidy(REPLACED_SET_KEPT);
            self.heartbeat.beating(tidied).await.unwrap_or_default()
        } else {
            None
        };
        self.tidies_at = left.map(|left| Instant::now() + left);
    }

    /// Removes the replaced set a second after it was replaced: for who ends and leaves nobody behind to do it later.
    pub async fn tidy_up(&self) {
        while let Ok(Some(left)) = self.pass.volume.tidy(KEPT_AT_END).await {
            sleep(left).await;
        }
    }
}
