//! Bytes that the volume has of another vault than the one that the manifest means now.

use std::num::NonZeroU16;

use super::*;
use crate::domain::desired::{ObjectSpec, OnStart, SelectionSpec, SyncSpec};
use crate::domain::moment::Moment;
use crate::domain::object::{ObjectId, VaultHost, VaultId, VaultName};
use crate::domain::payload::{FileRecord, Input};
use crate::domain::plan::EntryPlan;
use crate::reconcile::fakes::select;

/// The vault that the manifest calls `app`, after an edit of its URL.
fn moved() -> VaultId {
    VaultId {
        host: VaultHost::parse("moved.vault.azure.net").expect("valid"),
        ..VaultId::named("app")
    }
}

/// The vault at the URL of `app`, after an edit of its name.
fn renamed() -> VaultId {
    VaultId {
        name: VaultName::parse("main").expect("valid"),
        ..VaultId::named("app")
    }
}

/// The same manifest, with all of its objects in this vault.
fn in_vault(vault: &VaultId, spec: SyncSpec) -> SyncSpec {
    let mut spec = spec;
    let objects = spec.objects.iter_mut().map(|object| &mut object.wanted);
    let inputs = spec
        .templates
        .iter_mut()
        .flat_map(|template| &mut template.inputs);
    for wanted in objects.chain(inputs.map(|(_, wanted)| wanted)) {
        wanted.object.vault = vault.clone();
    }
    for selection in &mut spec.selections {
        selection.vault = vault.clone();
    }
    spec
}

fn pinned(name: &str) -> ObjectSpec {
    let mut object = secret(name);
    object.wanted.version = VersionPolicy::Exact(version_id(1));
    object
}

fn history(name: &str) -> ObjectSpec {
    ObjectSpec {
        history: NonZeroU16::new(2),
        ..secret(name)
    }
}

fn selecting(selections: Vec<SelectionSpec>) -> SyncSpec {
    SyncSpec {
        selections,
        ..spec(Vec::new())
    }
}

/// Every sort of entry, of a vault that holds `a`, `b`, `app-a`, and two versions of `old`.
fn everything() -> SyncSpec {
    SyncSpec {
        selections: vec![select("app-")],
        templates: vec![template()],
        ..spec(vec![secret("a"), pinned("b"), history("old")])
    }
}

const PATHS: [&str; 6] = ["a", "b", "old/0", "old/1", "picked/a", "app.conf"];

fn full() -> Bench {
    let bench = Bench::holding(&["a", "b", "app-a", "old"]);
    bench.vault.set("old", "two", 2);
    bench
}

fn texts(bench: &Bench) -> [Option<String>; 6] {
    PATHS.map(|path| bench.volume.text(path))
}

async fn published(bench: &Bench, spec: SyncSpec) {
    let report = bench.reconciler(spec).pass(Turn::All).await;
    assert!(report.required_are_served());
    bench.vault.take_calls();
    bench.vault.take_lists();
}

/// Makes the records on the volume those of a program that knew no hosts.
fn forget_hosts(bench: &Bench) {
    bench.volume.edit_records(|record: &mut FileRecord| {
        for input in &mut record.inputs {
            if let Input::Object(source) = &mut input.input {
                source.object.vault.host = VaultHost::unknown();
            }
        }
    });
}

fn go_away(bench: &Bench) {
    bench.vault.refuse_lists(Some(Reason::Unreachable));
    for name in ["a", "b", "app-a", "old"] {
        bench.vault.refuse(name, Reason::Unreachable, None);
    }
}

fn is_complete(entry: &EntryPlan) -> bool {
    match &entry.outcome {
        Outcome::Served { .. } => true,
        Outcome::Pending { complete, .. } => *complete,
        Outcome::Failed { kept, .. } => *kept,
    }
}

/// What is published of one vault, while the manifest means another that does not answer.
async fn stays_and_is_not_complete(bench: &Bench, spec: fn() -> SyncSpec) {
    let before = texts(bench);
    go_away(bench);
    let mut reconciler = bench.reconciler(spec());
    let recalled = reconciler.pass.look(&reconciler.status).await.expect("readable");
    let recalled = recalled.entries.into_iter().map(|entry| entry.plan).collect();
    let report = reconciler.pass(Turn::All).await;
    assert!(!report.required_are_served() && !report.required_are_present());
    assert_eq!(report.publication, Publication::default());
    for entries in [recalled, report.entries] {
        for entry in entries {
            assert!(!is_complete(&entry), "{}", entry.id);
        }
    }
    assert_eq!(texts(bench), before);
}

