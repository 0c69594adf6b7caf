//! What passes leave in the status.

mod json;
mod readiness;
mod schedule;

use std::sync::Arc;
use std::time::Duration;

use super::test_passes::*;
use super::*;
use crate::entry::EntryId;
use crate::event::Event;
use crate::failure::Reason;
use crate::object::VersionId;
use crate::outcome::PassOutcome;
use crate::payload::{Input, InputRecord, Publication};
use crate::plan::{Action, Blocked, EntryPlan, HeldBack, Outcome, Why};
use crate::query::Query;
use crate::query::test_queries::secret;
use crate::volume_failure::VolumeFailureKind;

/// A status after these passes, one each second.
fn after(passes: impl IntoIterator<Item = PassOutcome>) -> Status {
    let mut status = Status::new(OnStart::Fresh);
    for (number, mut outcome) in (0..).zip(passes) {
        outcome.at = second(number);
        status.fold(outcome, 0.5);
    }
    status
}

fn after_entries(passes: impl IntoIterator<Item = EntryPlan>) -> EntryStatus {
    let status = after(passes.into_iter().map(|entry| pass(vec![entry])));
    status.entries.into_iter().next().expect("an entry")
}

/// Version, since, written, last success.
type Times = (
    Option<VersionId>,
    Option<OffsetDateTime>,
    Option<OffsetDateTime>,
    Option<OffsetDateTime>,
);

fn times(entry: &EntryStatus) -> Times {
    let version = entry.version.clone();
    (version, entry.since, entry.written, entry.last_success)
}

#[test]
fn what_is_served_is_shown_with_when_it_was_fetched_written_and_confirmed() {
    let since = |entry, at: i64| EntryPlan {
        since: Some(second(at)),
        ..entry
    };
    let of_version = |number: u32, mut plan: EntryPlan| {
        if let Outcome::Served { version: of, .. } = &mut plan.outcome {
            *of = Some(version(number));
        }
        plan
    };
    let pinned = Outcome::Served {
        version: Some(version(2)),
        changed: false,
        confirmed: false,
    };
    let passes = [
        (since(made("a"), 0), (1, 0, 0, 0)),
        (since(served("a"), 0), (1, 0, 0, 1)),
        (since(pending("a", true), 0), (1, 0, 0, 1)),
        (since(of_version(2, made("a")), 3), (2, 3, 3, 3)),
        (since(entry("a", pinned), 3), (2, 3, 3, 3)),
    ];
    for upto in 1..=passes.len() {
        let entry = after_entries(passes.iter().take(upto).map(|(plan, _)| plan.clone()));
        let (number, since, written, confirmed) = passes[upto - 1].1;
        let expected = (
            Some(version(number)),
            Some(second(since)),
            Some(second(written)),
            Some(second(confirmed)),
        );
        assert_eq!(times(&entry), expected, "after {upto} passes");
        assert!(entry.complete && entry.as_asked && entry.failure.is_none());
    }
}

#[test]
fn what_waits_for_an_answer_says_so_and_is_only_as_complete_as_its_files_are() {
    let waiting = |complete| {
        let waits = true;
        entry("a", Outcome::Pending { complete, waits })
    };
    let missing = after_entries([waiting(false)]);
    assert!(missing.waits && !missing.complete && !missing.as_asked);
    let there = after_entries([served("a"), waiting(true)]);
    assert!(there.waits && there.complete && there.as_asked);
    // Somebody took a file away.
    let lost = after_entries([served("a"), waiting(false), waiting(true)]);
    assert!(lost.complete && !lost.as_asked, "nobody said that it is as asked");
    assert!(!after_entries([waiting(true), served("a")]).waits);
}

/// How often in a row, since when, and the reason.
fn failure(entry: &EntryStatus) -> Option<(u32, OffsetDateTime, Reason)> {
    let failure = entry.failure.as_ref()?;
    Some((failure.times, failure.since, failure.reason))
}

