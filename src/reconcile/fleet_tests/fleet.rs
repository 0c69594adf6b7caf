//! Daemons, and the vault that they share.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::vault::{Rules, Seat, SharedVault};
use crate::domain::desired::{ObjectSpec, SyncSpec};
use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::ports::{Jitter, Observer, PasswordFiles};
use crate::reconcile::asking::{AskLimits, Asking, Patience};
use crate::reconcile::daemon::Daemon;
use crate::reconcile::fakes::{FakePasswords, FakeVolume, lock, secret, spec};
use crate::reconcile::pass::Pass;
use crate::reconcile::passwords::PasswordReads;
use crate::reconcile::renders::Renders;
use crate::reconcile::trigger::{self, Waker};
use crate::reconcile::uptime::Uptime;

/// Runs a simulation. Time passes when nothing else is to be done; what is rendered meanwhile is rendered in order.
pub(super) fn simulate<T>(simulation: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .max_blocking_threads(1)
        .build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), simulation)
}

/// What a fleet is made of.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) daemons: usize,
    pub(super) objects: Vec<ObjectSpec>,
    /// They start evenly within this time, or all at once.
    pub(super) spread: Duration,
    /// Chance that always falls alike, instead of a stream for each daemon.
    pub(super) fixed_jitter: Option<f64>,
    pub(super) seed: u64,
}

impl Setup {
    /// A hundred daemons of ten objects each, that start at once.
    pub(super) fn hundred(interval: Duration) -> Self {
        Self {
            daemons: 100,
            objects: secrets(10, interval),
            spread: Duration::ZERO,
            fixed_jitter: None,
            seed: 1,
        }
    }

    /// One daemon of some objects, to which chance is always the same.
    pub(super) fn one(objects: Vec<ObjectSpec>) -> Self {
        Self {
            daemons: 1,
            objects,
            spread: Duration::ZERO,
            fixed_jitter: Some(0.5),
            seed: 1,
        }
    }
}

/// Required secrets.
pub(super) fn secrets(count: usize, interval: Duration) -> Vec<ObjectSpec> {
    let objects = (0..count).map(|number| ObjectSpec {
        interval,
        ..secret(&format!("secret-{number:02}"))
    });
    objects.collect()
}

/// Daemons that run.
pub(super) struct Fleet {
    pub(super) vault: Arc<SharedVault>,
    pub(super) members: Vec<Member>,
}

/// One of them.
pub(super) struct Member {
    /// Kept, since a loop that nobody can wake would have lost its triggers.
    _waker: Waker,
    ready: Arc<Mutex<Option<Duration>>>,
    _stop: watch::Sender<bool>,
}

impl Fleet {
    pub(super) fn start(setup: &Setup, rules: Rules) -> Self {
        let vault = SharedVault::new(rules);
        let starts = Chance::new(setup.seed, usize::MAX);
        let members = (0..setup.daemons).map(|daemon| {
            let delay = setup.spread.mul_f64(starts.sample());
            Member::start(setup, &vault, daemon, delay)
        });
        Self {
            members: members.collect(),
            vault,
        }
    }

    /// Lets time pass.
    pub(super) async fn run(&self, time: Duration) {
        sleep(time).await;
    }

    /// When each daemon became ready, the first one first; those that did not are left out.
    pub(super) fn ready(&self) -> Vec<Duration> {
        let mut ready: Vec<_> = self
            .members
            .iter()
            .filter_map(|member| *lock(&member.ready))
            .collect();
        ready.sort();
        ready
    }
}

impl Member {
    fn start(setup: &Setup, vault: &Arc<SharedVault>, daemon: usize, delay: Duration) -> Self {
        let (waker, triggers) = trigger::channel();
        let (stopper, stop) = watch::channel(false);
        let ready = Arc::default();
        let chance = Arc::new(Chance::new(setup.seed, daemon));
        let jitter: Arc<dyn Jitter> = match setup.fixed_jitter {
            Some(jitter) => Arc::new(jitter),
            None => Arc::clone(&chance) as Arc<dyn Jitter>,
        };
        let seat = Seat {
            vault: Arc::clone(vault),
            daemon,
            jitter: chance,
        };
        let readiness = Readiness {
            began: vault.began,
            ready: Arc::clone(&ready),
        };
        let (spec, files) = (spec(setup.objects.clone()), Arc::default());
        tokio::task::spawn_local(async move {
            sleep(delay).await;
            let pass = pass(spec, seat, files, jitter);
            Daemon::new(pass, vec![Box::new(readiness)])
                .run(triggers, stop)
                .await;
        });
        Self {
            _waker: waker,
            ready,
            _stop: stopper,
        }
    }
}

fn pass(
    spec: SyncSpec,
    seat: Seat,
    volume: Arc<FakeVolume>,
    jitter: Arc<dyn Jitter>,
) -> Pass<Seat, Arc<FakeVolume>> {
    let passwords: Arc<dyn PasswordFiles> = Arc::new(FakePasswords::default());
    let passwords = Arc::new(PasswordReads::new(passwords));
    Pass {
        spec: Arc::new(spec),
        volume,
        asking: Asking::new(Arc::new(seat), passwords, AskLimits::default(), Patience::Short),
        renders: Renders::new(),
        clock: Arc::new(OffsetDateTime::UNIX_EPOCH),
        jitter,
        uptime: Uptime::start(),
        confirm: false,
    }
}

/// Notes when a daemon becomes ready.
struct Readiness {
    began: Instant,
    ready: Arc<Mutex<Option<Duration>>>,
}

impl Observer for Readiness {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        if events.iter().any(|event| matches!(event, Event::Ready { .. })) {
            *lock(&self.ready) = Some(self.began.elapsed());
        }
    }
}
