//! What a sync would do: the same passes, over a volume that nobody writes to.
//!
//! Everything that is due is asked once, and waited for. What is decided while something is still being rendered is a
//! decision of the moment: each is made anew with all the answers, and the last one counts.

use tokio::time::{Instant, sleep_until};

use super::asking::Patience;
use super::pass::Pass;
use crate::domain::outcome::{Decided, PassOutcome};
use crate::domain::status::Status;
use crate::ports::{Observer, Vault, Volume, VolumeFailure, VolumeFailureKind};

/// How often it looks again, because somebody published between one look at the volume and the next. The answers are
/// at hand, so that costs no vault anything.
const LOOKS: usize = 5;

/// What a sync would do.
#[derive(Debug)]
pub struct Preview {
    /// The last decision, and what the volume would come to by it; none when the volume could not be looked at.
    pub decided: Option<Decided>,
    /// What is known in the end.
    pub status: Status,
}

/// Finds out what a sync would do now. `pass` must have a volume that only looks. What has no answer at `deadline` is
/// not waited for any longer: its entries wait in the decision.
pub async fn preview<V: Vault + 'static, W: Volume>(
    pass: &mut Pass<V, W>,
    observer: &mut dyn Observer,
    deadline: Instant,
) -> Preview {
    let mut status = Status::new(pass.spec.refresh.on_start);
    let mut looks = 1;
    let mut over = false;
    pass.asking.wait(Patience::Endless);
    loop {
        let outcome = pass.take(&mut status).await;
        if has_moved(&outcome) && looks < LOOKS {
            looks += 1;
            continue;
        }
        let decided = outcome.decided.clone();
        let events = status.fold(outcome, pass.jitter.sample());
        observer.tell(&status, &events);
        if over || !status.busy || status.volume.failure.is_some() {
            return Preview { decided, status };
        }
        tokio::select! {
            biased;
            () = sleep_until(deadline) => {
                over = true;
                pass.asking.wait(Patience::Over);
            }
            () = pass.settled(&mut status) => {}
        }
    }
}

/// Whether the volume failed in a way that may come of a publish by somebody else.
fn has_moved(outcome: &PassOutcome) -> bool {
    let kind = outcome.volume_failure.as_ref().map(VolumeFailure::kind);
    matches!(kind, Some(VolumeFailureKind::InUse | VolumeFailureKind::Other))
}

#[cfg(test)]
mod tests;
