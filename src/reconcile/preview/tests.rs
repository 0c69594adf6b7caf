//! Previews over fakes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::domain::desired::{SyncSpec, VolumeSpec};
use crate::domain::event::Event;
use crate::domain::failure::Reason;
use crate::domain::object::GroupName;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Observation, Payload, Publication, RefusedName};
use crate::domain::plan::{Action, Why};
use crate::reconcile::fakes::{Bench, FakeVault, FakeVolume, Turn, secret, select, spec};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Looks at a fake, which somebody else may be changing.
struct Onlooker {
    volume: Arc<FakeVolume>,
    /// How often it will fail because of that.
    moves: AtomicUsize,
    publishes: AtomicUsize,
}

impl Onlooker {
    fn at(bench: &Bench, moves: usize) -> Arc<Self> {
        Arc::new(Self {
            volume: Arc::clone(&bench.volume),
            moves: AtomicUsize::new(moves),
            publishes: AtomicUsize::new(0),
        })
    }
}

impl Volume for Onlooker {
    async fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.volume.observe().await
    }

    async fn refused(&self, paths: BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.volume.refused(paths).await
    }

    async fn publish(&self, payload: Payload) -> Result<Publication, VolumeFailure> {
        self.publishes.fetch_add(1, Ordering::Relaxed);
        let left = self.moves.load(Ordering::Relaxed);
        if let Some(left) = left.checked_sub(1) {
            self.moves.store(left, Ordering::Relaxed);
            let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
            let kind = VolumeFailureKind::Other;
            return Err(VolumeFailure::new(kind, "keep", "/mnt/akv/a", "try again", cause));
        }
        let written = payload.files.into_iter();
        let written = written.filter(|(_, file)| matches!(file.bytes, FileBytes::Write(_)));
        Ok(Publication {
            written: written.map(|(path, _)| path).collect(),
            ..Publication::default()
        })
    }

    async fn declare(&self, spec: VolumeSpec) -> Result<(), VolumeFailure> {
        self.volume.declare(spec).await
    }

    async fn idle(&self) {}
}

/// Remembers what it is told.
#[derive(Default)]
struct Events(Mutex<Vec<Event>>);

impl Observer for Events {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        self.0.get_mut().expect("no panic").extend_from_slice(events);
    }
}

fn pass(bench: &Bench, spec: SyncSpec, volume: &Arc<Onlooker>) -> Pass<FakeVault, Arc<Onlooker>> {
    let Pass {
        spec,
        volume: _,
        asking,
        renders,
        clock,
        jitter,
        uptime,
        confirm,
    } = bench.pass(spec);
    Pass {
        spec,
        volume: Arc::clone(volume),
        asking,
        renders,
        clock,
        jitter,
        uptime,
        confirm,
    }
}

async fn look(bench: &Bench, spec: SyncSpec) -> Preview {
    let mut pass = pass(bench, spec, &Onlooker::at(bench, 0));
    preview(&mut pass, &mut Events::default(), Instant::now() + TIMEOUT).await
}