#[test]
fn a_failure_is_counted_while_its_reason_stays_and_ends_when_the_entry_is_served() {
    let failing = |times: usize| std::iter::repeat_n(failed("a", Reason::Forbidden), times);
    let entry = after_entries([made("a")].into_iter().chain(failing(3)));
    assert_eq!(failure(&entry), Some((3, second(1), Reason::Forbidden)));
    assert!(entry.complete && !entry.as_asked, "the file is the earlier one");
    assert_eq!(entry.last_success, Some(second(0)));

    let other = failing(3).chain([failed("a", Reason::NotFound)]);
    assert_eq!(
        failure(&after_entries(other)),
        Some((1, second(3), Reason::NotFound))
    );
    assert_eq!(failure(&after_entries(failing(3).chain([served("a")]))), None);
}

#[test]
fn a_pass_that_learns_nothing_of_a_failure_does_not_count_it_and_does_not_end_it() {
    let in_between = [
        still_failing("a", Reason::Forbidden),
        pending("a", true),
        failed("a", Reason::Forbidden),
    ];
    let entry = after_entries([failed("a", Reason::Forbidden)].into_iter().chain(in_between));
    assert_eq!(failure(&entry), Some((2, second(0), Reason::Forbidden)));
}

#[test]
fn a_publish_that_fails_changes_nothing_that_is_served_and_forgets_no_failure() {
    let mut lost = pass(vec![failed("a", Reason::NotFound), made("b"), served("c")]);
    lost.volume_failure = Some(volume_failure());
    let before = pass(vec![served("a"), served("b"), failed("c", Reason::Forbidden)]);
    let status = after([before, lost]);
    let shown: Vec<_> = status
        .entries
        .iter()
        .map(|entry| (failure(entry), entry.written, entry.last_success))
        .collect();
    let expected = [
        (Some((1, second(1), Reason::NotFound)), None, Some(second(0))),
        (None, None, Some(second(0))),
        (Some((1, second(0), Reason::Forbidden)), None, None),
    ];
    assert_eq!(shown, expected);
    let failure = status.volume.failure.as_ref().map(|failure| failure.kind);
    assert_eq!(
        (status.volume.failures, failure),
        (1, Some(VolumeFailureKind::ReadOnly))
    );
    assert_eq!(status.volume.published, None);
}

#[test]
fn the_volume_shows_when_something_changed_there_last_and_how_often_it_failed() {
    let status = after([pass(vec![made("a")]), pass(vec![served("a")])]);
    assert_eq!(status.volume.published, Some(second(0)), "a no-op is no publish");
    let status = after([pass(vec![made("a")]), blocked(), blocked()]);
    assert_eq!((status.volume.failures, status.entries.len()), (2, 1));
    let status = after([blocked(), pass(vec![made("a")])]);
    assert_eq!((status.volume.failures, status.volume.failure), (0, None));
}

#[test]
fn a_pass_that_may_publish_nothing_yet_neither_serves_nor_recovers_nor_ends_a_failure_of_the_volume() {
    let waits = || {
        let mut outcome = pass(vec![made("a"), pending("b", false)]);
        decided(&mut outcome).plan.blocked = Some(Blocked {
            by: None,
            waits: true,
        });
        decided(&mut outcome).publication = Publication::default();
        outcome.idle = false;
        outcome
    };
    let mut status = Status::new(OnStart::Fresh);
    assert_eq!(status.fold(waits(), 0.5), Vec::new());
    status.fold(blocked(), 0.5);
    assert_eq!(status.fold(waits(), 0.5), Vec::new());
    assert_eq!(status.volume.failures, 1);
    assert!(status.entries.iter().all(|entry| entry.written.is_none()));
}

#[test]
fn what_is_held_back_says_with_what_and_by_whom() {
    let member = EntryId::Template(path("app.conf"));
    let held_back = EntryPlan {
        held_back: Some(HeldBack {
            group: "`together: web`".into(),
            member,
        }),
        ..pending("a", true)
    };
    let shown = after_entries([served("a"), held_back.clone()]).held_back;
    assert_eq!(
        shown.as_deref(),
        Some("held back with `together: web`, because template app.conf cannot move")
    );
    assert_eq!(after_entries([held_back, served("a")]).held_back, None);
}

