//! A process, or several after each other, over one volume.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::expected::Publish;
use super::manifest::{Manifest, PLACES};
use super::world::{NAMES, State, World};
use super::{Act, Change, Fault, HOUR};
use crate::domain::desired::SyncSpec;
use crate::domain::failure::Reason;
use crate::domain::payload::Publication;
use crate::domain::schedule::SyncScope;
use crate::reconcile::fakes::{Bench, Sync, latest};

/// Names at which something foreign may stand.
pub(super) const FOREIGN: [&str; 6] = ["p", "q", "r", "r/s", "picked", "app.conf"];

/// More passes than this at one moment are a loop without an end.
const MOST_AT_ONCE: u32 = 25;

/// More passes than this in an hour do not wait between two tries.
const MOST_IN_AN_HOUR: u32 = 1_000;

/// A world, a volume, and the process between them.
pub(super) struct Life {
    world: World,
    bench: Bench,
    manifest: Manifest,
    spec: SyncSpec,
    sync: Sync,
    foreign: Vec<String>,
    fault: Option<Fault>,
    /// Whether nothing but the vault changed since the last publish.
    same_manifest: bool,
    /// Whether everything was asked for since the manifest was edited.
    all_asked: bool,
    records_lost: bool,
    /// How many passes began at a moment.
    passes: (Instant, u32),
}