/// Why each file is planned as it is, by path.
fn whys(preview: &Preview) -> Vec<(&str, &Why)> {
    let decided = preview.decided.as_ref().expect("decided");
    let files = decided.plan.files.iter();
    files.map(|(path, file)| (path.as_str(), &file.why)).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_published_and_everything_is_asked_once() {
    let bench = Bench::holding(&["a", "b", "app-x"]);
    let mut spec = spec(vec![secret("a"), secret("b")]);
    spec.selections.push(select("app-"));
    let preview = look(&bench, spec).await;
    assert_eq!(
        whys(&preview),
        [
            ("a", &Why::Missing),
            ("b", &Why::Missing),
            ("picked/x", &Why::Missing)
        ]
    );
    assert_eq!(bench.vault.take_calls().len(), 3, "what a list leads to, too");
    assert_eq!(bench.vault.take_lists().len(), 1);
    assert!(preview.status.is_served());
    assert_eq!(bench.volume.text("a"), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_slow_is_waited_for_and_decided_with_the_rest() {
    let bench = Bench::holding(&["a", "slow"]);
    bench.vault.delay("slow", Duration::from_secs(20));
    let mut objects = vec![secret("a"), secret("slow")];
    for object in &mut objects {
        object.interval = Duration::from_secs(10);
    }
    let preview = look(&bench, spec(objects)).await;
    assert_eq!(whys(&preview), [("a", &Why::Missing), ("slow", &Why::Missing)]);
    assert_eq!(bench.vault.take_calls().len(), 2, "nothing is due a second time");
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_what_is_at_hand_has_to_do() {
    let bench = Bench::holding(&["a", "b", "c"]);
    let mut objects = vec![secret("a"), secret("b"), secret("c")];
    for object in &mut objects[1..] {
        object.group = Some(GroupName::parse("pair").expect("valid"));
    }
    bench.reconciler(spec(objects.clone())).pass(Turn::All).await;
    for name in ["a", "b"] {
        bench.vault.set(name, "two", 2);
    }
    bench.vault.silence("c");
    let began = Instant::now();
    let mut pass = pass(&bench, spec(objects), &Onlooker::at(&bench, 0));
    let deadline = began + Duration::from_secs(5);
    let preview = preview(&mut pass, &mut Events::default(), deadline).await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    let whys = whys(&preview);
    assert!(
        matches!(
            whys[..],
            [
                ("a", Why::Version { .. }),
                ("b", Why::HeldBack(_)),
                ("c", Why::Waits)
            ]
        ),
        "{whys:?}"
    );
    assert!(!preview.status.is_served());
    assert!(preview.status.entries[2].waits);
}

#[tokio::test(start_paused = true)]
async fn a_host_in_trouble_is_not_waited_for() {
    let bench = Bench::new();
    let names: Vec<String> = (0..60).map(|number| format!("secret-{number:02}")).collect();
    for name in &names {
        bench.vault.refuse(name, Reason::Throttled, Some(TIMEOUT));
    }
    let objects = names.iter().map(|name| secret(name)).collect();
    let began = Instant::now();
    let preview = look(&bench, spec(objects)).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let calls = bench.vault.take_calls().len();
    assert!(calls < 60, "{calls}");
    assert!(!preview.status.is_served());
    let stopped = preview.status.entries.iter();
    let stopped = stopped.filter(|entry| entry.stopped_by.is_some() && entry.failure.is_none());
    assert_eq!(
        stopped.count(),
        60 - calls,
        "nothing is blamed that was not asked"
    );
}

#[tokio::test(start_paused = true)]
async fn when_somebody_publishes_between_two_looks_it_looks_again_and_asks_nobody() {
    let bench = Bench::holding(&["a"]);
    for (moves, seen) in [(2, true), (100, false)] {
        let volume = Onlooker::at(&bench, moves);
        let mut pass = pass(&bench, spec(vec![secret("a")]), &volume);
        let mut events = Events::default();
        let preview = preview(&mut pass, &mut events, Instant::now() + TIMEOUT).await;
        assert_eq!(preview.status.volume.failure.is_none(), seen);
        assert_eq!(bench.vault.take_calls().len(), 1);
        let looks = volume.publishes.load(Ordering::Relaxed);
        assert!((3..=LOOKS).contains(&looks), "{looks}");
        let failing = |event: &Event| matches!(event, Event::VolumeFailing { .. });
        assert_eq!(
            events.0.into_inner().expect("no panic").iter().any(failing),
            !seen
        );
        if seen {
            let decided = preview.decided.expect("decided");
            assert!(
                decided
                    .plan
                    .files
                    .values()
                    .all(|file| file.action == Action::Write)
            );
            assert_eq!(decided.publication.written.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_cannot_be_read_is_told_and_nothing_is_decided() {
    let bench = Bench::holding(&["a"]);
    bench.volume.hide(true);
    let preview = look(&bench, spec(vec![secret("a")])).await;
    assert!(preview.decided.is_none());
    assert!(preview.status.volume.failure.is_some());
    assert!(bench.vault.take_calls().is_empty());
}
