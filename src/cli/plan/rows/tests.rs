//! Rows of decisions that are made by hand: what is hard to bring about with a whole program.

use std::collections::BTreeMap;

use super::*;
use crate::domain::desired::OnStart;
use crate::domain::failure;
use crate::domain::mode::FileMode;
use crate::domain::payload::Publication;
use crate::domain::plan::HeldBack;
use crate::domain::status::VolumeTrouble;
use crate::domain::status::test_passes::{entry, failed, made, path, planned};
use crate::domain::volume_failure::VolumeFailureKind;

fn file(entry: Option<usize>, action: Action, why: Why) -> FilePlan {
    FilePlan {
        entry,
        action,
        ..planned(why)
    }
}

/// A decision on these entries and files, in which nothing is removed.
fn decided(entries: Vec<EntryPlan>, files: Vec<(&str, FilePlan)>) -> Decided {
    let wanted = entries.iter().flat_map(|entry| entry.files.clone());
    Decided {
        plan: Plan {
            wanted: wanted.collect(),
            entries,
            files: files.into_iter().map(|(at, file)| (path(at), file)).collect(),
            removals: BTreeMap::new(),
            blocked: None,
        },
        notices: BTreeMap::new(),
        written_bytes: 0,
        publication: Publication::default(),
    }
}

fn status() -> Status {
    Status::new(OnStart::Fresh)
}

/// Action, path and words of each row.
fn told(decided: &Decided, status: &Status) -> Vec<(Act, String, String)> {
    let rows = rows(decided, status).into_iter();
    rows.map(|row| (row.act, row.path, row.because.detail)).collect()
}

fn expected(rows: &[(Act, &str, &str)]) -> Vec<(Act, String, String)> {
    let rows = rows.iter();
    rows.map(|&(act, path, words)| (act, path.to_owned(), words.to_owned()))
        .collect()
}

#[test]
fn what_a_publish_would_come_to_decides_whether_a_planned_file_changes() {
    let written = file(Some(0), Action::Write, Why::Form);
    let mut decided = decided(vec![made("a")], vec![("a", written)]);
    let words = "the manifest asks for another form of it";
    let same = format!("same bytes; {words}");
    assert_eq!(told(&decided, &status()), expected(&[(Act::Keep, "a", &same)]));
    decided.publication.adjusted = vec![path("a")];
    let adjusted = format!("mode or owner, mode 0440; {words}");
    assert_eq!(
        told(&decided, &status()),
        expected(&[(Act::Adjust, "a", &adjusted)])
    );
    decided.publication.adjusted = Vec::new();
    decided.publication.written = vec![path("a")];
    assert_eq!(told(&decided, &status()), expected(&[(Act::Write, "a", words)]));
}

#[test]
fn a_name_that_is_found_taken_late_is_not_written() {
    let written = file(Some(0), Action::Write, Why::Missing);
    let entries = vec![failed("a", failure::Reason::NameTaken)];
    let mut decided = decided(entries, vec![("a", written)]);
    decided.publication.written = vec![path("a")];
    decided.publication.refused = vec![RefusedName {
        name: "a".to_owned(),
        found: "a directory".to_owned(),
    }];
    let rows = rows(&decided, &status());
    assert_eq!(
        (rows[0].act, rows[0].because.reason),
        (Act::HoldBack, Reason::Failed)
    );
    assert!(rows[0].failure.is_some());
}

#[test]
fn when_the_volume_fails_nothing_that_would_change_is_told_as_if_it_did() {
    let mut status = status();
    status.volume.failure = Some(VolumeTrouble {
        kind: VolumeFailureKind::Other,
        error: "keep /mnt/akv/a failed".to_owned(),
        cause: "not found".to_owned(),
        hint: "look".into(),
    });
    let entries = ["a", "b", "c"].map(made).into();
    let mode = Why::Mode {
        from: FileMode::from_bits(0o400),
        to: FileMode::from_bits(0o440),
    };
    let files = vec![
        ("a", file(Some(0), Action::Write, Why::Missing)),
        ("b", file(Some(1), Action::Keep(path("b")), mode)),
        ("c", file(Some(2), Action::Keep(path("c")), Why::Unchanged)),
    ];
    let mut decided = decided(entries, files);
    decided.plan.removals.insert(path("d"), Why::LeavesManifest);
    let error = "keep /mnt/akv/a failed";
    assert_eq!(
        told(&decided, &status),
        expected(&[
            (Act::HoldBack, "a", error),
            (Act::HoldBack, "b", error),
            (Act::Keep, "c", "unchanged"),
            (Act::HoldBack, "d", error)
        ])
    );
}

#[test]
fn what_stays_because_of_others_says_so() {
    let member = EntryPlan {
        held_back: Some(HeldBack {
            group: "`together: pair`".to_owned(),
            member: made("b").id,
        }),
        ..entry(
            "a",
            Outcome::Pending {
                complete: true,
                waits: true,
            },
        )
    };
    let held_back = member.held_back.clone().expect("held back");
    let forbidden = Failure::new(failure::Reason::Forbidden, "seen", "mend it");
    let files = vec![
        (
            "a",
            file(Some(0), Action::Keep(path("a")), Why::HeldBack(held_back)),
        ),
        // It left the selection, and its group does not move.
        (
            "gone",
            file(None, Action::Keep(path("gone")), Why::Failed(forbidden)),
        ),
    ];
    let mut decided = decided(vec![member], files);
    // The layout `flat` keeps what has no successor yet.
    decided.plan.removals.insert(path("old"), Why::LeavesManifest);
    assert_eq!(
        told(&decided, &status()),
        expected(&[
            (
                Act::HoldBack,
                "a",
                "held back with `together: pair`, because app/secrets/b has no answer in time"
            ),
            (
                Act::HoldBack,
                "gone",
                "leaves with what it moves together with, and that cannot: forbidden"
            ),
            (
                Act::HoldBack,
                "old",
                "leaves the manifest; stays until what takes its place is there"
            )
        ])
    );
}

#[test]
fn every_file_of_an_entry_is_there_once_with_or_without_bytes() {
    let mut broken = failed("a", failure::Reason::NotFound);
    broken.files = ["a", "a.key", "a.p12"].map(path).into();
    let kept = file(
        Some(0),
        Action::Keep(path("a")),
        Why::Failed(Failure::new(failure::Reason::NotFound, "seen", "mend it")),
    );
    let mut decided = decided(vec![broken], vec![("a", kept)]);
    // Recorded, altered since, and nothing to write in its place.
    decided.publication.removed = vec![path("a.key")];
    let acts: Vec<_> = rows(&decided, &status())
        .into_iter()
        .map(|row| (row.act, row.path, row.because.reason))
        .collect();
    let expected = [
        (Act::Keep, "a", Reason::Failed),
        (Act::Remove, "a.key", Reason::Altered),
        (Act::HoldBack, "a.p12", Reason::Failed),
    ];
    let expected = expected.map(|(act, path, reason)| (act, path.to_owned(), reason));
    assert_eq!(acts, expected);
}
