//! What hooks hear, and when.

use std::time::Duration;

use time::OffsetDateTime;

use super::*;
use crate::desired::{HookAction, HookSpec};
use crate::moment::{Moment, Now};
use crate::object::{HookName, ObjectKind, ObjectName, VaultName, VersionId};
use crate::path::RelativePath;

const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn version(number: u32) -> VersionId {
    VersionId::parse(&format!("{number:032x}")).expect("32 digits")
}

/// The object `name`, with a file of the same name.
fn change(name: &str, previous: Option<u32>, now: Option<u32>) -> Change {
    Change {
        vault: VaultName::parse("app").expect("valid"),
        kind: ObjectKind::Secret,
        name: ObjectName::parse(name).expect("valid"),
        version: now.map(version),
        previous: previous.map(version),
        paths: [RelativePath::parse(name).expect("valid")].into(),
    }
}

fn name(text: &str) -> HookName {
    HookName::parse(text).expect("valid")
}

fn hook(text: &str) -> HookSpec {
    HookSpec::marking(text)
}

fn second(second: u64) -> Moment {
    Moment::after_start(Duration::from_secs(second))
}

/// With the longest wait of each.
fn now(at: u64) -> Now {
    Now {
        at: second(at),
        ready: true,
        jitter: 1.0,
    }
}

/// Each hook hears of its changes.
fn outbox(notes: &[(&str, Vec<Change>)]) -> Outbox {
    let mut outbox = Outbox::default();
    for (hook, changes) in notes {
        outbox.add(&name(hook), AT, changes.clone());
    }
    outbox
}

fn queue(specs: &[HookSpec], outbox: &Outbox, at: u64) -> HookQueue {
    let mut queue = HookQueue::default();
    queue.declare(specs);
    queue.take(outbox, 0, now(at));
    queue
}

fn started(queue: &mut HookQueue, at: u64) -> Vec<String> {
    let calls = queue.start(second(at));
    calls.iter().map(|call| call.hook.name.to_string()).collect()
}

/// Lets a hook that runs come to its end.
fn end(queue: &mut HookQueue, call: &HookCall, succeeds: bool, at: u64) -> Tried {
    let failure = HookFailure {
        error: "it ended with 1".to_owned(),
        hint: "mend it".to_owned(),
    };
    let done = HookTry {
        call: call.clone(),
        result: if succeeds { Ok(()) } else { Err(failure) },
        took: Duration::from_secs(1),
    };
    queue.ended(&done, AT, now(at))
}

#[test]
fn changes_that_were_not_told_merge_per_object_and_keep_the_oldest_previous() {
    let mut outbox = outbox(&[("a", vec![change("x", Some(1), Some(2))])]);
    outbox.add(
        &name("a"),
        AT,
        vec![change("x", Some(2), Some(3)), change("y", None, Some(1))],
    );
    let note = outbox.note(&name("a")).expect("a note");
    assert_eq!(
        note.changes,
        [change("x", Some(1), Some(3)), change("y", None, Some(1))]
    );
}

#[test]
fn what_changed_while_a_hook_ran_stays_and_starts_from_what_was_told() {
    let mut outbox = outbox(&[(
        "a",
        vec![change("x", Some(1), Some(3)), change("y", None, Some(1))],
    )]);
    let told = vec![change("x", Some(1), Some(2)), change("y", None, Some(1))];
    outbox.edit(&[Edit::Told(name("a"), told)]);
    let note = outbox.note(&name("a")).expect("a note");
    assert_eq!(note.changes, [change("x", Some(2), Some(3))]);
}

#[test]
fn an_outbox_goes_through_json_and_keeps_what_it_does_not_know() {
    let values = vec![
        serde_json::json!({ "firstSync": true }),
        serde_json::json!({ "hook": "a", "since": "1970-01-01T00:00:00Z", "tries": 2, "changes": [], "mood": 1 }),
        serde_json::json!({ "of": "a newer program" }),
    ];
    let outbox = Outbox::from(values.clone());
    assert!(outbox.first_sync && outbox.notes.len() == 1);
    assert_eq!(Vec::from(outbox), values);
}

