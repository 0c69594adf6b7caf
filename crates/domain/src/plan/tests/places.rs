//! Places that are not free.

use super::stage::{Stage, entry, grouped, latest, rows};
use crate::failure::{Failure, Reason};
use crate::plan::Outcome;

fn failures(stage: &Stage) -> Vec<Option<Failure>> {
    let outcomes = stage.plan().entries.into_iter().map(|entry| entry.outcome);
    let failure = |outcome| match outcome {
        Outcome::Failed { failure, .. } => Some(failure),
        Outcome::Served { .. } | Outcome::Pending { .. } => None,
    };
    outcomes.map(failure).collect()
}

/// `a` cannot leave the place that `b` wants; `c` wants the place that `b` would have left.
#[test]
fn what_wants_the_place_of_a_file_that_stays_stays_too_and_so_on() {
    let (a, b, c) = (latest("a"), latest("b"), latest("c"));
    let stage = Stage::of([
        entry(a.clone(), "taken/a"),
        entry(b.clone(), "one"),
        entry(c.clone(), "two"),
        entry(latest("free"), "free"),
    ]);
    let stage = stage
        .published("one", a.clone(), 1)
        .published("two", b.clone(), 1)
        .published("three", c.clone(), 1)
        .refused("taken");
    let stage = stage.told(&a, 2).told(&b, 2).told(&c, 2).told(&latest("free"), 1);
    let expected = rows([
        ("one", "keep one: failed"),
        ("two", "keep two: failed"),
        ("three", "keep three: failed"),
        ("free", "write: missing"),
    ]);
    assert_eq!(stage.files(), expected);
    let reasons = failures(&stage)
        .into_iter()
        .map(|failure| failure.map(|failure| failure.reason));
    let taken = Some(Reason::NameTaken);
    assert_eq!(reasons.collect::<Vec<_>>(), [taken, taken, taken, None]);
}

#[test]
fn what_is_displaced_names_the_file_in_its_way() {
    let (a, b) = (latest("a"), latest("b"));
    let stage = Stage::of([entry(a.clone(), "taken/a"), entry(b.clone(), "one/b")]);
    let stage = stage.published("one", a, 1).refused("taken").told(&b, 1);
    let failure = failures(&stage).remove(1).expect("it has no place");
    assert!(failure.detail.contains("at `one`"), "{failure:?}");
}

/// The member has no file that is in the way of anything.
#[test]
fn what_moves_together_with_what_is_displaced_stays_where_it_is() {
    let (a, b, c) = (latest("a"), latest("b"), latest("c"));
    let entries = [
        entry(a.clone(), "taken/a"),
        grouped(b.clone(), "one"),
        grouped(c.clone(), "new"),
    ];
    let stage = Stage::of(entries)
        .published("one", a, 1)
        .published("was", c.clone(), 1)
        .refused("taken")
        .told(&b, 1)
        .told(&c, 1);
    let expected = rows([("one", "keep one: failed"), ("was", "keep was: failed")]);
    assert_eq!(stage.files(), expected);
}
