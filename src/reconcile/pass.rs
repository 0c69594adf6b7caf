//! One pass: observe, plan, fetch, publish once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::domain::failure::{Failure, Reason};
use crate::domain::object::Source;
use crate::domain::payload::{Observation, Payload, Publication};
use crate::domain::plan::{self, Outcome, Plan, PlannedObject};
use crate::domain::spec::{ObjectSpec, SyncSpec};
use crate::ports::{Clock, Vault, Volume, VolumeFailure};

use super::fetch::{FetchLimits, FetchProgress, fetch_all};

/// Longest wait for one call of the file system: the whole set is a few megabytes.
pub const VOLUME_LIMIT: Duration = Duration::from_mins(1);

/// Everything a pass needs.
pub struct Reconciler<V, W> {
    /// The desired state.
    pub spec: SyncSpec,
    /// Where objects come from.
    pub vault: V,
    /// Where files go.
    pub volume: Arc<W>,
    /// The time that records carry.
    pub clock: Arc<dyn Clock>,
    /// Bounds of fetching.
    pub limits: FetchLimits,
    /// Held while a file system call is under way, so that there is never more than one.
    pub volume_turn: Arc<Semaphore>,
    /// Where file system calls run: a runtime's threads for blocking calls.
    pub file_system: Handle,
    /// Longest wait for such a call, [`VOLUME_LIMIT`] unless a test has less time.
    pub volume_limit: Duration,
}

/// What a pass did.
#[derive(Debug)]
pub struct PassReport {
    /// One for each object of the specification, in its order.
    pub objects: Vec<PlannedObject>,
    /// What changed on the volume; nothing when the set was current.
    pub publication: Publication,
    /// Why the set could not be observed or published; the earlier set is then still there.
    pub volume_failure: Option<VolumeFailure>,
    /// How many sources were fetched.
    pub fetched: usize,
    /// How long the pass took.
    pub took: Duration,
}

impl PassReport {
    /// Whether every required object is served as the manifest asks.
    pub fn required_are_served(&self) -> bool {
        self.volume_failure.is_none()
            && self
                .objects
                .iter()
                .filter(|object| object.required)
                .all(|object| match object.outcome {
                    Outcome::Fetched { .. } => true,
                    Outcome::Unasked { complete } => complete,
                    Outcome::Failed { .. } => false,
                })
    }

    /// Whether every required object has its files, of whatever age.
    pub fn required_are_present(&self) -> bool {
        let present = |object: &PlannedObject| match object.outcome {
            Outcome::Fetched { .. } => true,
            Outcome::Unasked { complete } => complete,
            Outcome::Failed { kept, .. } => kept,
        };
        self.volume_failure.is_none() && self.objects.iter().filter(|object| object.required).all(present)
    }

    /// The objects that failed, with why.
    pub fn failures(&self) -> impl Iterator<Item = (&PlannedObject, &Failure)> {
        self.objects.iter().filter_map(|object| match &object.outcome {
            Outcome::Failed { failure, .. } => Some((object, failure)),
            Outcome::Fetched { .. } | Outcome::Unasked { .. } => None,
        })
    }
}