#[test]
fn several_changes_within_the_debounce_are_one_call() {
    let debounced = HookSpec {
        debounce: Duration::from_secs(10),
        ..hook("a")
    };
    let mut queue = queue(
        &[debounced],
        &outbox(&[("a", vec![change("x", None, Some(1))])]),
        0,
    );
    assert_eq!(started(&mut queue, 9), Vec::<String>::new());
    queue.take(&outbox(&[("a", vec![change("x", None, Some(2))])]), 0, now(9));
    assert_eq!(queue.next_due(), Some(second(19)));
    assert_eq!(started(&mut queue, 18), Vec::<String>::new());
    let calls = queue.start(second(19));
    assert_eq!(calls[0].changes, [change("x", None, Some(2))]);
}

#[test]
fn a_splay_delays_by_chance_and_never_longer() {
    let splayed = HookSpec {
        splay: Duration::from_mins(1),
        ..hook("a")
    };
    let queue = queue(&[splayed], &outbox(&[("a", vec![change("x", None, Some(1))])]), 0);
    assert_eq!(queue.next_due(), Some(second(60)));
}

#[test]
fn a_hook_that_fails_is_tried_again_later_and_later_up_to_its_longest_wait() {
    let mut queue = queue(
        &[hook("a")],
        &outbox(&[("a", vec![change("x", None, Some(1))])]),
        0,
    );
    let mut at = 0;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let calls = queue.start(second(at));
        let tried = end(&mut queue, &calls[0], false, at);
        let wait = tried.next.expect("another try").as_secs();
        waits.push(wait);
        at += wait;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    let edits = queue.edits().len();
    assert_eq!(edits, 12, "the number of tries is recorded");
}

#[test]
fn one_try_of_a_hook_at_a_time_and_what_changes_meanwhile_is_one_more_call() {
    let mut queue = queue(
        &[hook("a")],
        &outbox(&[("a", vec![change("x", None, Some(1))])]),
        0,
    );
    let calls = queue.start(second(0));
    for newer in [2, 3] {
        queue.take(&outbox(&[("a", vec![change("x", None, Some(newer))])]), 0, now(1));
        assert_eq!(started(&mut queue, 1), Vec::<String>::new());
    }
    end(&mut queue, &calls[0], true, 2);
    let calls = queue.start(second(2));
    assert_eq!(calls[0].changes, [change("x", Some(1), Some(3))]);
    end(&mut queue, &calls[0], true, 3);
    assert_eq!(started(&mut queue, 3), Vec::<String>::new());
}

#[test]
fn hooks_run_side_by_side_unless_they_share_an_object() {
    let specs = [hook("a"), hook("b"), hook("c")];
    let notes = outbox(&[
        ("a", vec![change("x", None, Some(1))]),
        ("b", vec![change("x", None, Some(1))]),
        ("c", vec![change("y", None, Some(1))]),
    ]);
    let mut queue = queue(&specs, &notes, 0);
    let calls = queue.start(second(0));
    assert_eq!(calls.len(), 2, "b shares x with a, and a comes first");
    let behind: Vec<_> = queue
        .statuses(AT, second(0))
        .into_iter()
        .map(|status| status.behind)
        .collect();
    assert_eq!(behind, [None, Some(name("a")), None]);
    assert_eq!(queue.next_due(), None);
    end(&mut queue, &calls[0], true, 1);
    assert_eq!(started(&mut queue, 1), ["b"]);
}

#[test]
fn a_hook_that_fails_holds_up_no_other() {
    let notes = outbox(&[
        ("a", vec![change("x", None, Some(1))]),
        ("b", vec![change("x", None, Some(1))]),
    ]);
    let mut queue = queue(&[hook("a"), hook("b")], &notes, 0);
    let calls = queue.start(second(0));
    end(&mut queue, &calls[0], false, 0);
    assert_eq!(started(&mut queue, 0), ["b"]);
}

