//! What moves together or not at all.

use super::*;
use crate::domain::desired::ObjectSpec;
use crate::domain::object::{GroupName, VaultId};

fn grouped(name: &str) -> ObjectSpec {
    ObjectSpec {
        group: GroupName::parse("pair").ok(),
        ..secret(name)
    }
}

fn at_vault(vault: &str, object: ObjectSpec) -> ObjectSpec {
    let mut object = object;
    object.wanted.object.vault = VaultId::named(vault);
    object
}

#[test]
fn a_member_that_fails_holds_the_others_back_and_the_rest_moves() {
    run(async {
        let bench = Bench::holding(&["a", "b", "alone"]);
        let objects = vec![grouped("a"), at_vault("other", grouped("b")), secret("alone")];
        let mut reconciler = bench.reconciler(spec(objects));
        assert!(reconciler.pass(Turn::All).await.required_are_served());

        bench.vault.set("a", "two", 2);
        bench.vault.set("alone", "two", 2);
        bench.vault.refuse("b", Reason::Unavailable, None);
        let report = reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("alone").as_deref(), Some("two"));
        assert!(report.required_are_present() && !report.required_are_served());
        let told: Vec<_> = report
            .failures()
            .map(|(_, failure)| failure.detail.as_str())
            .collect();
        assert!(told[0].contains("held back with `together: pair`"), "{told:?}");

        bench.vault.set("b", "two", 2);
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
        assert_eq!(bench.volume.text("b").as_deref(), Some("two"));
    });
}

#[test]
fn nothing_of_a_group_appears_until_all_of_it_can() {
    run(async {
        let bench = Bench::holding(&["a"]);
        let mut reconciler = bench.reconciler(spec(vec![grouped("a"), grouped("b")]));
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a"), None);
        bench.vault.set("b", "one", 1);
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    });
}

#[test]
fn a_member_that_cannot_be_rendered_holds_the_others_back_too() {
    run(async {
        let bench = Bench::new();
        bench.vault.set("a", "b25l", 1);
        bench.vault.set("b", "one", 1);
        let mut decoded = grouped("a");
        decoded.files[0].content = Content::Secret(SecretEncoding::Base64.into());
        let mut reconciler = bench.reconciler(spec(vec![decoded, grouped("b")]));
        reconciler.pass(Turn::All).await;
        bench.vault.set("a", "no-base64", 2);
        bench.vault.set("b", "two", 2);
        reconciler.pass(Turn::All).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
    });
}

/// One member failed lately and is not due; the other one is.
#[test]
fn a_member_that_is_not_due_after_a_failure_holds_the_others_back() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let mut reconciler = bench.reconciler(spec(vec![grouped("a"), grouped("b")]));
        assert!(reconciler.pass(Turn::All).await.required_are_served());
        for name in ["a", "b"] {
            bench.vault.set(name, "two", 2);
        }
        bench.vault.refuse("b", Reason::Forbidden, None);
        reconciler.pass(Turn::All).await;
        bench.vault.set("b", "two", 2);
        let report = reconciler.pass(Turn::Only("a")).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        for entry in &report.entries {
            assert!(
                matches!(&entry.outcome, Outcome::Failed { retry, .. } if *retry == [Query::Object(latest("b"))]),
                "{entry:?}"
            );
        }

        reconciler.pass(Turn::All).await;
        let both = ["a", "b"].map(|name| bench.volume.text(name));
        assert_eq!(both, ["two", "two"].map(|text| Some(text.to_owned())));
    });
}

/// The list of a history decides what it is made of, as a fetch does for others.
#[test]
fn the_lists_of_members_are_asked_for_together_too() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let history = ObjectSpec {
            history: std::num::NonZeroU16::new(2),
            ..grouped("b")
        };
        let mut reconciler = bench.reconciler(spec(vec![grouped("a"), history]));
        reconciler.pass(Turn::All).await;
        for name in ["a", "b"] {
            bench.vault.set(name, "two", 2);
        }
        reconciler.pass(Turn::Only("a")).await;
        let both = ["a", "b/0"].map(|path| bench.volume.text(path));
        assert_eq!(both, ["two", "two"].map(|text| Some(text.to_owned())));
    });
}

/// Asked for the sake of a template that does not belong to the group.
#[test]
fn a_member_that_was_asked_for_something_else_brings_the_others_along_too() {
    run(async {
        let bench = Bench::holding(&["a", "b", "c"]);
        let mut spec = spec(vec![grouped("b"), grouped("c")]);
        spec.templates.push(template());
        let mut reconciler = bench.reconciler(spec);
        reconciler.pass(Turn::All).await;
        for name in ["a", "b", "c"] {
            bench.vault.set(name, "two", 2);
        }
        let report = reconciler.pass(Turn::Only("a")).await;
        assert_eq!(report.failures().count(), 0);
        let all = ["app.conf", "b", "c"].map(|path| bench.volume.text(path));
        assert_eq!(all, ["two two", "two", "two"].map(|text| Some(text.to_owned())));
    });
}

/// The member whose next try is due brings the others along, or they could move apart.
#[test]
fn members_are_asked_for_together() {
    run(async {
        let bench = Bench::holding(&["a", "b", "alone"]);
        let objects = vec![grouped("a"), grouped("b"), secret("alone")];
        let mut reconciler = bench.reconciler(spec(objects));
        reconciler.pass(Turn::All).await;
        bench.vault.take_calls();
        reconciler.pass(Turn::Only("a")).await;
        let mut calls = bench.vault.take_calls();
        calls.sort();
        assert_eq!(calls, [latest("a"), latest("b")]);
    });
}

/// Nobody asks for it again: it is immutable, and published.
#[test]
fn a_pinned_member_does_not_make_the_others_due_in_every_pass() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let mut pinned = grouped("b");
        pinned.wanted.version = VersionPolicy::Exact(version_id(1));
        for _ in 0..2 {
            let mut reconciler = bench.reconciler(spec(vec![grouped("a"), pinned.clone()]));
            reconciler.pass(Turn::All).await;
            bench.vault.take_calls();
            reconciler.pass(Turn::Nothing).await;
            assert_eq!(bench.vault.take_calls(), []);
        }
    });
}

/// Another entry has the same object, does not belong to the group, and is a version ahead.
#[test]
fn a_member_that_is_held_back_takes_nothing_from_an_entry_that_moves_alone() {
    run(async {
        let bench = Bench::holding(&["a", "b"]);
        let mut alone = secret("a");
        alone.files[0].path = RelativePath::parse("alone").expect("valid");
        let objects = |path| {
            let mut member = grouped("a");
            member.files[0].path = RelativePath::parse(path).expect("valid");
            spec(vec![member, grouped("b"), alone.clone()])
        };
        bench.reconciler(objects("old")).pass(Turn::All).await;
        bench.vault.set("a", "two", 2);
        bench.vault.refuse("b", Reason::Forbidden, None);
        bench.reconciler(objects("old")).pass(Turn::All).await;
        bench.reconciler(objects("new")).pass(Turn::All).await;
        let texts = ["new", "b", "alone"].map(|path| bench.volume.text(path));
        assert_eq!(texts, ["one", "one", "two"].map(|text| Some(text.to_owned())));
    });
}
