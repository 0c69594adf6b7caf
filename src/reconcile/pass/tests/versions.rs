//! Version policies and histories.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use time::OffsetDateTime;

use super::*;
use crate::domain::desired::ObjectSpec;

fn with(name: &str, version: VersionPolicy) -> ObjectSpec {
    let mut object = secret(name);
    object.wanted.version = version;
    object
}

fn history(name: &str, count: u16) -> ObjectSpec {
    ObjectSpec {
        history: NonZeroU16::new(count),
        ..secret(name)
    }
}

fn created_before(second: i64) -> VersionPolicy {
    VersionPolicy::CreatedBefore(OffsetDateTime::from_unix_timestamp(second).expect("in range"))
}

/// The texts at `NAME/0`, `NAME/1` and so on.
fn slots(bench: &Bench, name: &str) -> Vec<String> {
    let slot = |number: u32| bench.volume.text(&format!("{name}/{number}"));
    (0..).map_while(slot).collect()
}

#[test]
fn latest_enabled_takes_an_older_version_while_the_current_one_is_disabled_and_lists_only_then() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("a", "two", 2);
        let mut reconciler = bench.reconciler(spec(vec![with("a", VersionPolicy::LatestEnabled)]));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
        assert_eq!(bench.vault.take_lists(), Vec::<String>::new());

        bench.vault.enable("a", 2, false);
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert_eq!(bench.vault.take_lists().len(), 1);

        bench.vault.enable("a", 1, false);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::Disabled]);
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"), "last known good");
    });
}

#[test]
fn latest_enabled_lists_no_more_when_the_current_version_is_enabled_again() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.set("a", "two", 2);
        bench.vault.enable("a", 2, false);
        let mut reconciler = bench.reconciler(spec(vec![with("a", VersionPolicy::LatestEnabled)]));
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));

        bench.vault.enable("a", 2, true);
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
        bench.vault.take_lists();
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.vault.take_lists(), [] as [String; 0]);
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    });
}

#[test]
fn a_disabled_current_version_keeps_the_published_one_and_says_so() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![secret("a")]));
        reconciler.pass(Turn::All).await;
        bench.vault.set("a", "two", 2);
        bench.vault.enable("a", 2, false);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::Disabled]);
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    });
}

#[test]
fn created_before_takes_the_newest_enabled_version_of_its_time_and_fetches_it_once() {
    run(async {
        let bench = Bench::with_versions("a", 4);
        bench.vault.enable("a", 3, false);
        let mut reconciler = bench.reconciler(spec(vec![with("a", created_before(4))]));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(bench.volume.text("a").as_deref(), Some("v2"));
        bench.vault.take_calls();
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.vault.take_calls(), [], "the version is immutable");

        let mut none = bench.reconciler(spec(vec![with("a", created_before(1))]));
        let report = none.pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::VersionNotFound]);
    });
}

#[test]
fn a_history_is_exactly_as_long_as_asked_and_a_rotation_fetches_the_new_version_only() {
    run(async {
        let bench = Bench::with_versions("a", 5);
        let mut reconciler = bench.reconciler(spec(vec![history("a", 3)]));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(slots(&bench, "a"), ["v5", "v4", "v3"]);

        bench.vault.take_calls();
        bench.vault.set("a", "v6", 6);
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["v6", "v5", "v4"]);
        assert_eq!(
            bench.vault.take_calls().len(),
            1,
            "the others are on the volume already"
        );

        bench.vault.enable("a", 5, false);
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["v6", "v4", "v3"], "no disabled version");
    });
}

#[test]
fn a_history_may_end_at_a_time() {
    run(async {
        let bench = Bench::with_versions("a", 5);
        let object = ObjectSpec {
            history: NonZeroU16::new(2),
            ..with("a", created_before(4))
        };
        bench.reconciler(spec(vec![object])).pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["v3", "v2"]);
    });
}

#[test]
fn a_history_is_as_long_as_there_are_versions() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "v1", 1);
        let mut reconciler = bench.reconciler(spec(vec![history("a", 3)]));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(slots(&bench, "a"), ["v1"]);
    });
}

