//! Files are published whose records are lost: nothing is published until every file can be written again.

use super::stage::{Stage, entry, grouped, latest};
use crate::failure::Reason;
use crate::plan::Blocked;

fn lost(grouped_too: bool) -> Stage {
    let of = if grouped_too { grouped } else { entry };
    let mut stage = Stage::of([of(latest("a"), "a"), of(latest("b"), "b")]);
    stage.observed.records_lost = true;
    stage.told(&latest("a"), 1)
}

/// Whether it only waits, and the reason why not.
fn blocked(stage: &Stage) -> Option<(bool, Option<Reason>)> {
    let Blocked { by, waits } = stage.plan().blocked?;
    Some((waits, by.map(|failure| failure.reason)))
}

#[test]
fn nothing_is_blocked_when_every_file_can_be_written_again() {
    for grouped_too in [false, true] {
        assert_eq!(blocked(&lost(grouped_too).told(&latest("b"), 1)), None);
    }
}

#[test]
fn everything_is_blocked_by_what_fails_waits_or_was_not_asked() {
    let b = latest("b");
    for grouped_too in [false, true] {
        let stage = || lost(grouped_too);
        let failed = Some((false, Some(Reason::Forbidden)));
        assert_eq!(blocked(&stage().fails(&b)), failed);
        assert_eq!(blocked(&stage().failed(&b)), failed);
        assert_eq!(blocked(&stage().asked(&b)), Some((true, None)));
        assert_eq!(blocked(&stage()), Some((false, None)));
        let refused = Some((false, Some(Reason::NameTaken)));
        assert_eq!(blocked(&stage().told(&b, 1).refused("b")), refused);
    }
}

/// Waiting helps none of it.
#[test]
fn what_fails_blocks_before_what_only_waits() {
    let mut stage = lost(false).fails(&latest("b")).asked(&latest("c"));
    stage.entries.insert(0, entry(latest("c"), "c"));
    assert_eq!(blocked(&stage), Some((false, Some(Reason::Forbidden))));
}
