//! What the loop needs from the outside, on one page: a vault, a volume, a clock, chance, somebody to tell.
//!
//! The adapters implement these; tests implement them with fakes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use time::OffsetDateTime;

use domain::answers::PasswordFile;
use domain::desired::VolumeSpec;
use domain::event::Event;
use domain::failure::Failure;
use domain::fetched::FetchedObject;
use domain::hook::{HookCall, HookFailure};
use domain::listed::{ListedObject, ListedVersion};
use domain::object::{ObjectId, Source, VaultId};
use domain::path::RelativePath;
use domain::payload::{Observation, Payload, Publication, RefusedName};
use domain::protocol::Protocol;
use domain::status::Status;
pub use domain::volume_failure::{VolumeFailure, VolumeFailureKind};

/// Reads objects.
///
/// Each question comes with its [`Attempts`]: an adapter counts every request that leaves, and repeats none after a pause
/// that was not granted there.
pub trait Vault: Send + Sync {
    /// Fetches the version of the object that `source` asks for.
    ///
    /// A call may take as long as its attempts last; the caller sets a deadline by dropping the future.
    fn fetch(
        &self,
        source: &Source,
        attempts: &Attempts,
    ) -> impl Future<Output = Result<FetchedObject, Failure>> + Send;

    /// Lists every version of an object, enabled or not, each once, in no order. All or an error, never some.
    ///
    /// Key Vault answers an unknown name with an empty list.
    fn versions(
        &self,
        object: &ObjectId,
        attempts: &Attempts,
    ) -> impl Future<Output = Result<Vec<ListedVersion>, Failure>> + Send;

    /// Lists every secret of a vault, enabled or not, each once, in no order. All or an error, never some.
    fn secrets(
        &self,
        vault: &VaultId,
        attempts: &Attempts,
    ) -> impl Future<Output = Result<Vec<ListedObject>, Failure>> + Send;

    /// Returns when the host of a vault speaks something else than what is known of it, as soon as a connection says so.
    fn speaks_other_than(
        &self,
        _vault: &VaultId,
        _known: Option<Protocol>,
    ) -> impl Future<Output = Protocol> + Send {
        std::future::pending()
    }
}

/// Counts the requests that one question made, and how many it may still repeat. A clone counts for the same question.
#[derive(Debug, Clone)]
pub struct Attempts(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    made: AtomicU32,
    unused: AtomicU32,
    cut_off: AtomicBool,
}

impl Attempts {
    /// None made, and so many retries granted after the first request.
    pub fn new(retries: u32) -> Self {
        Self(Arc::new(Counts {
            made: AtomicU32::new(0),
            unused: AtomicU32::new(retries),
            cut_off: AtomicBool::new(false),
        }))
    }

    /// Notes that a request leaves now.
    pub fn begin(&self) {
        self.0.made.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the host refused a request without looking at it, or closed the connection under it.
    pub fn cut_off(&self) {
        self.0.cut_off.store(true, Ordering::Relaxed);
    }

    /// Whether that befell any of the requests, repeated or not.
    pub fn was_cut_off(&self) -> bool {
        self.0.cut_off.load(Ordering::Relaxed)
    }

    /// Takes one of the retries; says whether there was one.
    pub fn take_retry(&self) -> bool {
        self.0
            .unused
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |unused| {
                unused.checked_sub(1)
            })
            .is_ok()
    }

    /// Requests made so far: each that left, whoever repeated it.
    pub fn made(&self) -> u32 {
        self.0.made.load(Ordering::Relaxed)
    }

    /// Retries not taken so far.
    pub fn unused(&self) -> u32 {
        self.0.unused.load(Ordering::Relaxed)
    }
}

/// Reads password files. Calls block on the file system and are made one at a time.
pub trait PasswordFiles: Send + Sync {
    /// The password in the file at an absolute path; one line end after it is not part of it. Fails when the file
    /// cannot be read, or is longer than any password.
    fn read(&self, path: &Path) -> Result<PasswordFile, std::io::Error>;
}

/// Holds the published files. Calls are made one at a time; one that is dropped may still come to its end.
pub trait Volume: Send + Sync {
    /// Says what is published now, recovering first from an earlier crash.
    fn observe(&self) -> impl Future<Output = Result<Observation, VolumeFailure>> + Send;

    /// Says which names stand in the way of new bytes at `paths`, as [`Volume::publish`] would find now: something
    /// foreign is there or on the way, or the place cannot be written. Each name covers at least one of the paths.
    ///
    /// Whoever makes a payload leaves out what is refused, and all that hangs on it. What appears after the question may be
    /// refused by the publish too, which then keeps what would have been replaced.
    ///
    /// Nothing is changed, not even recovered. `paths` are taken to be wanted, and what is published where one of them
    /// needs a directory, or below one of them, to be gone. A path whose bytes stay needs no question.
    fn refused(
        &self,
        paths: BTreeSet<RelativePath>,
    ) -> impl Future<Output = Result<Vec<RefusedName>, VolumeFailure>> + Send;

    /// Makes the payload the published set, in one step, or changes nothing.
    ///
    /// Files equal in bytes, mode and owner are not touched; when all are, no reader can tell that this was called.
    fn publish(&self, payload: Payload) -> impl Future<Output = Result<Publication, VolumeFailure>> + Send;

    /// Takes what the specification says of owner, group and the mode of directories. It is so from the next call on;
    /// fails, and changes nothing, when a name has no number, or when it is another volume or layout.
    fn declare(&self, spec: VolumeSpec) -> impl Future<Output = Result<(), VolumeFailure>> + Send;

