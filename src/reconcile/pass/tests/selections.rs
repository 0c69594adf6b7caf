//! Secrets that a rule picks.

use std::collections::BTreeMap;

use super::*;
use crate::domain::desired::{PathTemplate, SelectionRule, SelectionSpec, SyncSpec};
use crate::domain::notice::Notice;
use crate::domain::object::GroupName;
use crate::reconcile::fakes::select;

fn selecting(selection: SelectionSpec) -> SyncSpec {
    SyncSpec {
        selections: vec![selection],
        ..spec(Vec::new())
    }
}

fn tagged() -> SelectionSpec {
    SelectionSpec {
        rule: SelectionRule {
            tags: BTreeMap::from([("env".to_owned(), "prod".to_owned())]),
            ..SelectionRule::default()
        },
        path: PathTemplate::parse("picked/{name}").expect("valid"),
        ..select("")
    }
}

fn picked(bench: &Bench, name: &str) -> Option<String> {
    bench.volume.text(&format!("picked/{name}"))
}

#[test]
fn what_fits_is_written_and_what_joins_later_is_too() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.set("other", "one", 1);
        let mut reconciler = bench.reconciler(selecting(select("app-")));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(picked(&bench, "a").as_deref(), Some("one"));
        assert_eq!(bench.vault.take_calls().len(), 1);

        bench.vault.set("app-b", "two", 1);
        reconciler.pass(Turn::All).await;
        assert_eq!(picked(&bench, "b").as_deref(), Some("two"));
    });
}

#[test]
fn a_rule_that_picks_nothing_is_a_warning_with_the_number_of_secrets_told_once() {
    run(async {
        let bench = Bench::holding(&["app-a", "app-b"]);
        // The case of the tag's value is not the vault's.
        bench.vault.tag("app-a", "env", "Prod");
        let mut reconciler = bench.reconciler(selecting(tagged()));
        let nothing = Notice::NothingSelected { looked_at: 2 };
        assert!(nothing.is_warning());
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(report.remarks, [nothing]);
        assert_eq!(reconciler.pass(Turn::All).await.remarks, [], "told once");

        bench.vault.tag("app-a", "env", "prod");
        assert_eq!(reconciler.pass(Turn::All).await.remarks, []);
        assert_eq!(picked(&bench, "app-a").as_deref(), Some("one"));
        let typo = bench.reconciler(selecting(select("ap-"))).pass(Turn::All).await;
        assert_eq!(typo.remarks, [Notice::NothingSelected { looked_at: 2 }]);
        let empty = Bench::new();
        let of_empty = empty.reconciler(selecting(select("app-"))).pass(Turn::All).await;
        assert_eq!(of_empty.remarks, [Notice::NothingSelected { looked_at: 0 }]);
    });
}

#[test]
fn a_secret_leaves_when_the_vault_says_that_it_is_gone() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.set("app-b", "two", 1);
        let mut reconciler = bench.reconciler(selecting(select("app-")));
        reconciler.pass(Turn::All).await;
        bench.vault.delete("app-b");
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!(report.publication.removed.len(), 1);
        assert_eq!((picked(&bench, "a").is_some(), picked(&bench, "b")), (true, None));
    });
}

#[test]
fn a_list_that_comes_back_short_or_fails_removes_nothing() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.set("app-b", "two", 1);
        let mut reconciler = bench.reconciler(selecting(select("app-")));
        reconciler.pass(Turn::All).await;

        bench.vault.hide("app-a", true);
        bench.vault.hide("app-b", true);
        bench.vault.set("app-b", "new", 2);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.publication.removed, []);
        assert_eq!(picked(&bench, "a").as_deref(), Some("one"));
        assert_eq!(
            picked(&bench, "b").as_deref(),
            Some("new"),
            "it is followed all the same"
        );

        for reason in [Reason::Forbidden, Reason::Throttled, Reason::Unavailable] {
            bench.vault.refuse_lists(Some(reason));
            let mut restarted = bench.reconciler(selecting(select("app-")));
            let report = restarted.pass(Turn::All).await;
            assert_eq!(report.publication.removed, [], "{reason}");
            assert_eq!(
                reasons(&report),
                [reason],
                "the list is told, and nothing else failed"
            );
            assert!(report.required_are_present());
        }
    });
}

#[test]
fn a_secret_that_cannot_be_asked_for_stays_when_a_list_does_not_have_it() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        let mut reconciler = bench.reconciler(selecting(select("app-")));
        reconciler.pass(Turn::All).await;
        bench.vault.hide("app-a", true);
        bench.vault.refuse("app-a", Reason::Forbidden, None);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.publication.removed, []);
        assert_eq!(picked(&bench, "a").as_deref(), Some("one"));
    });
}

#[test]
fn a_tag_that_changes_takes_the_secret_out_of_the_selection() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("b", "one", 1);
        bench.vault.set("c", "one", 1);
        bench.vault.tag("a", "env", "prod");
        bench.vault.tag("c", "env", "prod");
        let mut reconciler = bench.reconciler(selecting(tagged()));
        reconciler.pass(Turn::All).await;
        let there = || ["a", "b", "c"].map(|name| picked(&bench, name).is_some());
        assert_eq!(there(), [true, false, true]);
        bench.vault.tag("a", "env", "test");
        reconciler.pass(Turn::All).await;
        assert_eq!(there(), [false, false, true]);
    });
}