#[test]
fn bytes_of_another_vault_stay_while_the_vault_is_away_and_are_not_what_was_asked_for() {
    run(async {
        let bench = full();
        published(&bench, everything()).await;
        stays_and_is_not_complete(&bench, || in_vault(&moved(), everything())).await;
    });
}

#[test]
fn bytes_that_an_older_program_recorded_without_a_host_are_last_known_good_at_most() {
    run(async {
        let bench = full();
        published(&bench, everything()).await;
        forget_hosts(&bench);
        stays_and_is_not_complete(&bench, everything).await;
    });
}

#[test]
fn what_has_no_host_yet_is_asked_for_once_and_not_written_again() {
    run(async {
        let bench = full();
        published(&bench, everything()).await;
        forget_hosts(&bench);
        let before = texts(&bench);
        let report = bench.reconciler(everything()).pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(report.publication, Publication::default());
        assert_eq!(texts(&bench), before);
        let calls = bench.vault.take_calls();
        let b = in_vault_source(pinned("b"));
        assert!(calls.contains(&b), "{calls:?}");

        let again = bench.reconciler(everything()).pass(Turn::All).await;
        assert!(again.required_are_served());
        assert!(!bench.vault.take_calls().contains(&b), "it is known now");
    });
}

fn in_vault_source(object: ObjectSpec) -> Source {
    Source {
        object: object.wanted.object,
        version: VersionSelector::Exact(version_id(1)),
    }
}

#[test]
fn a_pinned_version_is_asked_of_the_vault_that_the_manifest_means_now() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let objects = || spec(vec![pinned("a")]);
        published(&bench, objects()).await;

        // The other vault does not have the version.
        bench.vault.delete("a");
        bench.vault.set("a", "other", 2);
        let mut reconciler = bench.reconciler(in_vault(&moved(), objects()));
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(bench.vault.take_calls().len(), 1);
        assert_eq!(reasons(&report), [Reason::VersionNotFound]);
        assert!(!report.required_are_present());
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"), "last known good");

        // It may have one of the same name, and another value.
        bench.vault.set("a", "moved", 1);
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(bench.volume.text("a").as_deref(), Some("moved"));
        bench.vault.take_calls();
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.vault.take_calls(), [], "it is immutable");
    });
}

#[test]
fn two_vaults_that_swap_their_names_swap_their_bytes_and_mix_nothing() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let (app, other) = (VaultId::named("app"), VaultId::named("other"));
        let objects = |of_a: &VaultId, of_b: &VaultId| {
            let mut objects = [pinned("a"), pinned("b")];
            objects[0].wanted.object = ObjectId {
                vault: of_a.clone(),
                ..latest("same").object
            };
            objects[1].wanted.object = ObjectId {
                vault: of_b.clone(),
                ..latest("same").object
            };
            spec(objects.into())
        };
        bench.vault.set("same", "of app", 1);
        let only_a = {
            let mut spec = objects(&app, &other);
            spec.objects.truncate(1);
            spec
        };
        published(&bench, only_a).await;
        bench.vault.set("same", "of other", 1);
        published(&bench, objects(&app, &other)).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("of app"));
        assert_eq!(bench.volume.text("b").as_deref(), Some("of other"));

        let report = bench.reconciler(objects(&other, &app)).pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(bench.vault.take_calls(), [], "both are on the volume");
        assert_eq!(bench.volume.text("a").as_deref(), Some("of other"));
        assert_eq!(bench.volume.text("b").as_deref(), Some("of app"));
    });
}

#[test]
fn a_vault_that_gets_another_name_costs_nothing() {
    run(async {
        let bench = full();
        published(&bench, everything()).await;
        let before = texts(&bench);
        bench.volume.take_rendered();
        let mut reconciler = bench.reconciler(in_vault(&renamed(), everything()));
        let recalled = reconciler.pass.look(&reconciler.status).await.expect("readable");
        assert!(recalled.entries.iter().all(|entry| is_complete(&entry.plan)));
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.publication, Publication::default());
        assert_eq!(bench.volume.take_rendered(), Vec::<String>::new());
        assert_eq!(texts(&bench), before);

        let pinned = || in_vault(&renamed(), spec(vec![pinned("b")]));
        let report = bench.reconciler(pinned()).pass(Turn::All).await;
        assert_eq!(report.asked, 0);
        assert!(report.required_are_served());
    });
}

#[test]
fn two_names_of_one_vault_are_one_vault() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut twice = secret("a");
        twice.files[0].path = RelativePath::parse("twice").expect("valid");
        twice.wanted.object.vault = renamed();
        let report = bench
            .reconciler(spec(vec![secret("a"), twice]))
            .pass(Turn::All)
            .await;
        assert!(report.required_are_served());
        assert_eq!(bench.vault.take_calls().len(), 1);
        assert_eq!(bench.volume.text("twice").as_deref(), Some("one"));
    });
}

