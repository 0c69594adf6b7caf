//! When it is time for a pass, and when it is not.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::*;
use crate::domain::desired::ObjectSpec;
use crate::domain::schedule::SyncScope;
use crate::reconcile::fakes::Sync;

fn optional(name: &str) -> ObjectSpec {
    ObjectSpec {
        required: false,
        ..secret(name)
    }
}

async fn step(sync: &mut Sync) {
    let outcome = sync.pass.take(&mut sync.status).await;
    let _told = sync.status.fold(outcome, 0.5);
}

#[test]
fn a_volume_that_cannot_be_read_is_not_read_again_and_again_while_a_question_is_open() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.silence("silent");
        let mut sync = bench.reconciler(spec(vec![secret("a"), secret("silent")]));
        step(&mut sync).await;
        sync.pass.settled(&mut sync.status).await;
        bench.volume.hide(true);
        step(&mut sync).await;
        assert_eq!(sync.status.volume.failures, 1);
        let settled = timeout(Duration::from_secs(10), sync.pass.settled(&mut sync.status)).await;
        assert!(settled.is_err(), "nothing happened since");
    });
}

/// Nothing is to be written then; who waits for the files waits for the vault's word.
#[test]
fn what_is_confirmed_and_what_recovers_is_no_later_because_of_an_object_that_hangs() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let objects = || spec(vec![secret("a"), optional("b")]);
        bench.reconciler(objects()).pass(Turn::All).await;
        bench.vault.silence("b");
        let mut sync = bench.reconciler(objects());
        let began = Instant::now();
        step(&mut sync).await;
        sync.pass.settled(&mut sync.status).await;
        step(&mut sync).await;
        assert!(sync.status.is_ready() && began.elapsed() < Duration::from_secs(1));

        for refused in [true, false] {
            if refused {
                bench.vault.refuse("a", Reason::Forbidden, None);
            } else {
                bench.vault.set("a", "one", 1);
            }
            sync.pass.settled(&mut sync.status).await;
            sync.status.schedule.wake(&SyncScope::All, sync.pass.uptime.now());
            step(&mut sync).await;
            sync.pass.settled(&mut sync.status).await;
            step(&mut sync).await;
            assert!(sync.status.busy, "the other one hangs still");
            assert_eq!(sync.status.is_served(), !refused);
        }
    });
}
