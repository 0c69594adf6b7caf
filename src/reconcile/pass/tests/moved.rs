//! Bytes that are needed at another path than the one they are at.

use std::num::NonZeroU16;

use time::OffsetDateTime;

use super::*;
use crate::domain::desired::ObjectSpec;
use crate::domain::path::RelativePath;

fn at(path: &str, object: ObjectSpec) -> ObjectSpec {
    let mut object = object;
    object.files[0].path = RelativePath::parse(path).expect("valid");
    object
}

#[test]
fn an_entry_whose_path_is_edited_keeps_its_bytes_while_its_object_cannot_be_fetched() {
    run(async {
        let bench = Bench::holding(&["a"]);
        bench
            .reconciler(spec(vec![at("old", secret("a"))]))
            .pass(Turn::All)
            .await;
        bench.vault.refuse("a", Reason::Unreachable, None);
        let report = bench
            .reconciler(spec(vec![at("new", secret("a"))]))
            .pass(Turn::All)
            .await;
        assert_eq!(bench.volume.text("new").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("old"), None);
        assert!(report.required_are_present());
    });
}

#[test]
fn a_pinned_version_that_gets_another_path_is_not_fetched_again() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let pinned = |path| {
            let mut object = at(path, secret("a"));
            object.wanted.version = VersionPolicy::Exact(version_id(1));
            spec(vec![object])
        };
        bench.reconciler(pinned("old")).pass(Turn::All).await;
        bench.vault.take_calls();
        let report = bench.reconciler(pinned("new")).pass(Turn::All).await;
        assert_eq!(bench.vault.take_calls(), []);
        assert!(report.required_are_served());
        assert_eq!(bench.volume.text("new").as_deref(), Some("one"));
    });
}

#[test]
fn bytes_of_another_form_are_not_taken_for_an_edited_path() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "b25l", 1);
        bench
            .reconciler(spec(vec![at("old", secret("a"))]))
            .pass(Turn::All)
            .await;
        bench.vault.refuse("a", Reason::Unreachable, None);
        let mut decoded = at("new", secret("a"));
        decoded.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        bench.reconciler(spec(vec![decoded])).pass(Turn::All).await;
        assert_eq!(bench.volume.text("new"), None);
    });
}

/// All of them were fetched in one second, as they are at the first start.
#[test]
fn a_history_that_gets_another_path_has_its_newest_version_there_while_it_cannot_be_listed() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let history = |path| ObjectSpec {
            history: NonZeroU16::new(3),
            ..at(path, secret("a"))
        };
        bench.reconciler(spec(vec![history("old")])).pass(Turn::All).await;
        bench.vault.refuse_lists(Some(Reason::Unreachable));
        bench.reconciler(spec(vec![history("new")])).pass(Turn::All).await;
        assert_eq!(bench.volume.text("new/0").as_deref(), Some("v3"));
    });
}

#[test]
fn an_object_whose_path_and_version_are_edited_at_once_keeps_what_it_had_while_the_new_version_fails() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let edited = |path: &str, version| {
            let mut object = at(path, secret("a"));
            object.wanted.version = VersionPolicy::Exact(version_id(version));
            object
        };
        bench.reconciler(spec(vec![edited("a", 1)])).pass(Turn::All).await;
        let report = bench.reconciler(spec(vec![edited("b", 2)])).pass(Turn::All).await;
        assert_eq!(reasons(&report), [Reason::VersionNotFound]);
        assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
        assert!(
            !report.required_are_present(),
            "it is not the version that is pinned"
        );

        let both = spec(vec![edited("b", 2), edited("c", 3)]);
        let another = Bench::holding(&["a"]);
        another
            .reconciler(spec(vec![edited("a", 1)]))
            .pass(Turn::All)
            .await;
        another.reconciler(both).pass(Turn::All).await;
        let texts = ["b", "c"].map(|path| another.volume.text(path));
        assert_eq!(texts, [None, None], "it may have been either's");
    });
}