#[test]
fn a_selection_of_another_vault_lets_go_of_what_that_vault_does_not_have() {
    run(async {
        let bench = Bench::holding(&["app-a", "app-b"]);
        let picking = || selecting(vec![select("app-")]);
        published(&bench, picking()).await;
        bench.vault.delete("app-b");
        bench.vault.set("app-a", "moved", 7);
        let report = bench
            .reconciler(in_vault(&moved(), picking()))
            .pass(Turn::All)
            .await;
        assert!(report.required_are_served());
        assert_eq!(bench.volume.text("picked/a").as_deref(), Some("moved"));
        assert_eq!(bench.volume.text("picked/b"), None);
    });
}

#[test]
fn selections_of_two_vaults_with_one_rule_keep_what_is_theirs_when_the_urls_change() {
    run(async {
        let of = |name: &str, host: &str| SelectionSpec {
            vault: VaultId {
                name: VaultName::parse(name).expect("valid"),
                ..VaultId::named(host)
            },
            ..select("app-")
        };
        let bench = Bench::holding(&["app-a"]);
        published(&bench, selecting(vec![of("app", "app")])).await;
        bench.vault.hide("app-a", true);
        bench.vault.refuse("app-a", Reason::Unreachable, None);
        bench.vault.set("app-b", "two", 1);
        let both = selecting(vec![of("other", "other"), of("app", "app")]);
        bench.reconciler(both).pass(Turn::All).await;
        let texts = || ["picked/a", "picked/b"].map(|path| bench.volume.text(path));
        let before = [Some("one".to_owned()), Some("two".to_owned())];
        assert_eq!(texts(), before);

        bench.vault.refuse_lists(Some(Reason::Unreachable));
        bench.vault.refuse("app-b", Reason::Unreachable, None);
        for (hosts, present) in [(["app", "other"], true), (["new", "newer"], false)] {
            let [of_other, of_app] = hosts;
            let edited = selecting(vec![of("other", of_other), of("app", of_app)]);
            let report = bench.reconciler(edited).pass(Turn::All).await;
            assert_eq!(report.required_are_present(), present, "{hosts:?}");
            assert!(
                reasons(&report)
                    .iter()
                    .all(|reason| *reason == Reason::Unreachable)
            );
            assert_eq!(texts(), before, "{hosts:?}");
        }
    });
}

#[test]
fn neither_start_counts_files_of_another_vault() {
    run(async {
        let bench = full();
        published(&bench, everything()).await;
        go_away(&bench);
        for on_start in [OnStart::Fresh, OnStart::LastKnownGood] {
            let mut spec = in_vault(&moved(), everything());
            spec.refresh.on_start = on_start;
            let mut reconciler = bench.reconciler(spec);
            let recalled = reconciler.pass.look(&reconciler.status).await.expect("readable");
            for entry in &recalled.entries {
                let is_none = !is_complete(&entry.plan) && entry.version.is_none();
                assert!(is_none, "{}", entry.plan.id);
            }
            reconciler.status.recall(recalled, Moment::START, 0.5);
            assert!(!reconciler.status.is_ready());
        }
    });
}

#[test]
fn what_was_confirmed_by_one_rule_is_not_confirmed_by_another() {
    run(async {
        let latest = || spec(vec![secret("a")]);
        let old = || spec(vec![pinned("a")]);
        for (before, after, is_fresh) in [
            (latest(), latest(), true),
            (old(), old(), true),
            (old(), latest(), false),
            (latest(), old(), false),
        ] {
            let bench = Bench::holding(&["a"]);
            bench.vault.set("a", "two", 2);
            bench.reconciler(before).pass(Turn::All).await;
            let mut restarted = bench.reconciler(after);
            let recalled = restarted.pass.look(&restarted.status).await.expect("readable");
            let entry = &recalled.entries[0];
            assert_eq!(entry.confirmed.is_some(), is_fresh);
            assert!(entry.version.is_some(), "it is served all the same");
        }
    });
}

#[test]
fn a_url_and_a_path_that_are_edited_at_once_take_the_bytes_along_while_the_new_vault_is_away() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.reconciler(spec(vec![secret("a")])).pass(Turn::All).await;
        bench.vault.refuse("a", Reason::Unreachable, None);
        let mut edited = secret("a");
        edited.files[0].path = RelativePath::parse("new").expect("valid");
        let edited = in_vault(&moved(), spec(vec![edited]));
        let report = bench.reconciler(edited).pass(Turn::All).await;
        assert_eq!(bench.volume.text("new").as_deref(), Some("one"));
        assert!(!report.required_are_served(), "it is last known good at most");
    });
}
