//! The desired state is exchanged between two passes.

use super::*;
use crate::domain::mode::Principal;

#[test]
fn what_is_new_is_asked_for_and_what_stays_is_not_asked_again() {
    run(async {
        let bench = Bench::holding(&["a", "b", "c"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), secret("b")]));
        reconciler.pass(Turn::All).await;
        let next = spec(vec![secret("b"), secret("c")]);
        let exchanged = reconciler.pass.exchange(next, Arc::clone(&bench.vault)).await;
        exchanged.expect("the volume takes it");
        let report = reconciler.pass(Turn::Nothing).await;
        assert_eq!(report.asked, 1, "for the new object alone");
        assert_eq!(bench.volume.text("a"), None, "it left the manifest");
        assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("c").as_deref(), Some("one"));
        let known: Vec<_> = reconciler.status.entries.iter().map(|entry| &entry.key).collect();
        assert_eq!(known.len(), 2, "the status follows: {known:?}");
    });
}

#[test]
fn a_failure_of_what_left_the_manifest_is_told_no_more() {
    run(async {
        let bench = Bench::holding(&["b"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("missing"), secret("b")]));
        let report = reconciler.pass(Turn::All).await;
        assert!(!report.required_are_served());
        let next = spec(vec![secret("b")]);
        let exchanged = reconciler.pass.exchange(next, Arc::clone(&bench.vault)).await;
        exchanged.expect("the volume takes it");
        let report = reconciler.pass(Turn::Nothing).await;
        assert!(report.required_are_served());
        assert_eq!(reconciler.status.failing().count(), 0);
        assert!(reconciler.status.is_ready());
    });
}

#[test]
fn the_volume_hears_of_its_new_owner() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        let mut next = spec(vec![secret("a")]);
        next.volume.owner = Some(Principal::Id(4711));
        let wanted = next.volume.clone();
        let exchanged = reconciler.pass.exchange(next, Arc::clone(&bench.vault)).await;
        exchanged.expect("the volume takes it");
        assert_eq!(bench.volume.declared(), Some(wanted));
    });
}

#[test]
fn a_specification_that_the_volume_refuses_changes_nothing() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        bench.volume.hide(true);
        let next = spec(vec![secret("b")]);
        let exchanged = reconciler.pass.exchange(next, Arc::clone(&bench.vault)).await;
        exchanged.expect_err("the volume is not there");
        bench.volume.hide(false);
        let report = reconciler.pass(Turn::Nothing).await;
        assert_eq!((report.asked, bench.volume.text("b")), (0, None));
    });
}
