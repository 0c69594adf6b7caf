//! One pass over fakes: what is written, kept, removed and told.

mod exchange;
mod exodus;
mod groups;
mod moved;
mod passwords;
mod progress;
mod properties;
mod provenance;
mod records;
mod refusals;
mod rendering;
mod secrecy;
mod selections;
mod versions;

use proptest::prelude::*;

use crate::domain::desired::SyncSpec;
use crate::domain::desired::{Content, Reference, SecretEncoding, TemplateSpec, VersionPolicy, Wanted};
use crate::domain::failure::Reason;
use crate::domain::mode::FileMode;
use crate::domain::object::{Source, VersionSelector};
use crate::domain::path::RelativePath;
use crate::domain::payload::Publication;
use crate::domain::plan::Outcome;
use crate::domain::query::Query;
use crate::reconcile::fakes::{Bench, Report, Turn, latest, secret, spec, version_id};
use crate::render::template;

use super::*;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// `app.conf`, of the secrets `a` and `b`.
fn template() -> TemplateSpec {
    let template = template::text(r#"{{ secret("a") }} {{ secret("b") }}"#).expect("valid");
    let input = |name| {
        let object = latest(name).object;
        let reference = Reference {
            kind: object.kind,
            vault: None,
            name: object.name.clone(),
        };
        let version = VersionPolicy::Latest;
        (reference, Wanted { object, version })
    };
    TemplateSpec {
        path: RelativePath::parse("app.conf").expect("valid"),
        template: Arc::new(template),
        inputs: vec![input("a"), input("b")],
        mode: FileMode::from_bits(0o440),
        required: true,
        group: None,
        interval: std::time::Duration::from_mins(2),
    }
}

/// Why entries failed, in their order.
fn reasons(report: &Report) -> Vec<Reason> {
    report.failures().map(|(_, failure)| failure.reason).collect()
}

#[test]
fn a_pass_writes_what_the_vault_has_and_the_next_one_changes_nothing() {
    run(async {
        let bench = Bench::holding(&["db-password"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("db-password")]));
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(bench.volume.text("db-password").as_deref(), Some("one"));

        let again = reconciler.pass(Turn::All).await;
        assert_eq!((again.asked, again.publication), (1, Publication::default()));
    });
}

#[test]
fn a_rotated_secret_is_written_again() {
    run(async {
        let bench = Bench::holding(&["db-password"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("db-password")]));
        reconciler.pass(Turn::All).await;
        bench.vault.set("db-password", "two", 2);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.publication.written.len(), 1);
        assert_eq!(bench.volume.text("db-password").as_deref(), Some("two"));
    });
}

#[test]
fn one_bad_object_never_stops_the_others() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("good", "value", 1);
        bench.vault.set("broken", "this is not base64", 1);
        bench.vault.silence("silent");
        let mut broken = secret("broken");
        broken.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        let objects = vec![secret("missing"), secret("silent"), broken, secret("good")];
        let mut reconciler = bench.reconciler(spec(objects));
        let report = reconciler.pass(Turn::All).await;
        let reasons: Vec<_> = report.failures().map(|(_, failure)| failure.reason).collect();
        assert_eq!(
            reasons,
            [Reason::NotFound, Reason::TimedOut, Reason::Unrenderable]
        );
        assert_eq!(bench.volume.text("good").as_deref(), Some("value"));
        assert!(!report.required_are_served());
    });
}

#[test]
fn an_object_that_fails_later_keeps_its_file() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("b", "one", 1);
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), secret("b")]));
        reconciler.pass(Turn::All).await;
        bench.vault.refuse("a", Reason::Forbidden, None);
        bench.vault.set("b", "two", 2);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("b").as_deref(), Some("two"));
        assert!(!report.required_are_served() && report.required_are_present());
    });
}

#[test]
fn bytes_of_another_object_are_kept_with_their_own_mode_and_count_as_missing() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("old", "private", 1);
        let path = secret("file").files;
        let at = |name: &str, mode| {
            let mut object = secret(name);
            object.files = path.clone();
            object.files[0].mode = FileMode::from_bits(mode);
            object
        };
        bench
            .reconciler(spec(vec![at("old", 0o400)]))
            .pass(Turn::All)
            .await;
        let mut reconciler = bench.reconciler(spec(vec![at("new", 0o444)]));
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("file").as_deref(), Some("private"));
        let observed = bench.volume.observe().await.expect("readable");
        assert_eq!(observed.files[&path[0].path].mode.bits(), 0o400);
        assert!(
            !report.required_are_present(),
            "the file is not what was asked for"
        );

        bench.vault.set("new", "public", 1);
        reconciler.pass(Turn::All).await;
        let observed = bench.volume.observe().await.expect("readable");
        assert_eq!(observed.files[&path[0].path].mode.bits(), 0o444);
    });
}

#[test]
fn another_version_than_the_pinned_one_is_kept_and_counts_as_missing() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.reconciler(spec(vec![secret("a")])).pass(Turn::All).await;
        bench.vault.refuse("a", Reason::Unavailable, None);
        let mut pinned = secret("a");
        pinned.wanted.version = VersionPolicy::Exact(version_id(2));
        let report = bench.reconciler(spec(vec![pinned])).pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert!(!report.required_are_present());
    });
}

