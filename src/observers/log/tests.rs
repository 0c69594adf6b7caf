//! What the log says, line by line.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use time::OffsetDateTime;

use crate::domain::object::{Source, VersionSelector};
use crate::domain::path::RelativePath;
use crate::domain::payload::Publication;
use crate::domain::validity::Validity;
use crate::domain::volume_failure::VolumeFailureKind;
use crate::reconcile::fakes::{latest, version_id};

use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// While there is one subscriber in the process, `tracing` asks the thread that meets an event first whether anybody
/// listens, and remembers a no of a thread of another test. With a second one, it asks all subscribers.
static SECOND_SUBSCRIBER: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));

/// The lines at info and above that the reporter writes for each report, one list per report.
fn lines(reports: &[PassReport]) -> Vec<Vec<String>> {
    LazyLock::force(&SECOND_SUBSCRIBER);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_target(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut reporter = Reporter {
            identity: Some("the identity".to_owned()),
            ..Reporter::default()
        };
        let report = |report: &PassReport| {
            reporter.report(report, |_| false);
            let text = std::mem::take(&mut *log.0.lock().expect("not poisoned"));
            String::from_utf8(text)
                .expect("text")
                .lines()
                .map(|line| line.trim().to_owned())
                .collect()
        };
        reports.iter().map(report).collect()
    })
}

fn object(name: &str, outcome: Outcome) -> PlannedEntry {
    PlannedEntry {
        key: EntryKey::Id(EntryId::Object(latest(name))),
        id: EntryId::Object(latest(name)),
        required: true,
        outcome,
        notices: Vec::new(),
        validity: Validity::default(),
        made: Vec::new(),
    }
}

fn failed(name: &str, reason: Reason) -> PlannedEntry {
    let failure = Failure::new(reason, "seen", "do");
    let outcome = Outcome::Failed {
        failure,
        kept: true,
        again: Vec::new(),
    };
    object(name, outcome)
}

fn fetched(name: &str, changed: bool) -> PlannedEntry {
    let made = if changed { vec![path()] } else { Vec::new() };
    let entry = object(
        name,
        Outcome::Fetched {
            version: Some(version_id(1)),
            changed,
        },
    );
    PlannedEntry { made, ..entry }
}

fn path() -> RelativePath {
    RelativePath::parse("file").expect("valid")
}

fn pass(objects: Vec<PlannedEntry>) -> PassReport {
    PassReport {
        entries: objects,
        told: BTreeMap::new(),
        publication: Publication {
            written: vec![path()],
            ..Publication::default()
        },
        volume_failure: None,
        asked: 1,
        at: OffsetDateTime::UNIX_EPOCH,
        took: Duration::ZERO,
    }
}

#[test]
fn a_change_is_one_line_and_a_no_op_none() {
    let lines = lines(&[pass(vec![fetched("a", true)]), pass(vec![fetched("a", false)])]);
    assert_eq!(lines[0].len(), 1);
    assert!(
        lines[0][0].starts_with("INFO Published object=app/secrets/a version="),
        "{}",
        lines[0][0]
    );
    assert_eq!(lines[1], Vec::<String>::new());
}

#[test]
fn a_file_that_was_made_again_with_the_same_bytes_is_no_change() {
    let mut same = pass(vec![fetched("a", true)]);
    same.publication.written = Vec::new();
    assert_eq!(lines(&[same])[0], Vec::<String>::new());
}

#[test]
fn a_published_version_is_told_with_its_end() {
    let mut published = fetched("a", true);
    published.validity.expires = Some(OffsetDateTime::UNIX_EPOCH + time::Duration::days(365));
    let lines = lines(&[pass(vec![published])]);
    assert_eq!(lines[0].len(), 1);
    assert!(
        lines[0][0].ends_with("expires=\"1971-01-01T00:00:00Z\""),
        "{}",
        lines[0][0]
    );
}

#[test]
fn a_repeated_failure_is_told_once_with_its_count_and_its_end_once() {
    let mut passes: Vec<_> = (0..10)
        .map(|_| pass(vec![failed("a", Reason::Forbidden)]))
        .collect();
    passes.push(pass(vec![fetched("a", false)]));
    let lines = lines(&passes);
    let counts: Vec<_> = lines.iter().map(Vec::len).collect();
    assert_eq!(counts, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert!(lines[9][0].contains("times=10"), "{}", lines[9][0]);
    assert!(
        lines[10][0].contains("Recovered") && lines[10][0].contains("failures=10"),
        "{}",
        lines[10][0]
    );
}

#[test]
fn a_lasting_failure_is_told_once_whatever_version_its_policy_means_in_between() {
    let at_version = |outcome: &PlannedEntry| {
        let mut source = latest("a");
        source.version = VersionSelector::Exact(version_id(1));
        PlannedEntry {
            id: EntryId::Object(source),
            ..outcome.clone()
        }
    };
    let waiting = object("a", Outcome::Unasked { complete: false });
    let failing = at_version(&failed("a", Reason::Unrenderable));
    let passes = [&failing, &waiting, &failing].map(|entry| pass(vec![entry.clone()]));
    assert_eq!(lines(&passes).iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0]);
}