#[test]
fn hooks_that_hang_do_not_take_turns_before_one_that_was_not_tried() {
    let specs = [hook("a"), hook("b"), hook("c")];
    let notes = ["a", "b", "c"].map(|hook| (hook, vec![change("x", None, Some(1))]));
    let mut queue = queue(&specs, &outbox(&notes), 0);
    let first = queue.start(second(0));
    end(&mut queue, &first[0], false, 30);
    let next = queue.start(second(30));
    assert_eq!(next[0].hook.name, name("b"));
    end(&mut queue, &next[0], false, 60);
    assert_eq!(started(&mut queue, 60), ["c"], "a is due as well");
}

#[test]
fn what_ends_the_program_waits_for_all_others_and_nothing_begins_after_it() {
    let exit = HookSpec {
        action: HookAction::Exit(88),
        ..hook("exit")
    };
    let notes = outbox(&[
        ("exit", vec![change("x", None, Some(1))]),
        ("other", vec![change("y", None, Some(1))]),
    ]);
    let mut queue = queue(&[exit, hook("other")], &notes, 0);
    let calls = queue.start(second(0));
    assert_eq!(
        calls[0].hook.name,
        name("other"),
        "although it comes later and is of another object"
    );
    end(&mut queue, &calls[0], false, 1);
    let calls = queue.start(second(1));
    assert_eq!(
        calls[0].hook.name,
        name("exit"),
        "what failed is tried again after the restart"
    );
    end(&mut queue, &calls[0], true, 1);
    assert_eq!(queue.exit(), None, "it is not recorded yet");
    assert_eq!(started(&mut queue, 9), Vec::<String>::new());
    assert_eq!(queue.next_due(), None);
    let recorded = queue.edits().len();
    queue.take(
        &outbox(&[("other", vec![change("y", None, Some(1))])]),
        recorded,
        now(9),
    );
    assert_eq!(queue.exit(), Some(88));
}

#[test]
fn no_hook_runs_before_the_first_set_is_complete() {
    let mut first = outbox(&[("a", vec![change("x", None, Some(1))])]);
    first.first_sync = true;
    let mut queue = queue(&[hook("a")], &first, 0);
    assert_eq!(queue.next_due(), None);
    assert_eq!(started(&mut queue, 9), Vec::<String>::new());
    first.first_sync = false;
    queue.take(&first, 0, now(9));
    assert_eq!(started(&mut queue, 9), ["a"]);
}

#[test]
fn what_was_told_is_not_told_again_although_it_is_not_recorded_yet() {
    let note = outbox(&[("a", vec![change("x", None, Some(1))])]);
    let mut queue = queue(&[hook("a")], &note, 0);
    let calls = queue.start(second(0));
    end(&mut queue, &calls[0], true, 1);
    // A publish that failed leaves the note where it was.
    queue.take(&note, 0, now(2));
    assert_eq!(started(&mut queue, 2), Vec::<String>::new());
    assert_eq!(queue.edits().len(), 1);
    queue.take(&Outbox::default(), 1, now(3));
    assert!(queue.edits().is_empty());
}

#[test]
fn an_edited_hook_is_tried_at_once_and_a_removed_one_is_forgotten() {
    let note = outbox(&[("a", vec![change("x", None, Some(1))])]);
    let mut queue = queue(&[hook("a")], &note, 0);
    let calls = queue.start(second(0));
    end(&mut queue, &calls[0], false, 0);
    assert_eq!(started(&mut queue, 0), Vec::<String>::new());
    let mended = HookSpec {
        timeout: Duration::from_secs(5),
        ..hook("a")
    };
    queue.declare(&[mended]);
    assert_eq!(started(&mut queue, 0), ["a"]);
    assert_eq!(queue.declare(&[]), [], "the try that runs may tell it");
    assert!(!queue.knows(&name("a")));
}

#[test]
fn what_a_removed_hook_had_still_to_hear_is_told_of() {
    let note = outbox(&[("a", vec![change("x", None, Some(1))])]);
    let mut queue = queue(&[hook("a")], &note, 0);
    let forgotten = [Forgotten {
        hook: name("a"),
        changes: vec![change("x", None, Some(1))],
    }];
    assert_eq!(queue.declare(&[hook("b")]), forgotten);
    assert_eq!(queue.forgotten(&note), forgotten, "as after a restart");
}
