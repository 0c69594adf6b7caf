//! One pass: observe, ask, decide, render, publish.
//!
//! A pass never waits for a vault. It asks what is due; when the answers that are at hand are worth it, it decides with
//! them and publishes a whole set; what is still awaited is left to a later pass. It remembers nothing: what it goes by
//! is the status, what it found goes into its outcome.

mod ask;
mod carry_out;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use time::OffsetDateTime;

use super::asking::{Asking, NowSource};
use super::recalled;
use super::renders::Renders;
use super::uptime::Uptime;
use crate::domain::answers::Answers;
use crate::domain::desired::SyncSpec;
use crate::domain::expand::{Expansion, Facts, expand};
use crate::domain::outcome::PassOutcome;
use crate::domain::published::Published;
use crate::domain::status::{Recalled, Status};
use crate::domain::timing::Timing;
use crate::ports::{Clock, Jitter, Vault, Volume, VolumeFailure};

/// Everything that a pass needs.
pub struct Pass<V, W> {
    /// The desired state. It may be exchanged between two passes.
    pub spec: Arc<SyncSpec>,
    /// Where files go.
    pub volume: W,
    /// What is asked.
    pub asking: Asking<V>,
    /// What is rendered.
    pub renders: Renders,
    /// The time that records carry.
    pub clock: Arc<dyn Clock>,
    /// Chance, for waits.
    pub jitter: Arc<dyn Jitter>,
    /// The time that waits go by.
    pub uptime: Uptime,
    /// Whether records of files that stay are renewed when the vault confirms them: who ends after one sync leaves its
    /// word to whoever comes next.
    pub confirm: bool,
}

impl<V: Vault + 'static, W: Volume> Pass<V, W> {
    /// Takes one pass. Never fails as a whole: the outcome says what did.
    pub async fn take(&mut self, status: &mut Status) -> PassOutcome {
        let mut outcome = PassOutcome::begun(self.uptime.now(), self.now());
        match self.volume.observe().await {
            Ok(observed) => {
                let entries = self.ask(&observed, status);
                outcome.lists = self.asking.answers().lists();
                if self.is_ripe() || !status.hooks.edits().is_empty() {
                    self.carry_out(&observed, &entries, status, &mut outcome).await;
                }
                outcome.questions = entries
                    .iter()
                    .map(|entry| (entry.key(), entry.questions().collect()))
                    .collect();
            }
            Err(failure) => {
                self.asking.give_up();
                outcome.volume_failure = Some(failure);
            }
        }
        outcome.under_way = self.asking.just_asked();
        outcome.asked = self.asking.take_asked();
        outcome.calls = self.asking.take_calls();
        outcome.stopped = self.asking.stopped();
        outcome.idle = self.is_idle();
        outcome.ended = self.uptime.now();
        outcome
    }

    /// Exchanges the desired state between two passes, and whom to ask for it: `vault` is what
    /// [`KeyVault::with_vaults`](crate::keyvault::KeyVault::with_vaults) makes of the new specification.
    ///
    /// What did not change is kept: answers at hand, what is under way, due times, gates, records. What is new is due at
    /// once. Fails, and changes nothing, when the volume cannot be what is asked of it.
    pub async fn exchange(&mut self, spec: SyncSpec, vault: Arc<V>) -> Result<(), VolumeFailure> {
        self.volume.declare(spec.volume.clone()).await?;
        self.asking.ask_of(vault);
        self.spec = Arc::new(spec);
        Ok(())
    }

    /// Whether it is time to use what is at hand.
    fn is_ripe(&self) -> bool {
        self.asking.is_ripe() || self.renders.has_news()
    }

    /// Returns when there is something to do for a pass besides what is due.
    pub async fn settled(&mut self, status: &mut Status) {
        let present = NowSource {
            uptime: &self.uptime,
            ready: status.is_ready(),
            jitter: &*self.jitter,
        };
        tokio::select! {
            biased;
            () = self.asking.settled(&mut status.schedule, present) => {}
            () = self.renders.finished() => {}
        }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.asking.is_idle() && self.renders.is_idle()
    }

    /// What the volume has of the entries, before anything is asked.
    pub async fn look(&mut self, status: &Status) -> Result<Recalled, VolumeFailure> {
        let observed = self.volume.observe().await?;
        let (now, at) = (self.uptime.now(), self.now());
        Ok(recalled::recalled(&self.spec, &observed, status, now, at))
    }

    fn expand(
        &self,
        answers: &Answers,
        published: &Published<'_>,
        status: &Status,
        timing: &dyn Timing,
    ) -> Expansion {
        let facts = Facts {
            answers,
            lists: &status.lists,
            timing,
            published,
            now: self.now(),
        };
        expand(&self.spec, facts)
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }
}