#[test]
fn a_history_without_any_version_left_keeps_what_is_published_and_says_why() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let objects = || spec(vec![history("a", 3)]);
        bench.reconciler(objects()).pass(Turn::All).await;
        let reasons = async || {
            let report = bench.reconciler(objects()).pass(Turn::All).await;
            let reasons: BTreeSet<_> = report.failures().map(|(_, failure)| failure.reason).collect();
            assert_eq!(slots(&bench, "a"), ["v3", "v2", "v1"], "{reasons:?}");
            Vec::from_iter(reasons)
        };
        for version in 1..=3 {
            bench.vault.enable("a", version, false);
        }
        assert_eq!(reasons().await, [Reason::Disabled]);
        bench.vault.refuse("a", Reason::Forbidden, None);
        assert_eq!(reasons().await, [Reason::Forbidden]);
        bench.vault.delete("a");
        assert_eq!(reasons().await, [Reason::NotFound]);

        let too_old = ObjectSpec {
            history: NonZeroU16::new(3),
            ..with("a", created_before(1))
        };
        bench.vault.set("a", "v4", 4);
        bench.reconciler(spec(vec![too_old])).pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["v3", "v2", "v1"]);
    });
}

#[test]
fn a_history_gets_shorter_only_when_the_rest_of_it_moves() {
    run(async {
        let bench = Bench::new();
        for (version, value) in [(1, "b25l"), (2, "dHdv"), (3, "dGhyZWU=")] {
            bench.vault.set("a", value, version);
        }
        let mut object = history("a", 3);
        object.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        let mut reconciler = bench.reconciler(spec(vec![object]));
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["three", "two", "one"]);
        for version in 1..=3 {
            bench.vault.enable("a", version, false);
        }
        bench.vault.set("a", "not base64", 4);
        reconciler.pass(Turn::All).await;
        assert_eq!(
            slots(&bench, "a"),
            ["three", "two", "one"],
            "the new one is no good"
        );
        bench.vault.set("a", "Zm91cg==", 4);
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["four"]);
    });
}

#[test]
fn nothing_is_made_of_the_current_version_while_the_list_that_decides_is_missing() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench.vault.refuse_lists(Some(Reason::Forbidden));
        let mut old = with("a", created_before(4));
        old.files[0].path = RelativePath::parse("old").expect("valid");
        let mut versions = history("a", 2);
        versions.files[0].path = RelativePath::parse("versions").expect("valid");
        let mut reconciler = bench.reconciler(spec(vec![secret("a"), old, versions]));
        for timing in [Turn::Only("a"), Turn::All, Turn::Only("a")] {
            let report = reconciler.pass(timing).await;
            assert!(!report.required_are_served());
            assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
            let others = ["old", "versions/0"].map(|path| bench.volume.text(path));
            assert_eq!(others, [None, None]);
        }
    });
}

#[test]
fn a_lost_slot_of_a_history_that_cannot_be_listed_does_not_cost_the_others() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let objects = || spec(vec![history("a", 3)]);
        bench.reconciler(objects()).pass(Turn::All).await;
        bench.volume.lose("a/0");
        bench.vault.refuse_lists(Some(Reason::Throttled));
        bench.reconciler(objects()).pass(Turn::All).await;
        let left = ["a/0", "a/1", "a/2"].map(|path| bench.volume.text(path));
        assert_eq!(left, [None, Some("v2".to_owned()), Some("v1".to_owned())]);
    });
}

#[test]
fn what_a_history_has_first_stays_there_in_a_pass_that_does_not_ask_for_it() {
    run(async {
        let bench = Bench::new();
        bench.vault.set_at("a", "first", 1, 100);
        bench.vault.set_at("a", "second", 2, 100);
        let mut reconciler = bench.reconciler(spec(vec![history("a", 2)]));
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a"), ["second", "first"]);
        let report = reconciler.pass(Turn::Nothing).await;
        assert_eq!(report.publication, Publication::default());
    });
}