#[test]
fn an_object_that_left_the_manifest_disappears() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("b", "one", 1);
        bench
            .reconciler(spec(vec![secret("a"), secret("b")]))
            .pass(Turn::All)
            .await;
        let report = bench.reconciler(spec(vec![secret("a")])).pass(Turn::All).await;
        assert_eq!(report.publication.removed.len(), 1);
        assert_eq!(bench.volume.text("b"), None);
    });
}

#[test]
fn a_pinned_version_is_fetched_once_and_never_again() {
    run(async {
        let bench = Bench::holding(&["pinned"]);
        let mut object = secret("pinned");
        object.wanted.version = VersionPolicy::Exact(version_id(1));
        let mut reconciler = bench.reconciler(spec(vec![object]));
        reconciler.pass(Turn::All).await;
        bench.vault.take_calls();
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(bench.vault.take_calls(), []);
        assert!(report.required_are_served());
    });
}

#[test]
fn files_whose_records_are_lost_stay_while_an_object_waits_for_its_next_try() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), secret("b")]));
        reconciler.pass(Turn::All).await;
        bench.volume.lose_records();
        bench.vault.refuse("b", Reason::Forbidden, None);
        reconciler.pass(Turn::All).await;
        bench.vault.set("b", "one", 1);
        let report = reconciler.pass(Turn::Only("a")).await;
        assert!(report.volume_failure.is_some());
        assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
    });
}

#[test]
fn files_whose_records_are_lost_stay_until_everything_can_be_written_again() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("b", "one", 1);
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), secret("b")]));
        reconciler.pass(Turn::All).await;
        bench.volume.lose_records();
        bench.vault.refuse("a", Reason::Unreachable, None);
        bench.vault.set("b", "two", 2);
        let report = reconciler.pass(Turn::All).await;
        assert!(report.volume_failure.is_some());
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));

        bench.vault.set("a", "one", 1);
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served(), "{report:#?}");
        assert_eq!(bench.volume.text("b").as_deref(), Some("two"));
    });
}

#[test]
fn two_entries_of_one_secret_share_a_fetch() {
    run(async {
        let bench = Bench::holding(&["shared"]);
        let mut second = secret("copy");
        second.wanted.object = latest("shared").object;
        bench
            .reconciler(spec(vec![secret("shared"), second]))
            .pass(Turn::All)
            .await;
        assert_eq!(bench.vault.take_calls().len(), 1);
        assert_eq!(bench.volume.text("copy").as_deref(), Some("one"));
    });
}

#[test]
fn a_source_that_is_not_due_is_served_from_the_volume() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        bench.vault.take_calls();
        let report = reconciler.pass(Turn::Nothing).await;
        assert_eq!(bench.vault.take_calls(), []);
        assert!(report.required_are_served());
    });
}

#[test]
fn a_volume_that_cannot_be_written_is_told_and_nothing_is_lost() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        *bench.volume.broken.lock().expect("not poisoned") = true;
        let report = reconciler.pass(Turn::All).await;
        assert!(report.volume_failure.is_some() && !report.required_are_served());
        *bench.volume.broken.lock().expect("not poisoned") = false;
        assert!(reconciler.pass(Turn::All).await.required_are_served());
    });
}

/// What a vault may answer for a secret.
fn any_state() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![Just(None), (1_u32..4).prop_map(Some)]
}

proptest! {
    #[test]
    fn a_plan_applied_leaves_an_empty_plan(
        steps in prop::collection::vec((prop::collection::vec(any_state(), 4), 1_usize..5, 0_u32..2), 1..6),
    ) {
        run(async {
            let bench = Bench::new();
            for (states, count, mode) in steps {
                let names = ["a", "b", "c", "d"];
                for (name, state) in names.iter().zip(states) {
                    match state {
                        None => bench.vault.refuse(name, Reason::Unavailable, None),
                        Some(version) => bench.vault.set(name, &format!("{name}{version}"), version),
                    }
                }
                let mut objects: Vec<_> = names[..count].iter().map(|name| secret(name)).collect();
                objects[0].files[0].mode = FileMode::from_bits(0o440 - mode * 0o40);
                let mut reconciler = bench.reconciler(spec(objects));
                reconciler.pass(Turn::All).await;
                let again = reconciler.pass(Turn::All).await;
                assert_eq!(again.publication, Publication::default());
            }
        });
    }
}

#[test]
fn an_object_that_is_pinned_to_the_version_it_has_is_complete_without_a_fetch() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.reconciler(spec(vec![secret("a")])).pass(Turn::All).await;
        let mut pinned = secret("a");
        pinned.wanted.version = VersionPolicy::Exact(version_id(1));
        let source = Source {
            version: VersionSelector::Exact(version_id(1)),
            ..latest("a")
        };
        let mut reconciler = bench.reconciler(spec(vec![pinned]));
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.asked, 0);
        assert!(report.required_are_served());
        let observed = bench.volume.observe().await.expect("readable");
        let record = observed
            .files
            .values()
            .next()
            .and_then(|found| Some(found.record.object()?.0));
        assert_eq!(record, Some(&source), "the record says what is asked for now");
    });
}
