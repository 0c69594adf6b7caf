//! The desired state is exchanged between two passes.

use super::*;
use crate::domain::desired::ObjectSpec;
use crate::domain::mode::Principal;
use crate::reconcile::fakes::Sync;

async fn exchange(reconciler: &mut Sync, bench: &Bench, spec: SyncSpec) {
    let exchanged = reconciler.pass.exchange(spec, Arc::clone(&bench.vault)).await;
    exchanged.expect("the volume takes it");
}

/// The secret `a` as the bytes that its Base64 stands for.
fn decoded(path: &str) -> ObjectSpec {
    let mut object = secret("a");
    object.files[0].path = RelativePath::parse(path).expect("valid");
    object.files[0].content = Content::Secret(SecretEncoding::Base64.into());
    object
}

#[test]
fn what_is_new_is_asked_for_and_what_stays_is_not_asked_again() {
    run(async {
        let bench = Bench::holding(&["a", "b", "c"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), secret("b")]));
        reconciler.pass(Turn::All).await;
        let next = spec(vec![secret("b"), secret("c")]);
        exchange(&mut reconciler, &bench, next).await;
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
        exchange(&mut reconciler, &bench, next).await;
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
        exchange(&mut reconciler, &bench, next).await;
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

/// Its object was asked for in this round already, for the sake of another entry.
#[test]
fn a_second_entry_of_an_object_that_is_served_does_not_wait_for_the_next_round() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        let mut copy = secret("a");
        copy.files[0].path = RelativePath::parse("copy").expect("valid");
        exchange(&mut reconciler, &bench, spec(vec![secret("a"), copy])).await;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 1);
        assert_eq!(bench.volume.text("copy").as_deref(), Some("one"));
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);
    });
}

#[test]
fn a_new_template_of_objects_that_are_served_does_not_wait_for_the_next_round() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let objects = || vec![secret("a"), secret("b")];
        let mut reconciler = bench.reconciler(spec(objects()));
        reconciler.pass(Turn::All).await;
        let mut next = spec(objects());
        next.templates.push(template());
        exchange(&mut reconciler, &bench, next).await;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 2);
        assert_eq!(bench.volume.text("app.conf").as_deref(), Some("one one"));
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);
    });
}

#[test]
fn another_form_at_the_same_path_does_not_wait_for_the_next_round() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "b25l", 1);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        exchange(&mut reconciler, &bench, spec(vec![decoded("a")])).await;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 1);
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);
    });
}

#[test]
fn what_is_new_and_cannot_be_made_is_asked_for_once_and_again_when_it_is_mended() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "no-base64", 1);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        let with = |second: ObjectSpec| spec(vec![secret("a"), second]);
        exchange(&mut reconciler, &bench, with(decoded("copy"))).await;
        let report = reconciler.pass(Turn::Nothing).await;
        assert_eq!((report.asked, reasons(&report)), (1, vec![Reason::Unrenderable]));
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);

        let mut mended = decoded("copy");
        mended.files[0].content = secret("a").files[0].content.clone();
        exchange(&mut reconciler, &bench, with(mended)).await;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 1);
        assert_eq!(bench.volume.text("copy").as_deref(), Some("no-base64"));
    });
}

/// That was found out a moment ago, and its next try has a time.
#[test]
fn a_second_entry_of_an_object_that_fails_waits_for_the_next_try() {
    run(async {
        let bench = Bench::holding(&["b"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("missing"), secret("b")]));
        reconciler.pass(Turn::All).await;
        let mut copy = secret("missing");
        copy.files[0].path = RelativePath::parse("copy").expect("valid");
        let next = spec(vec![secret("missing"), copy, secret("b")]);
        exchange(&mut reconciler, &bench, next).await;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);
    });
}

/// While the volume is broken, answers have no place to go; each of them ends in another pass.
#[test]
fn what_is_new_is_not_asked_for_again_and_again_while_the_volume_fails() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let objects = || vec![secret("a"), secret("b")];
        let mut reconciler = bench.reconciler(spec(objects()));
        reconciler.pass(Turn::All).await;
        let mut next = spec(objects());
        next.templates.push(template());
        exchange(&mut reconciler, &bench, next).await;
        *bench.volume.broken.lock().expect("not poisoned") = true;
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 2);
        assert_eq!(reconciler.pass(Turn::Nothing).await.asked, 0);
    });
}
