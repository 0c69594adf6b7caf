//! What a group says of why it stays.

use super::stage::{Stage, grouped, latest};
use crate::failure::Reason;
use crate::plan::{HeldBack, Outcome, Why};
use crate::query::Query;
use crate::status::test_passes::path;

#[test]
fn what_is_held_back_names_the_member_that_cannot_move_and_what_may_mend_it() {
    let (a, b) = (latest("a"), latest("b"));
    let stage = Stage::of([grouped(a.clone(), "a"), grouped(b.clone(), "b")]);
    let stage = stage.published("a", a.clone(), 1).told(&a, 2).fails(&b);
    let plan = stage.plan();
    let held_back = HeldBack {
        group: "`together: pair`".to_owned(),
        member: stage.entries[1].id.clone(),
    };
    assert_eq!(plan.files[&path("a")].why, Why::HeldBack(held_back.clone()));
    assert_eq!(plan.entries[0].held_back, Some(held_back));
    let Outcome::Failed {
        failure, kept, retry, ..
    } = &plan.entries[0].outcome
    else {
        panic!("it fails with the member: {:?}", plan.entries[0]);
    };
    assert_eq!((failure.reason, *kept), (Reason::Forbidden, true));
    assert_eq!(*retry, [Query::Object(b)], "its own question has an answer");
}
