//! Entries of one object, and objects that are like each other.

use super::stage::{Stage, entry, latest, pinned, rows};
use crate::object::{Source, VaultId};
use crate::plan::Outcome;

/// `first` is published, `second` is new.
fn two_of_one_object() -> Stage {
    let a = latest("a");
    Stage::of([entry(a.clone(), "first"), entry(a.clone(), "second")]).published("first", a, 1)
}

#[test]
fn a_second_entry_of_an_object_takes_the_bytes_of_the_first_when_they_are_current() {
    let expected = rows([
        ("first", "keep first: unchanged"),
        ("second", "keep first: moved"),
    ]);
    assert_eq!(two_of_one_object().told(&latest("a"), 1).files(), expected);
}

#[test]
fn both_entries_of_an_object_get_its_new_version() {
    let expected = rows([("first", "write: version"), ("second", "write: missing")]);
    assert_eq!(two_of_one_object().told(&latest("a"), 2).files(), expected);
}

/// The first one may be ahead of what the second moves together with.
#[test]
fn a_second_entry_of_an_object_that_fails_takes_nothing_from_the_first() {
    let expected = rows([("first", "keep first: failed")]);
    assert_eq!(two_of_one_object().fails(&latest("a")).files(), expected);
}

fn of_vault(vault: &str, source: Source) -> Source {
    let mut source = source;
    source.object.vault = VaultId::named(vault);
    source
}

/// Its name and version are the same; it is another object.
#[test]
fn a_pinned_version_of_another_vault_is_not_taken_for_the_one_asked_for() {
    let wanted = of_vault("other", pinned("a", 1));
    let stage = Stage::of([entry(wanted.clone(), "a")]).published("a", pinned("a", 1), 1);
    assert_eq!(stage.files(), rows([("a", "keep a: not asked")]));
    let plan = stage.plan();
    assert!(
        matches!(plan.entries[0].outcome, Outcome::Pending { complete: false, .. }),
        "{:?}",
        plan.entries[0]
    );
    assert_eq!(
        stage.told(&wanted, 1).files(),
        rows([("a", "write: other source")])
    );
}

#[test]
fn a_pinned_version_that_is_published_needs_no_answer_at_any_path() {
    let stage = Stage::of([entry(pinned("a", 1), "new")]).published("was", pinned("a", 1), 1);
    let expected = rows([("new", "keep was: moved"), ("was", "remove: leaves the manifest")]);
    assert_eq!(stage.files(), expected);
}
