//! Files whose records are lost: nothing is published until every one of them can be written again.

use super::*;
use crate::domain::event::Event;
use crate::domain::schedule::SyncScope;
use crate::reconcile::fakes::Sync;

/// Takes passes until everything that is due has an answer; says what was told of readiness and of the volume, and
/// whether the required files were said to be served at some time.
async fn told(sync: &mut Sync) -> (Vec<&'static str>, bool) {
    let now = sync.pass.uptime.now();
    sync.status.schedule.wake(&SyncScope::All, now);
    let mut told = Vec::new();
    let mut served = false;
    loop {
        let outcome = sync.pass.take(&mut sync.status).await;
        let events = sync.status.fold(outcome, 0.5);
        told.extend(events.iter().filter_map(|event| match event {
            Event::Ready { .. } => Some("ready"),
            Event::VolumeFailing { news: true, .. } => Some("failing"),
            Event::VolumeRecovered { .. } => Some("recovered"),
            _ => None,
        }));
        served |= sync.status.is_served();
        if !sync.status.busy {
            return (told, served);
        }
        sync.pass.settled(&mut sync.status).await;
    }
}

/// When the vault confirmed the file `a` last, by its record, after a sync at a second that leaves its word there.
async fn confirmed_at(bench: &Bench, second: i64) -> i64 {
    let mut sync = bench.reconciler(spec(vec![secret("a")]));
    let now = OffsetDateTime::from_unix_timestamp(second).expect("in range");
    sync.pass.clock = Arc::new(now);
    sync.pass.confirm = true;
    sync.pass(Turn::All).await;
    let observed = bench.volume.observe().await.expect("observed");
    let a = RelativePath::parse("a").expect("valid");
    let record = &observed.files[&a].record;
    record.inputs[0].confirmed.expect("confirmed").unix_timestamp()
}

#[test]
fn a_confirmation_is_renewed_when_it_is_five_seconds_old_or_of_the_future() {
    run(async {
        let bench = Bench::holding(&["a"]);
        for (second, confirmed) in [(100, 100), (104, 100), (105, 105), (104, 104)] {
            assert_eq!(confirmed_at(&bench, second).await, confirmed, "at {second} s");
        }
    });
}

#[test]
fn while_a_slow_answer_decides_whether_anything_can_be_published_nothing_is_served() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let desired = || {
            let mut optional = secret("b");
            optional.required = false;
            spec(vec![secret("a"), optional])
        };
        bench.reconciler(desired()).pass(Turn::All).await;
        bench.volume.lose_records();
        bench.vault.set("a", "two", 2);
        bench.vault.silence("b");
        let mut sync = bench.reconciler(desired());
        assert_eq!(told(&mut sync).await, (vec!["failing"], false));
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        // It is the same failure, told once.
        assert_eq!(told(&mut sync).await, (vec![], false));

        bench.vault.set("b", "two", 2);
        assert_eq!(told(&mut sync).await, (vec!["recovered", "ready"], true));
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    });
}