/// Entries of one secret of two versions: `latest` at one path, and the older version pinned at another.
fn both(latest: &str, older: &str) -> SyncSpec {
    let mut pinned = at(older, secret("a"));
    pinned.wanted.version = VersionPolicy::Exact(version_id(1));
    spec(vec![at(latest, secret("a")), pinned])
}

#[test]
fn paths_that_are_exchanged_or_edited_take_their_own_versions_along_while_the_vault_is_away() {
    run(async {
        for (latest, older) in [("y", "x"), ("new/x", "new/y"), ("a", "z")] {
            let bench = Bench::with_versions("a", 2);
            bench.reconciler(both("x", "y")).pass(Turn::All).await;
            bench.vault.refuse("a", Reason::Unreachable, None);
            bench.reconciler(both(latest, older)).pass(Turn::All).await;
            let texts = [latest, older].map(|path| bench.volume.text(path));
            assert_eq!(
                texts,
                ["v2", "v1"].map(|text| Some(text.to_owned())),
                "{latest} {older}"
            );
        }
    });
}

#[test]
fn the_newest_slot_of_a_history_stays_when_one_file_takes_its_place() {
    run(async {
        let bench = Bench::with_versions("a", 3);
        let history = ObjectSpec {
            history: NonZeroU16::new(2),
            ..at("x", secret("a"))
        };
        bench.reconciler(spec(vec![history])).pass(Turn::All).await;
        bench.vault.refuse("a", Reason::Unreachable, None);
        bench
            .reconciler(spec(vec![at("y", secret("a"))]))
            .pass(Turn::All)
            .await;
        assert_eq!(bench.volume.text("y").as_deref(), Some("v3"));
    });
}

/// The place may be another history's that left the manifest, or one that changes places with it.
#[test]
fn a_history_takes_all_its_versions_to_a_place_where_another_one_was_while_no_list_comes() {
    run(async {
        let histories = |places: [Option<&str>; 2]| {
            let named = ["a", "b"].into_iter().zip(places);
            let placed = named.filter_map(|(name, place)| Some(at(place?, secret(name))));
            let history = placed.map(|object| ObjectSpec {
                history: NonZeroU16::new(2),
                ..object
            });
            spec(history.collect())
        };
        for edited in [[Some("y"), None], [Some("y"), Some("x")]] {
            let bench = Bench::with_versions("a", 2);
            bench.vault.set("b", "other", 1);
            bench
                .reconciler(histories([Some("x"), Some("y")]))
                .pass(Turn::All)
                .await;
            assert_eq!(bench.volume.text("y/0").as_deref(), Some("other"));
            bench.vault.refuse_lists(Some(Reason::Forbidden));
            bench.reconciler(histories(edited)).pass(Turn::All).await;
            let texts = ["y/0", "y/1"].map(|path| bench.volume.text(path));
            assert_eq!(
                texts,
                ["v2", "v1"].map(|text| Some(text.to_owned())),
                "{edited:?}"
            );
            if edited[1].is_some() {
                assert_eq!(bench.volume.text("x/0").as_deref(), Some("other"));
            }
        }
    });
}

#[test]
fn a_history_takes_its_own_versions_along_and_not_that_of_another_entry_which_left() {
    run(async {
        let bench = Bench::with_versions("a", 2);
        let history = |path| {
            let mut object = at(path, secret("a"));
            let time = OffsetDateTime::from_unix_timestamp(2).expect("in range");
            object.wanted.version = VersionPolicy::CreatedBefore(time);
            object.history = NonZeroU16::new(1);
            object
        };
        bench
            .reconciler(spec(vec![history("x"), at("y", secret("a"))]))
            .pass(Turn::All)
            .await;
        assert_eq!(bench.volume.text("x/0").as_deref(), Some("v1"));
        assert_eq!(bench.volume.text("y").as_deref(), Some("v2"));
        bench.vault.refuse_lists(Some(Reason::Forbidden));
        bench.reconciler(spec(vec![history("z")])).pass(Turn::All).await;
        assert_eq!(bench.volume.text("z/0").as_deref(), Some("v1"));
    });
}
