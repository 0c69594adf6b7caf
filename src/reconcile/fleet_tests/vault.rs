//! A vault that many ask: with a limit, outages, and objects in trouble.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::trace::{Answered, Call, Trace, WINDOW};
use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::domain::listed::{ListedObject, ListedVersion};
use crate::domain::object::{ObjectId, Source, VaultId};
use crate::domain::secret::SecretBytes;
use crate::ports::{Attempts, Jitter, Vault};
use crate::reconcile::fakes::{lock, version_id};

/// From a request to its answer; the vault counts it half-way.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// The adapter repeats a request within a question after at most this long, if it may.
const REPEAT: Duration = Duration::from_millis(500);

/// How a vault behaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    /// Calls that it answers in each window; all, when absent.
    pub(super) limit: Option<u32>,
    /// Whether it refuses every call of a window that follows one with more than twice the limit. Otherwise what it refuses
    /// costs nothing.
    pub(super) pessimistic: bool,
    /// What it says with a 429.
    pub(super) retry_after: Option<Duration>,
    /// When it is away, and how.
    pub(super) away: Option<(Range<Duration>, Away)>,
    /// Objects that behave otherwise, each from some time on.
    pub(super) trouble: BTreeMap<String, (Duration, Trouble)>,
}

/// How a vault is away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Away {
    /// Nobody listens there.
    Unreachable,
    /// It answers 503.
    Unavailable,
}

/// How an object behaves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// It answers 500.
    Fails,
    /// It never answers.
    Hangs,
    /// It answers 429, and says how long to wait.
    Throttled(Duration),
}

/// A vault.
#[derive(Debug)]
pub(super) struct SharedVault {
    pub(super) began: Instant,
    rules: Rules,
    window: Mutex<Window>,
    calls: Mutex<Vec<Call>>,
}

/// What was asked in one window.
#[derive(Debug, Default)]
struct Window {
    number: u128,
    offered: u32,
    served: u32,
    /// Whether nothing is served in it.
    furious: bool,
}

impl SharedVault {
    pub(super) fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            rules,
            window: Mutex::default(),
            calls: Mutex::default(),
        })
    }

    /// What was asked since it began.
    pub(super) fn trace(&self) -> Trace {
        Trace(lock(&self.calls).clone())
    }

    fn receive(&self, daemon: usize, object: &str) -> Answered {
        let at = self.began.elapsed();
        let answered = self.answer(at, object);
        lock(&self.calls).push(Call {
            at,
            daemon,
            object: object.to_owned(),
            answered,
        });
        answered
    }

    fn answer(&self, at: Duration, object: &str) -> Answered {
        match &self.rules.away {
            Some((when, Away::Unreachable)) if when.contains(&at) => return Answered::Unreachable,
            Some((when, Away::Unavailable)) if when.contains(&at) => return Answered::Failed,
            _ => {}
        }
        if !self.admits(at) {
            return Answered::Throttled(self.rules.retry_after);
        }
        match self.rules.trouble.get(object) {
            Some((from, trouble)) if *from <= at => match trouble {
                Trouble::Fails => Answered::Failed,
                Trouble::Hangs => Answered::Never,
                Trouble::Throttled(wish) => Answered::Throttled(Some(*wish)),
            },
            _ => Answered::Object,
        }
    }

    fn admits(&self, at: Duration) -> bool {
        let Some(limit) = self.rules.limit else {
            return true;
        };
        let mut window = lock(&self.window);
        let number = at.as_nanos() / WINDOW.as_nanos();
        if window.number != number {
            let follows = window.number + 1 == number;
            *window = Window {
                number,
                furious: self.rules.pessimistic && follows && window.offered > 2 * limit,
                ..Window::default()
            };
        }
        window.offered += 1;
        let admitted = window.served < limit && !window.furious;
        window.served += u32::from(admitted);
        admitted
    }
}

/// One daemon's way to the vault.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) vault: Arc<SharedVault>,
    pub(super) daemon: usize,
    pub(super) jitter: Arc<Chance>,
}

impl Seat {
    async fn call(&self, source: &Source) -> Result<FetchedObject, Failure> {
        sleep(ROUND_TRIP / 2).await;
        let answered = self.vault.receive(self.daemon, source.object.name.as_str());
        let failed = |reason, wish| Err(Failure::new(reason, source.to_string(), "wait").after(wish));
        if answered == Answered::Never {
            std::future::pending::<()>().await;
        }
        sleep(ROUND_TRIP / 2).await;
        match answered {
            Answered::Throttled(wish) => failed(Reason::Throttled, wish),
            Answered::Failed => failed(Reason::Unavailable, None),
            Answered::Unreachable => failed(Reason::Unreachable, None),
            Answered::Object | Answered::Never => Ok(object(&source.object)),
        }
    }
}

impl Vault for Seat {
    async fn fetch(&self, source: &Source, attempts: &Attempts) -> Result<FetchedObject, Failure> {
        loop {
            attempts.begin();
            let failure = match self.call(source).await {
                Ok(object) => return Ok(object),
                Err(failure) => failure,
            };
            // As the adapter does.
            let worth_it = matches!(failure.reason, Reason::Unavailable | Reason::Unreachable);
            if !worth_it || !attempts.take_retry() {
                return Err(failure);
            }
            sleep(REPEAT.mul_f64(self.jitter.sample())).await;
        }
    }

    async fn versions(&self, _: &ObjectId, _: &Attempts) -> Result<Vec<ListedVersion>, Failure> {
        unreachable!("no history is asked for")
    }

    async fn secrets(&self, _: &VaultId, _: &Attempts) -> Result<Vec<ListedObject>, Failure> {
        unreachable!("no selection is asked for")
    }
}

fn object(id: &ObjectId) -> FetchedObject {
    FetchedObject {
        object: id.clone(),
        version: version_id(1),
        id: String::new(),
        attributes: Attributes::default(),
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::from("value".to_owned()),
            content_type: None,
            backs_certificate: false,
        }),
    }
}
