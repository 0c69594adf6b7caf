//! What leaves a history leaves it when the rest moves.

use super::stage::{Files, Stage, entry, latest, pinned, rows};
use crate::entry::{Entry, Group};
use crate::status::test_passes::path;

/// A history of `k` in versions 3 and 2 became one of two, of versions 4 and 3; `k/2` leaves.
fn shorter() -> Stage {
    let slot = |number, at: &str| Entry {
        group: Some(Group::History(path("k"))),
        ..entry(pinned("k", number), at)
    };
    let newest = Entry {
        removals: vec![path("k/2")],
        ..slot(4, "k/0")
    };
    Stage::of([newest, slot(3, "k/1")])
        .published("k/0", pinned("k", 3), 3)
        .published("k/1", pinned("k", 2), 2)
        .published("k/2", pinned("k", 1), 1)
}

fn held(why: [&str; 3]) -> Files {
    let [newest, second, leaving] = why;
    rows([("k/0", newest), ("k/1", second), ("k/2", leaving)])
}

#[test]
fn it_gets_shorter_when_all_of_it_can_move() {
    let expected = held(["write: version", "keep k/0: moved", "remove: leaves the vault"]);
    assert_eq!(shorter().told(&pinned("k", 4), 4).files(), expected);
}

#[test]
fn it_does_not_get_shorter_while_a_version_fails() {
    let expected = held(["keep k/0: failed", "keep k/1: held back", "keep k/2: failed"]);
    assert_eq!(shorter().fails(&pinned("k", 4)).files(), expected);
}

#[test]
fn it_does_not_get_shorter_while_a_version_is_under_way() {
    let expected = held(["keep k/0: waits", "keep k/1: held back", "keep k/2: waits"]);
    assert_eq!(shorter().asked(&pinned("k", 4)).files(), expected);
}

#[test]
fn what_would_leave_goes_when_something_else_takes_its_place() {
    let mut stage = shorter().fails(&pinned("k", 4)).told(&latest("b"), 1);
    stage.entries.push(entry(latest("b"), "k/2"));
    let expected = held(["keep k/0: failed", "keep k/1: held back", "write: other source"]);
    assert_eq!(stage.files(), expected);
}