impl Life {
    pub(super) fn begin(manifest: &Manifest) -> Self {
        let bench = Bench::new();
        let world = World::new();
        world.apply(&bench.vault);
        let spec = manifest.spec();
        Self {
            sync: bench.reconciler(spec.clone()),
            world,
            bench,
            manifest: manifest.clone(),
            spec,
            foreign: Vec::new(),
            fault: None,
            same_manifest: false,
            all_asked: false,
            records_lost: false,
            passes: (Instant::now(), 0),
        }
    }

    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Version { name, good } => self.world.secret(name).add(good),
            Change::Enable {
                name,
                newest,
                enabled,
            } => {
                let versions = &mut self.world.secret(name).versions;
                if let Some(version) = versions.iter_mut().rev().nth(newest) {
                    version.enabled = enabled;
                }
            }
            Change::State(name, state) => self.world.secret(name).state = state,
            Change::Lists(state) => self.world.lists = state,
            Change::Name(name, taken) => {
                let name = FOREIGN[name];
                self.bench.volume.take_name(name, taken);
                self.foreign.retain(|known| known != name);
                self.foreign.extend(taken.then(|| name.to_owned()));
            }
            Change::Volume(fault) => self.break_volume(fault, true),
            Change::Manifest(manifest) => {
                self.manifest = manifest;
                self.exchange(true);
            }
            Change::Edit { edit, wake } => {
                self.manifest.edit(edit);
                self.exchange(wake);
            }
            Change::Crash => self.sync = self.bench.reconciler(self.spec.clone()),
            Change::CrashAndEdit(edit) => {
                self.world.lists = State::Refused(Reason::Forbidden);
                self.manifest.edit(edit);
                self.exchange(true);
                self.sync = self.bench.reconciler(self.spec.clone());
            }
        }
        self.world.apply(&self.bench.vault);
    }

    fn exchange(&mut self, wake: bool) {
        self.spec = self.manifest.spec();
        self.sync.pass.spec = Arc::new(self.spec.clone());
        self.same_manifest = false;
        self.all_asked = false;
        if wake {
            self.wake(&SyncScope::All);
        }
    }

    fn break_volume(&mut self, fault: Fault, broken: bool) {
        match fault {
            Fault::Broken => *self.bench.volume.broken.lock().expect("not poisoned") = broken,
            Fault::Hidden => self.bench.volume.hide(broken),
            Fault::RecordsLost if broken && !self.bench.volume.all().is_empty() => {
                self.bench.volume.lose_records();
                self.records_lost = true;
                self.same_manifest = false;
            }
            Fault::FileLost(place) if broken && !self.records_lost => {
                self.bench.volume.lose(PLACES[place]);
                self.same_manifest = false;
            }
            Fault::RecordsLost | Fault::FileLost(_) => {}
        }
        self.fault = Some(fault).filter(|_| broken);
    }

    /// Lets the loop do its work, to its end.
    pub(super) async fn act(&mut self, act: Act) {
        sleep(Duration::from_secs(1)).await;
        match act {
            Act::All => self.wake(&SyncScope::All),
            Act::Only(name) => self.wake(&SyncScope::Objects([latest(NAMES[name]).object].into())),
            Act::Minutes(minutes) => self.live(Duration::from_mins(minutes)).await,
        }
        self.settle().await;
        if let Some(fault) = self.fault.take() {
            self.break_volume(fault, false);
            self.live(HOUR).await;
            self.settle().await;
        }
    }

    fn wake(&mut self, wanted: &SyncScope) {
        let now = self.sync.pass.uptime.now();
        self.sync.status.schedule.wake(wanted, now);
        self.all_asked |= *wanted == SyncScope::All;
    }

    /// Takes passes until nothing is under way. Of hosts that never answer, something always is.
    async fn settle(&mut self) -> Publication {
        let mut all = self.take().await;
        let mut passes = 0;
        let began = Instant::now();
        while self.sync.status.busy && began.elapsed() < HOUR {
            passes += 1;
            assert!(passes <= MOST_IN_AN_HOUR, "it is asked again and again");
            let settled = self.sync.pass.settled(&mut self.sync.status);
            timeout(HOUR, settled).await.expect("the loop stands still");
            let publication = self.take().await;
            all.written.extend(publication.written);
            all.removed.extend(publication.removed);
            all.adjusted.extend(publication.adjusted);
        }
        all
    }

    /// Takes passes as the daemon does.
    async fn live(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.take().await;
            let due = self
                .sync
                .status
                .wakes_at
                .map(|at| self.sync.pass.uptime.instant(at));
            tokio::select! {
                biased;
                () = self.sync.pass.settled(&mut self.sync.status) => {}
                () = sleep_until(due.unwrap_or(end).min(end)) => {}
            }
        }
    }

    async fn take(&mut self) -> Publication {
        let now = Instant::now();
        self.passes = match self.passes {
            (at, passes) if at == now => (at, passes + 1),
            _ => (now, 1),
        };
        assert!(self.passes.1 <= MOST_AT_ONCE, "the loop does not end");
        let before = self.bench.volume.all();
        let outcome = self.sync.pass.take(&mut self.sync.status).await;
        let after = self.bench.volume.all();
        let publication = outcome
            .decided
            .as_ref()
            .map(|decided| decided.publication.clone());
        let failed = outcome.volume_failure.is_some();
        let mut lists = self.sync.status.lists.clone();
        lists.update(outcome.lists.clone());
        let _told = self.sync.status.fold(outcome, 0.5);
        let publish = Publish {
            before: &before,
            after: &after,
            spec: &self.spec,
            world: &self.world,
            foreign: &self.foreign,
            lists: &lists,
            same_manifest: self.same_manifest,
            all_asked: self.all_asked,
            records_lost: self.records_lost,
        };
        match publication {
            Some(publication) if !failed => {
                publish.keeps_its_promises();
                if before != after {
                    self.records_lost = false;
                    self.same_manifest = true;
                }
                publication
            }
            _ => {
                assert_eq!(before, after, "nothing was published");
                Publication::default()
            }
        }
    }

    /// What is applied is not applied again.
    pub(super) async fn is_at_rest(&mut self) {
        self.bench.volume.take_rendered();
        let publication = self.settle().await;
        assert!(
            is_empty(&publication),
            "applied, and not at rest: {publication:?}"
        );
        assert_eq!(self.bench.volume.take_rendered(), Vec::<String>::new());
    }

    /// In a world that is steady, a sync of everything is followed by one that does nothing.
    pub(super) async fn comes_to_rest(&mut self) {
        if !self.world.is_steady() {
            return;
        }
        self.live(HOUR).await;
        self.wake(&SyncScope::All);
        self.settle().await;
        self.wake(&SyncScope::All);
        self.is_at_rest().await;
    }
}

fn is_empty(publication: &Publication) -> bool {
    publication.written.is_empty() && publication.removed.is_empty() && publication.adjusted.is_empty()
}