#[test]
fn two_versions_of_one_second_are_told_apart_and_the_current_one_comes_first() {
    run(async {
        let bench = Bench::new();
        bench.vault.set_at("a", "first", 9, 100);
        bench.vault.set_at("a", "second", 1, 100);
        bench.vault.set_at("a", "third", 5, 100);
        let mut reconciler = bench.reconciler(spec(vec![history("a", 2)]));
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a")[0], "third");
        bench.vault.set_at("a", "fourth", 7, 100);
        reconciler.pass(Turn::All).await;
        assert_eq!(slots(&bench, "a")[0], "fourth");
    });
}

#[test]
fn a_history_whose_list_or_version_cannot_be_had_stays_as_it_is() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let objects = || spec(vec![history("a", 2)]);
        bench.reconciler(objects()).pass(Turn::All).await;
        bench.vault.set("a", "v4", 4);
        bench.vault.refuse_lists(Some(Reason::Throttled));
        // A restart remembers no list: what is published tells.
        let mut restarted = bench.reconciler(objects());
        let report = restarted.pass(Turn::All).await;
        assert!(!report.required_are_served() && report.required_are_present());
        assert_eq!(slots(&bench, "a"), ["v3", "v2"]);

        bench.vault.refuse_lists(None);
        assert!(restarted.pass(Turn::All).await.required_are_served());
        assert_eq!(slots(&bench, "a"), ["v4", "v3"]);
    });
}

/// Its versions are immutable, and are never asked for again; that must not make the list due.
#[test]
fn a_history_is_listed_when_it_is_due_and_not_in_every_pass() {
    run(async {
        let bench = Bench::with_versions("a", 2);
        for _ in 0..2 {
            let mut reconciler = bench.reconciler(spec(vec![history("a", 2)]));
            reconciler.pass(Turn::All).await;
            assert_eq!(bench.vault.take_lists().len(), 1);
            reconciler.pass(Turn::Nothing).await;
            assert_eq!(bench.vault.take_lists(), Vec::<String>::new());
        }
    });
}

/// Its older version would move on to the next place, where it is not yet.
#[test]
fn a_history_does_not_grow_while_its_new_version_is_no_good() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "b25l", 1);
        let mut object = history("a", 3);
        object.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        let mut reconciler = bench.reconciler(spec(vec![object]));
        reconciler.pass(Turn::All).await;
        bench.vault.set("a", "not base64", 2);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(report.publication, Publication::default());
        assert_eq!(slots(&bench, "a"), ["one"]);
    });
}

fn at_path(mut object: ObjectSpec, path: &str) -> ObjectSpec {
    object.files[0].path = RelativePath::parse(path).expect("valid");
    object
}

#[test]
fn a_history_whose_path_is_edited_while_its_list_fails_moves_as_a_whole() {
    run(async {
        let bench = Bench::with_versions("a", 12);
        let mut reconciler = bench.reconciler(spec(vec![history("a", 11)]));
        reconciler.pass(Turn::All).await;
        let before = slots(&bench, "a");
        assert_eq!(before.len(), 11);

        bench.vault.refuse_lists(Some(Reason::Unavailable));
        let mut restarted = bench.reconciler(spec(vec![at_path(history("a", 11), "moved")]));
        let report = restarted.pass(Turn::All).await;
        assert_eq!(slots(&bench, "moved"), before);
        assert_eq!(slots(&bench, "a"), [] as [&str; 0]);
        assert!(report.required_are_present());
    });
}

#[test]
fn a_history_takes_nothing_over_that_another_entry_has() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let pinned = with("a", VersionPolicy::Exact(version_id(1)));
        bench.reconciler(spec(vec![pinned.clone()])).pass(Turn::All).await;
        bench.vault.refuse_lists(Some(Reason::Unavailable));
        let both = spec(vec![pinned, at_path(history("a", 2), "versions")]);
        bench.reconciler(both).pass(Turn::All).await;
        assert_eq!(slots(&bench, "versions"), [] as [&str; 0]);
        assert_eq!(bench.volume.text("a").as_deref(), Some("v1"));
    });
}