impl<V: Vault, W: Volume + 'static> Reconciler<V, W> {
    /// Takes one pass over the sources that are due. Never fails as a whole: the report says what did.
    pub async fn pass(&self, due: impl Fn(&Source) -> bool, progress: &dyn FetchProgress) -> PassReport {
        let began = Instant::now();
        let observed = match self.observe().await {
            Ok(observed) => observed,
            Err(failure) => return self.blocked(failure, began),
        };
        let sources = plan::sources_to_fetch(&self.spec, &observed, due);
        let fetched = sources.len();
        let answers = fetch_all(&self.vault, sources, self.limits, progress).await;
        let Plan { payload, mut objects } = plan::plan(&self.spec, &observed, &answers, self.clock.now());
        drop(answers);
        // Also when nothing was fetched: a publish that changes nothing mends links, and says which names are taken.
        let published = match may_lose_files(&observed, &objects) {
            Some(failure) => Err(failure),
            None if payload.files.is_empty() && observed.files.is_empty() => Ok(Publication::default()),
            None => self.publish(payload).await,
        };
        let (publication, volume_failure) = match published {
            Ok(publication) => (publication, None),
            Err(failure) => (Publication::default(), Some(failure)),
        };
        blame_taken_names(&self.spec.objects, &publication, &mut objects);
        PassReport {
            objects,
            publication,
            volume_failure,
            fetched,
            took: began.elapsed(),
        }
    }

    /// What is published now.
    pub async fn observe(&self) -> Result<Observation, VolumeFailure> {
        let volume = Arc::clone(&self.volume);
        self.on_file_system(move || volume.observe()).await
    }

    async fn publish(&self, payload: Payload) -> Result<Publication, VolumeFailure> {
        let volume = Arc::clone(&self.volume);
        self.on_file_system(move || volume.publish(&payload)).await
    }

    /// Waits until no file system call is under way: a pass that was dropped may have left one.
    pub async fn volume_idle(&self) {
        // The semaphore is never closed; if it were, nothing would be under way.
        let _ = self.volume_turn.acquire().await;
    }

    /// Runs file system calls where they do not hold up the timers and signals of the loop, nor hang it: a call that
    /// takes too long is left behind, and keeps its turn until it ends.
    async fn on_file_system<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, VolumeFailure> + Send + 'static,
    ) -> Result<T, VolumeFailure> {
        let turn = Arc::clone(&self.volume_turn);
        let done = timeout(self.volume_limit, async {
            let turn = turn.acquire_owned().await;
            let call = self.file_system.spawn_blocking(move || {
                let _turn = turn;
                call()
            });
            call.await.unwrap_or_else(|stopped| Err(stopped_failure(stopped)))
        });
        done.await
            .unwrap_or_else(|_| Err(hanging_failure(&self.spec.volume.path)))
    }

    fn blocked(&self, failure: VolumeFailure, began: Instant) -> PassReport {
        let unasked = |object: &ObjectSpec| PlannedObject {
            source: object.source.clone(),
            required: object.required,
            outcome: Outcome::Unasked { complete: false },
            notices: Vec::new(),
        };
        PassReport {
            objects: self.spec.objects.iter().map(unasked).collect(),
            publication: Publication::default(),
            volume_failure: Some(failure),
            fetched: 0,
            took: began.elapsed(),
        }
    }
}

/// The file system does not answer.
fn hanging_failure(volume: &Path) -> VolumeFailure {
    VolumeFailure {
        action: "use",
        path: volume.to_owned(),
        hint: "the file system of the volume hangs: check the node's storage; it is tried again".into(),
        source: std::io::Error::from(std::io::ErrorKind::TimedOut),
    }
}

/// The blocking call was cut off: the runtime is going down, or the call met a defect.
fn stopped_failure(stopped: tokio::task::JoinError) -> VolumeFailure {
    VolumeFailure {
        action: "finish",
        path: PathBuf::from("the volume"),
        hint: "the program is being stopped; if it is not, report this as a defect".into(),
        source: std::io::Error::other(stopped),
    }
}

/// Why the payload must not be published: files that are there, but unknown, would disappear without a successor.
fn may_lose_files(observed: &Observation, objects: &[PlannedObject]) -> Option<VolumeFailure> {
    let failed = |object: &PlannedObject| matches!(object.outcome, Outcome::Failed { .. });
    (observed.records_lost && objects.iter().any(failed)).then(|| VolumeFailure {
        action: "replace",
        path: PathBuf::from("the published files"),
        hint: "nothing is published until every object of the manifest can be fetched; remove objects that cannot".into(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, "their state file is damaged"),
    })
}

/// Turns a name that a foreign entry occupies into a failure of the objects below it.
fn blame_taken_names(specs: &[ObjectSpec], publication: &Publication, planned: &mut [PlannedObject]) {
    for (spec, planned) in specs.iter().zip(planned) {
        let taken = publication.refused.iter().find(|refused| {
            spec.files
                .iter()
                .any(|file| file.path.first_element() == refused.name)
        });
        if let Some(refused) = taken {
            let failure = Failure {
                reason: Reason::NameTaken,
                detail: format!(
                    "{} stands at `{}` in the volume, and it is not ours",
                    refused.found, refused.name
                ),
                hint: format!("move `{}` away, or give the object another path", refused.name),
                retry_after: None,
            };
            planned.outcome = Outcome::Failed { failure, kept: false };
        }
    }
}

#[cfg(test)]
mod tests;