    /// Removes what was replaced and is kept for who was reading it, if it was replaced at least `kept` ago; says how much of
    /// that time is left otherwise. `None` when nothing is kept any more, or ever was.
    ///
    /// [`Volume::observe`] and [`Volume::publish`] do the same by the volume's own time, whenever they are called.
    fn tidy(&self, _kept: Duration) -> impl Future<Output = Result<Option<Duration>, VolumeFailure>> + Send {
        async { Ok(None) }
    }

    /// Waits until nothing is under way: a call that was dropped may have left something.
    fn idle(&self) -> impl Future<Output = ()> + Send;
}

/// One volume, for all who share it.
impl<V: Volume> Volume for Arc<V> {
    fn observe(&self) -> impl Future<Output = Result<Observation, VolumeFailure>> + Send {
        V::observe(self)
    }

    fn refused(
        &self,
        paths: BTreeSet<RelativePath>,
    ) -> impl Future<Output = Result<Vec<RefusedName>, VolumeFailure>> + Send {
        V::refused(self, paths)
    }

    fn publish(&self, payload: Payload) -> impl Future<Output = Result<Publication, VolumeFailure>> + Send {
        V::publish(self, payload)
    }

    fn declare(&self, spec: VolumeSpec) -> impl Future<Output = Result<(), VolumeFailure>> + Send {
        V::declare(self, spec)
    }

    fn tidy(&self, kept: Duration) -> impl Future<Output = Result<Option<Duration>, VolumeFailure>> + Send {
        V::tidy(self, kept)
    }

    fn idle(&self) -> impl Future<Output = ()> + Send {
        V::idle(self)
    }
}

/// Does what hooks ask for.
pub trait HookRunner: Send + Sync {
    /// Does it once; as often as there are calls at a time. The caller sets a deadline by dropping the future, which ends
    /// what was begun. What it gives back says nothing of values.
    fn run<'c>(&'c self, call: &'c HookCall) -> BoxFuture<'c, Result<(), HookFailure>>;
}

/// Hears of each pass.
pub trait Observer: Send {
    /// Takes what is so now, and what happened since the last call.
    fn tell(&mut self, status: &Status, events: &[Event]);
}

/// The text that monitoring reads.
pub trait Exposition: Send + Sync {
    /// All that is measured and counted now. `status` is what the loop knew last.
    fn text(&self, status: Option<&Status>, form: ExpositionForm) -> String;
}

/// How the text for monitoring is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpositionForm {
    /// The text format of Prometheus, version 0.0.4.
    Text,
    /// `OpenMetrics`, version 1.0.0.
    OpenMetrics,
}

/// Tells what this process takes of the machine.
pub trait Usage: Send + Sync {
    /// What it takes now.
    fn now(&self) -> ProcessUsage;
}

/// What a process takes of the machine; what the system does not tell is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessUsage {
    /// CPU time since its start.
    pub cpu: Option<Duration>,
    /// Memory that is in RAM.
    pub resident_bytes: Option<u64>,
    /// Open descriptors.
    pub open_files: Option<usize>,
    /// How many there may be.
    pub most_open_files: Option<u64>,
    /// When it started.
    pub started: Option<OffsetDateTime>,
}

/// Tells of the tokens that are held, and nothing of what is in them.
pub trait SignIn: Send + Sync {
    /// Each that was asked for.
    fn tokens(&self) -> Vec<TokenStatus>;
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// What it is for; from a closed set.
    pub scope: &'static str,
    /// When it was obtained, if one is held.
    pub obtained: Option<OffsetDateTime>,
    /// When that expires.
    pub expires: Option<OffsetDateTime>,
    /// How often in a row it could not be renewed.
    pub failed_renewals: u32,
}

/// Tells the wall-clock time. Waiting uses tokio's time, which tests can pause.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> OffsetDateTime;
}

/// A time is a clock that stands still.
impl Clock for OffsetDateTime {
    fn now(&self) -> OffsetDateTime {
        *self
    }
}

/// Chance, for waits.
pub trait Jitter: Send + Sync {
    /// A number in `0.0..1.0`, evenly distributed.
    fn sample(&self) -> f64;
}

/// A number is a chance that always falls alike.
impl Jitter for f64 {
    fn sample(&self) -> f64 {
        *self
    }
}

/// Reads environment variables.
pub trait Environment: Send + Sync {
    /// The value of a variable; `None` when it is unset, empty or not UTF-8.
    fn var(&self, name: &str) -> Option<String>;

    /// Whether a variable is there with an empty value, which [`Self::var`] does not tell from an absent one.
    fn is_empty(&self, name: &str) -> bool;
}

/// Variables given as pairs; the environment of a test.
impl<S: AsRef<str> + Send + Sync> Environment for [(S, S)] {
    fn var(&self, name: &str) -> Option<String> {
        let found = self.iter().find(|(key, _)| key.as_ref() == name);
        found
            .map(|(_, value)| value.as_ref().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn is_empty(&self, name: &str) -> bool {
        self.iter()
            .any(|(key, value)| key.as_ref() == name && value.as_ref().is_empty())
    }
}

/// A reference to an environment is one. So one to a slice of pairs, which has no size of its own, serves as
/// `&dyn Environment`.
impl<E: Environment + ?Sized> Environment for &E {
    fn var(&self, name: &str) -> Option<String> {
        (**self).var(name)
    }

    fn is_empty(&self, name: &str) -> bool {
        (**self).is_empty(name)
    }
}