#[test]
fn another_reason_is_told_again() {
    let passes = [
        pass(vec![failed("a", Reason::Forbidden)]),
        pass(vec![failed("a", Reason::NotFound)]),
    ];
    assert_eq!(lines(&passes).iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn an_outage_of_a_vault_is_one_line_for_all_its_objects() {
    let down = |name| failed(name, Reason::Unreachable);
    let lines = lines(&[pass(vec![down("a"), down("b"), down("c")])]);
    assert_eq!(lines[0].len(), 1);
    assert!(lines[0][0].contains("objects=3"), "{}", lines[0][0]);
}

#[test]
fn two_entries_of_one_object_are_told_once_and_two_reasons_each_once() {
    let second = |entry: PlannedEntry| PlannedEntry {
        key: EntryKey::Path(path()),
        ..entry
    };
    let alike = || {
        pass(vec![
            failed("a", Reason::NotFound),
            second(failed("a", Reason::NotFound)),
        ])
    };
    let counts = |passes: &[PassReport]| lines(passes).iter().map(Vec::len).collect::<Vec<_>>();
    let tenth: Vec<_> = (0..10).map(|_| alike()).collect();
    assert_eq!(counts(&tenth), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

    let different = || {
        pass(vec![
            failed("a", Reason::Unrenderable),
            second(failed("a", Reason::NameTaken)),
        ])
    };
    let recovered = pass(vec![fetched("a", false), second(fetched("a", false))]);
    assert_eq!(counts(&[different(), different(), recovered]), [2, 0, 2]);
}

#[test]
fn a_pinned_object_that_is_served_again_without_being_asked_for_has_recovered() {
    let served = object("a", Outcome::Unasked { complete: true });
    let lines = lines(&[pass(vec![failed("a", Reason::NameTaken)]), pass(vec![served])]);
    assert!(lines[1][0].contains("Recovered"), "{lines:?}");
}

#[test]
fn a_refusal_of_a_vault_names_the_identity_and_an_outage_does_not() {
    let lines = lines(&[pass(vec![
        failed("a", Reason::NotFound),
        failed("b", Reason::Unreachable),
    ])]);
    assert!(lines[0][0].contains("identity=\"the identity\""), "{lines:?}");
    assert!(!lines[0][1].contains("the identity"), "{lines:?}");
}

#[test]
fn what_expires_is_told_when_it_comes_near_and_when_it_is_over() {
    let end = OffsetDateTime::UNIX_EPOCH + time::Duration::days(365);
    let at = |day: i64| {
        let mut entry = fetched("a", false);
        entry.validity.expires = Some(end);
        let mut report = pass(vec![entry]);
        report.at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(day);
        report
    };
    let renewed = pass(vec![fetched("a", false)]);
    let lines = lines(&[at(1), at(340), at(341), at(366), at(367), renewed]);
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 1, 0, 0]);
    assert!(
        lines[1][0].starts_with("WARN Expires soon object=app/secrets/a"),
        "{lines:?}"
    );
    assert!(
        lines[3][0].starts_with("WARN Expired object=app/secrets/a"),
        "{lines:?}"
    );
}

/// Version 1 of `a`, made or moved at a slot of its history, with so many remarks.
fn slot(slot: u32, remarks: usize) -> PlannedEntry {
    let source = Source {
        version: VersionSelector::Exact(version_id(1)),
        ..latest("a")
    };
    let path = RelativePath::parse(&format!("a/{slot}")).expect("valid");
    PlannedEntry {
        key: EntryKey::Path(path),
        id: EntryId::Object(source),
        notices: (1..=remarks)
            .map(|count| Notice::UnrelatedCertificates { count })
            .collect(),
        ..fetched("a", true)
    }
}

fn remarks(lines: &[Vec<String>]) -> Vec<usize> {
    let count = |lines: &Vec<String>| lines.iter().filter(|line| line.contains("left out")).count();
    lines.iter().map(count).collect()
}

#[test]
fn a_remark_on_a_version_is_told_once_in_whatever_slot_of_a_history_it_is() {
    let made_moved_and_made_again = [slot(0, 1), slot(1, 0), slot(1, 1), slot(2, 2)];
    let passes = made_moved_and_made_again.map(|entry| pass(vec![entry]));
    assert_eq!(remarks(&lines(&passes)), [1, 0, 0, 1]);
}

#[test]
fn a_remark_that_is_true_again_is_told_again() {
    let remark = || vec![Notice::UnrelatedCertificates { count: 1 }];
    let current = |notices| PlannedEntry {
        notices,
        ..fetched("a", true)
    };
    let passes = [remark(), remark(), Vec::new(), remark()].map(|notices| pass(vec![current(notices)]));
    assert_eq!(remarks(&lines(&passes)), [1, 0, 0, 1]);
}

#[test]
fn what_is_in_no_report_any_more_is_forgotten_unless_the_volume_failed() {
    let mut reporter = Reporter::default();
    let held = |reporter: &Reporter| (reporter.failing.len(), reporter.notices.len());
    let told = pass(vec![
        failed("b", Reason::NotFound),
        slot(0, 1),
        fetched("c", true),
    ]);
    reporter.report(&told, |_| false);
    assert_eq!(held(&reporter), (1, 1), "nothing is held of what has no remarks");

    let mut blocked = pass(Vec::new());
    blocked.volume_failure = Some(VolumeFailure::new(
        VolumeFailureKind::Other,
        "open",
        "/mnt/akv",
        "mend it",
        "not found",
    ));
    reporter.report(&blocked, |_| false);
    assert_eq!(held(&reporter), (1, 1));
    reporter.report(&pass(Vec::new()), |_| false);
    assert_eq!(held(&reporter), (0, 0));
}