#[test]
fn what_no_pass_has_any_more_is_forgotten() {
    let told = || {
        let mut outcome = pass(vec![
            failed("a", Reason::Unreachable),
            failed("b", Reason::NotFound),
            made("c"),
            made("d"),
        ]);
        let notices = vec![Notice::UnrelatedCertificates { count: 1 }];
        decided(&mut outcome).notices.insert(2, notices);
        outcome
    };
    let held = |status: &Status| {
        let failing = status.failing().count();
        (
            status.entries.len(),
            failing,
            status.remarks.len(),
            status.failing.len(),
        )
    };
    assert_eq!(
        held(&after([told()])),
        (4, 2, 1, 2),
        "nothing is held of no remarks"
    );
    assert_eq!(
        held(&after([told(), blocked()])),
        (4, 2, 1, 2),
        "who cannot look knows nothing new"
    );
    assert_eq!(held(&after([told(), pass(Vec::new())])), (0, 0, 0, 0));
}

#[test]
fn entries_are_shown_in_the_order_of_the_manifest_of_now() {
    let status = after([
        pass(vec![served("b"), served("c")]),
        pass(vec![served("c"), made("a"), served("b")]),
    ]);
    let ids: Vec<_> = status.entries.iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(ids, ["app/secrets/c", "app/secrets/a", "app/secrets/b"]);
}

#[test]
fn a_sync_is_counted_from_its_first_question_to_its_end() {
    let at = |seconds| Moment::after_start(Duration::from_secs(seconds));
    let part = |began, ended, entries, idle| PassOutcome {
        began: at(began),
        ended: at(ended),
        asked: 2,
        idle,
        ..pass(entries)
    };
    let mut status = Status::new(OnStart::Fresh);
    let finished = |events: &[Event]| -> Vec<Event> {
        let finished = events
            .iter()
            .filter(|event| matches!(event, Event::Finished { .. }));
        finished.cloned().collect()
    };
    let first = status.fold(part(1, 2, vec![made("a")], false), 0.5);
    assert_eq!((finished(&first), status.busy), (Vec::new(), true));
    let second = status.fold(part(4, 6, vec![made("b"), made("c")], true), 0.5);
    let took = Duration::from_secs(5);
    let expected = Event::Finished {
        asked: 4,
        written: 3,
        removed: 0,
        adjusted: 0,
        took,
        next_due: None,
        asked_for: false,
    };
    assert_eq!((finished(&second), status.busy), (vec![expected], false));
    let third = status.fold(part(7, 8, vec![served("a")], true), 0.5);
    let took = Duration::from_secs(1);
    let expected = Event::Finished {
        asked: 2,
        written: 0,
        removed: 0,
        adjusted: 0,
        took,
        next_due: None,
        asked_for: false,
    };
    assert_eq!(finished(&third), [expected]);
}

#[test]
fn a_kept_file_names_its_version_although_nothing_was_served_since_the_start() {
    let Query::Object(source) = secret("old") else {
        unreachable!("it asks for an object");
    };
    let mut file = planned(Why::Unchanged);
    file.action = Action::Keep(path("old"));
    let record = Arc::make_mut(&mut file.record);
    record.inputs = vec![InputRecord {
        input: Input::Object(source),
        version: version(7),
        digest: None,
        confirmed: None,
    }];
    for entry in [failed("old", Reason::Throttled), pending("old", true)] {
        let mut kept = pass(vec![entry]);
        decided(&mut kept).plan.files.insert(path("old"), file.clone());
        assert_eq!(after([kept]).entries[0].version, Some(version(7)));
    }
}

#[test]
fn what_could_not_be_written_is_not_called_what_the_vault_has() {
    let mut status = after([pass(vec![made("a"), made("b")])]);
    let mut lost = pass(vec![made("a"), served("b")]);
    lost.volume_failure = Some(volume_failure());
    status.fold(lost, 0.5);
    assert!(!status.entries[0].as_asked, "a new version of it is known");
    assert!(status.entries[1].as_asked);
    status.fold(pass(vec![made("a"), served("b")]), 0.5);
    assert!(status.entries[0].as_asked);
}