#[test]
fn more_secrets_than_the_limit_are_an_error_and_what_is_there_stays() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        let narrow = || {
            selecting(SelectionSpec {
                limit: 2,
                ..select("app-")
            })
        };
        let mut reconciler = bench.reconciler(narrow());
        reconciler.pass(Turn::All).await;
        bench.vault.set("app-b", "one", 1);
        bench.vault.set("app-c", "one", 1);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::TooManySelected]);
        assert_eq!((picked(&bench, "a").is_some(), picked(&bench, "b")), (true, None));
    });
}

#[test]
fn a_path_that_another_entry_has_is_refused_and_the_others_are_written() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("named", "named", 1);
        bench.vault.set("app-a", "one", 1);
        bench.vault.set("app-b", "two", 1);
        let mut named = secret("named");
        named.files[0].path = crate::domain::path::RelativePath::parse("picked/a").expect("valid");
        let mut manifest = selecting(select("app-"));
        manifest.objects.push(named);
        let report = bench.reconciler(manifest).pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::PathTaken]);
        assert_eq!(picked(&bench, "a").as_deref(), Some("named"));
        assert_eq!(picked(&bench, "b").as_deref(), Some("two"));
    });
}

#[test]
fn a_disabled_secret_is_not_picked_and_one_that_is_disabled_later_keeps_its_file() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.set("app-b", "one", 1);
        bench.vault.enable("app-b", 1, false);
        let mut reconciler = bench.reconciler(selecting(select("app-")));
        let report = reconciler.pass(Turn::All).await;
        assert!(report.required_are_served());
        assert_eq!((picked(&bench, "a").is_some(), picked(&bench, "b")), (true, None));

        bench.vault.enable("app-a", 1, false);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::Disabled]);
        assert_eq!(picked(&bench, "a").as_deref(), Some("one"));
    });
}

#[test]
fn a_selection_moves_together_when_it_has_a_group() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.set("app-b", "one", 1);
        let grouped = SelectionSpec {
            group: GroupName::parse("both").ok(),
            ..select("app-")
        };
        let mut reconciler = bench.reconciler(selecting(grouped));
        reconciler.pass(Turn::All).await;
        bench.vault.set("app-a", "two", 2);
        bench.vault.refuse("app-b", Reason::Unavailable, None);
        reconciler.pass(Turn::All).await;
        assert_eq!(picked(&bench, "a").as_deref(), Some("one"));
    });
}

fn moved() -> SelectionSpec {
    SelectionSpec {
        path: PathTemplate::parse("moved/{suffix}").expect("valid"),
        ..select("app-")
    }
}

/// Whether the file of a published selection is at its new place when its template is edited just as this happens.
async fn moves_when(happens: impl FnOnce(&Bench)) -> bool {
    let bench = Bench::holding(&["app-a"]);
    bench.reconciler(selecting(select("app-"))).pass(Turn::All).await;
    happens(&bench);
    bench.reconciler(selecting(moved())).pass(Turn::All).await;
    bench.volume.text("moved/a").as_deref() == Some("one") && picked(&bench, "a").is_none()
}

#[test]
fn a_path_template_that_is_edited_while_the_list_fails_leaves_the_old_place_when_the_list_comes() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.reconciler(selecting(select("app-"))).pass(Turn::All).await;
        bench.vault.refuse_lists(Some(Reason::Forbidden));
        let mut reconciler = bench.reconciler(selecting(moved()));
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("moved/a").as_deref(), Some("one"));
        assert_eq!(
            picked(&bench, "a").as_deref(),
            Some("one"),
            "the manifest may ask for more"
        );
        bench.vault.refuse_lists(None);
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("moved/a").as_deref(), Some("one"));
        assert_eq!(picked(&bench, "a"), None);
    });
}

#[test]
fn a_path_template_that_is_edited_moves_what_the_list_has_too_much_or_too_little_of() {
    run(async {
        let comes_short = moves_when(|bench| bench.vault.hide("app-a", true));
        assert!(comes_short.await, "the list comes back short");
        let picks_too_many = moves_when(|bench| {
            for number in 0..10 {
                bench.vault.set(&format!("app-{number}"), "new", 1);
            }
        });
        assert!(picks_too_many.await, "the rule picks too many");
    });
}

#[test]
fn what_left_the_manifest_is_no_secret_of_a_selection_whose_list_refuses_it() {
    run(async {
        let bench = Bench::holding(&["app-a"]);
        bench.vault.tag("app-a", "env", "test");
        bench
            .reconciler(spec(vec![secret("app-a")]))
            .pass(Turn::All)
            .await;
        bench.vault.refuse("app-a", Reason::Unavailable, None);
        bench.reconciler(selecting(tagged())).pass(Turn::All).await;
        assert_eq!(
            (bench.volume.text("app-a"), picked(&bench, "app-a")),
            (None, None)
        );
    });
}
