//! Whether start-up may go on, and what an earlier process left.

use super::*;
use crate::failure::Failure;
use crate::hook::Outbox;

fn status_of(on_start: OnStart, entries: Vec<EntryPlan>) -> Status {
    let mut status = Status::new(on_start);
    status.fold(pass(entries), 0.5);
    status
}

fn lost(name: &str, reason: Reason) -> EntryPlan {
    let mut plan = failed(name, reason);
    if let Outcome::Failed { kept, .. } = &mut plan.outcome {
        *kept = false;
    }
    plan
}

fn optional(entry: EntryPlan) -> EntryPlan {
    EntryPlan {
        required: false,
        ..entry
    }
}

#[test]
fn served_is_what_start_up_waits_for() {
    let failing = |name| failed(name, Reason::Forbidden);
    let absent = |name| lost(name, Reason::Forbidden);
    // What there is, whether that is fresh, and whether it is enough for last known good.
    for (entries, fresh, last_known_good) in [
        (vec![made("a"), served("b")], true, true),
        (vec![served("a"), pending("b", true)], false, true),
        (vec![served("a"), pending("b", false)], false, false),
        (vec![served("a"), failing("b")], false, true),
        (vec![served("a"), absent("b")], false, false),
        (vec![served("a"), optional(absent("b"))], true, true),
        (vec![optional(pending("a", false))], true, true),
        (vec![], false, false),
    ] {
        for (on_start, expected) in [(OnStart::Fresh, fresh), (OnStart::LastKnownGood, last_known_good)] {
            let status = status_of(on_start, entries.clone());
            assert_eq!(status.is_served(), expected, "{on_start:?} {entries:?}");
            assert_eq!(status.is_ready(), expected, "{on_start:?} {entries:?}");
        }
    }
}

#[test]
fn nothing_is_served_while_the_volume_fails_and_ready_stays_ready() {
    let mut status = status_of(OnStart::Fresh, vec![made("a")]);
    let since = status.ready;
    assert_eq!(since.map(|ready| ready.last_known_good), Some(false));
    status.fold(blocked(), 0.5);
    assert!(!status.is_served() && status.is_ready());
    let events = status.fold(pass(vec![failed("a", Reason::NotFound)]), 0.5);
    assert!(!status.is_served());
    let mut again = pass(vec![made("a")]);
    again.at = second(100);
    let later = status.fold(again, 0.5);
    assert!(status.is_served());
    assert_eq!(status.ready, since);
    let told = events
        .iter()
        .chain(&later)
        .filter(|event| matches!(event, Event::Ready { .. }));
    assert_eq!(told.count(), 0);
}

#[test]
fn there_is_no_hope_when_somebody_has_to_mend_what_is_required() {
    for (entries, hopeless) in [
        (vec![failed("a", Reason::Throttled)], false),
        (vec![failed("a", Reason::IdentityNotPropagated)], false),
        (
            vec![failed("a", Reason::Throttled), failed("b", Reason::Forbidden)],
            true,
        ),
        (vec![failed("a", Reason::TlsRefused)], true),
        (vec![made("a"), optional(failed("b", Reason::NotFound))], false),
    ] {
        let status = status_of(OnStart::Fresh, entries);
        assert_eq!(status.is_hopeless(), hopeless, "{:?}", status.entries);
    }
}

#[test]
fn what_is_missing_has_the_reason_of_its_failure_or_of_the_gate_before_it() {
    let mut status = Status::new(OnStart::Fresh);
    ask(
        &mut status,
        "a",
        Some(&Failure::new(Reason::Throttled, "seen", "do")),
        0,
    );
    let entries = vec![
        made("served"),
        lost("b", Reason::NotFound),
        optional(lost("c", Reason::Disabled)),
        pending("d", false),
        pending("e", false),
    ];
    status.fold(with_stopped(pass(entries), &["d"]), 0.5);
    let reasons: Vec<_> = status.reasons_against().collect();
    assert_eq!(reasons, [Reason::NotFound, Reason::Throttled]);
}

const INTERVAL: Duration = Duration::from_mins(5);

/// One entry with its files, which the vault confirmed at such a second; it is second 1000 now.
fn recall(on_start: OnStart, plan: EntryPlan, confirmed: Option<i64>) -> (Status, Vec<Event>) {
    let mut status = Status::new(on_start);
    let recalled = Recalled {
        at: second(1000),
        entries: vec![RecalledEntry {
            plan,
            version: Some(version(1)),
            confirmed: confirmed.map(second),
            interval: INTERVAL,
        }],
        outbox: Outbox::default(),
    };
    let events = status.recall(recalled, Moment::START, 0.5);
    (status, events)
}

#[test]
fn what_was_confirmed_within_one_interval_by_whatever_process_is_fresh() {
    for (confirmed, fresh) in [
        (Some(1000), true),
        (Some(999), true),
        (Some(700), true),
        (Some(699), false),
        (Some(0), false),
        // The clock went back, or somebody wrote it.
        (Some(1001), false),
        (Some(1_000_000), false),
        (None, false),
    ] {
        let (status, events) = recall(OnStart::Fresh, pending("a", true), confirmed);
        assert_eq!(status.is_ready(), fresh, "{confirmed:?}");
        assert_eq!(status.entries[0].as_asked, fresh, "{confirmed:?}");
        let success = confirmed.filter(|then| *then <= 1000).map(second);
        assert_eq!(status.entries[0].last_success, success, "{confirmed:?}");
        let ready = Event::Ready {
            objects: 1,
            last_known_good: false,
        };
        let expected = if fresh { vec![ready] } else { Vec::new() };
        assert_eq!(events, expected, "{confirmed:?}");
    }
}

#[test]
fn an_incomplete_entry_is_not_fresh_whenever_it_was_confirmed() {
    for on_start in [OnStart::Fresh, OnStart::LastKnownGood] {
        let (status, events) = recall(on_start, pending("a", false), Some(1000));
        assert_eq!((status.is_ready(), events), (false, Vec::new()), "{on_start:?}");
    }
}

#[test]
fn last_known_good_is_content_with_files_of_any_age_and_says_so() {
    for confirmed in [Some(1000), Some(0), None] {
        let (status, events) = recall(OnStart::LastKnownGood, pending("a", true), confirmed);
        let ready = Event::Ready {
            objects: 1,
            last_known_good: true,
        };
        assert_eq!(events, [ready], "{confirmed:?}");
        assert_eq!(
            status.ready.map(|ready| (ready.since, ready.last_known_good)),
            Some((second(1000), true))
        );
    }
}

#[test]
fn what_is_recalled_is_neither_written_nor_a_failure_of_this_process() {
    let plan = EntryPlan {
        since: Some(second(500)),
        ..pending("a", true)
    };
    let (mut status, _) = recall(OnStart::Fresh, plan.clone(), Some(900));
    let entry = &status.entries[0];
    assert_eq!(
        times(entry),
        (Some(version(1)), Some(second(500)), None, Some(second(900)))
    );
    assert!(entry.failure.is_none() && !entry.waits);
    // The first pass, in which nothing is told yet, takes nothing of that back.
    status.fold(pass(vec![plan]), 0.5);
    assert!(status.is_served() && status.entries[0].last_success == Some(second(900)));
}
