//! What the log says, line by line.

mod failures;
mod outages;
mod remarks;

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use crate::domain::desired::OnStart;
use crate::domain::entry::EntryKey;
use crate::domain::failure::Reason;
use crate::domain::moment::Moment;
use crate::domain::notice::Notice;
use crate::domain::object::{Source, VersionSelector};
use crate::domain::outcome::PassOutcome;
use crate::domain::plan::{EntryPlan, Why};
use crate::domain::query::Query;
use crate::domain::query::test_queries::secret;
use crate::domain::schedule::SyncScope;
use crate::domain::status::test_passes::{
    blocked, decided, entry, failed, made, pass, path, pending, planned, ready, served, version,
};

use super::*;

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn take_lines(&self) -> Vec<String> {
        let text = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        let text = String::from_utf8(text).expect("text");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Output {
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

/// A status and a log that is told of it.
struct Told {
    status: Status,
    log: Log,
    output: Output,
    subscriber: tracing::Dispatch,
}

impl Told {
    fn of(status: Status) -> Self {
        LazyLock::force(&SECOND_SUBSCRIBER);
        let output = Output::default();
        let writer = output.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(move || writer.clone())
            .finish();
        Self {
            status,
            log: Log::signed_in_as("the identity"),
            output,
            subscriber: tracing::Dispatch::new(subscriber),
        }
    }

    /// The lines at info and above of these events.
    fn lines_of(&mut self, events: &[Event]) -> Vec<String> {
        let Self { status, log, .. } = self;
        tracing::dispatcher::with_default(&self.subscriber, || log.tell(status, events));
        self.output.take_lines()
    }

    /// The same of what is told then without a pass.
    fn reminders(&mut self, now: Moment) -> Vec<String> {
        let events = self.status.remind(now);
        self.lines_of(&events)
    }

    /// The same of a pass.
    fn lines(&mut self, outcome: PassOutcome) -> Vec<String> {
        let events = self.status.fold(outcome, 0.5);
        self.lines_of(&events)
    }
}

/// The lines that a process which has been ready for long writes for each pass, one list per pass.
fn lines(passes: impl IntoIterator<Item = PassOutcome>) -> Vec<Vec<String>> {
    let mut told = Told::of(ready());
    passes.into_iter().map(|outcome| told.lines(outcome)).collect()
}

fn counts(lines: &[Vec<String>]) -> Vec<usize> {
    lines.iter().map(Vec::len).collect()
}

/// The entry as the one of a version.
fn at_version(number: u32, entry: EntryPlan) -> EntryPlan {
    let Query::Object(source) = secret("a") else {
        unreachable!("it asks for an object");
    };
    let id = EntryId::Object(Source {
        version: VersionSelector::Exact(version(number)),
        ..source
    });
    EntryPlan { id, ..entry }
}

#[test]
fn readiness_is_one_line_that_says_with_what() {
    let mut told = Told::of(Status::new(OnStart::Fresh));
    let first = told.lines(pass(vec![pending("a", false), pending("b", true)]));
    assert_eq!(first, Vec::<String>::new());
    assert_eq!(
        told.lines(pass(vec![served("a"), served("b")])),
        ["INFO Ready objects=2"]
    );
    assert_eq!(
        told.lines(pass(vec![served("a"), served("b")])),
        Vec::<String>::new()
    );
    let earlier = Event::Ready {
        objects: 2,
        last_known_good: true,
    };
    assert_eq!(
        told.lines_of(&[earlier]),
        ["INFO Ready with last known good files objects=2"]
    );
}

#[test]
fn a_change_is_one_line_with_its_path_its_files_and_why_and_one_for_its_pass_and_a_no_op_none() {
    let passes = [
        pass(vec![made("a")]),
        PassOutcome {
            ended: Moment::after_start(Duration::from_millis(1_250)),
            ..pass(vec![made("a")])
        },
        pass(vec![served("a")]),
    ];
    let lines = lines(passes);
    assert_eq!(counts(&lines), [2, 2, 0]);
    let published = "INFO Published object=app/secrets/a path=a files=1 why=\"missing\" version=";
    assert!(lines[0][0].starts_with(published), "{}", lines[0][0]);
    assert_eq!(
        lines[1][1],
        "INFO Pass finished asked=1 written=1 removed=0 adjusted=0 took_milliseconds=1250"
    );
}

#[test]
fn a_sync_that_somebody_asked_for_says_that_it_ended_although_nothing_changed() {
    let mut told = Told::of(ready());
    told.status.wake(&SyncScope::All, Moment::START);
    let lines = told.lines(pass(vec![served("a")]));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("INFO Pass finished asked=1 written=0"),
        "{lines:?}"
    );
    assert_eq!(told.lines(pass(vec![served("a")])), Vec::<String>::new());
}

#[test]
fn a_publish_says_how_many_files_it_has_and_why() {
    let mut outcome = pass(vec![EntryPlan {
        made: vec![path("tls/ca.crt"), path("tls/tls.crt"), path("tls/tls.key")],
        ..made("a")
    }]);
    let decided = decided(&mut outcome);
    // One of them came out the same.
    decided.publication.written = vec![path("tls/tls.crt"), path("tls/tls.key")];
    decided.plan.files.insert(path("tls/tls.crt"), planned(Why::Form));
    let line = &lines([outcome])[0][0];
    assert!(
        line.contains("path=tls/tls.crt files=2 why=\"newForm\" "),
        "{line}"
    );
}

#[test]
fn a_file_that_was_made_again_with_the_same_bytes_is_no_change() {
    let mut same = pass(vec![made("a")]);
    decided(&mut same).publication.written = Vec::new();
    assert_eq!(lines([same])[0], Vec::<String>::new());
}

#[test]
fn a_path_that_disappears_or_changes_its_mode_is_a_line() {
    let mut outcome = pass(vec![served("a")]);
    let publication = &mut decided(&mut outcome).publication;
    publication.removed = vec![path("old"), path("older")];
    publication.adjusted = vec![path("a")];
    assert_eq!(
        lines([outcome])[0],
        [
            "INFO Removed path=old",
            "INFO Removed path=older",
            "INFO Mode or owner changed path=a",
            "INFO Pass finished asked=1 written=0 removed=2 adjusted=1 took_milliseconds=0"
        ]
    );
}

#[test]
fn a_published_version_is_told_with_its_end() {
    let mut published = made("a");
    published.validity.expires = Some(OffsetDateTime::UNIX_EPOCH + time::Duration::days(365));
    let lines = lines([pass(vec![published])]);
    assert_eq!(lines[0].len(), 2);
    assert!(
        lines[0][0].ends_with("expires=\"1971-01-01T00:00:00Z\""),
        "{}",
        lines[0][0]
    );
}

#[test]
fn what_expires_is_told_when_it_comes_near_and_when_it_is_over() {
    let end = OffsetDateTime::UNIX_EPOCH + time::Duration::days(365);
    let at = |day: i64| {
        let mut entry = served("a");
        entry.validity.expires = Some(end);
        let mut outcome = pass(vec![entry]);
        outcome.at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(day);
        outcome
    };
    let renewed = pass(vec![served("a")]);
    let lines = lines([at(1), at(340), at(341), at(366), at(367), renewed]);
    assert_eq!(counts(&lines), [0, 1, 0, 1, 0, 0]);
    assert!(
        lines[1][0].starts_with("WARN Expires soon object=app/secrets/a"),
        "{lines:?}"
    );
    assert!(
        lines[3][0].starts_with("WARN Expired object=app/secrets/a"),
        "{lines:?}"
    );
}

fn remarked(entry: EntryPlan, notices: Vec<Notice>) -> PassOutcome {
    let mut outcome = pass(vec![entry]);
    decided(&mut outcome).notices.insert(0, notices);
    outcome
}

/// Version 1 of `a`, made or moved at a slot of its history.
fn slot(slot: u32) -> EntryPlan {
    let path = path(&format!("a/{slot}"));
    EntryPlan {
        key: EntryKey::Path(path.clone()),
        made: vec![path],
        ..at_version(1, made("a"))
    }
}

fn unrelated(count: usize) -> Notice {
    Notice::UnrelatedCertificates { count }
}

fn remarks(lines: &[Vec<String>]) -> Vec<usize> {
    let count = |lines: &Vec<String>| {
        lines
            .iter()
            .filter(|line| line.contains("Left out certificates"))
            .count()
    };
    lines.iter().map(count).collect()
}

#[test]
fn a_remark_on_a_version_is_told_once_in_whatever_slot_of_a_history_it_is() {
    let made_moved_and_made_again = [(0, 1), (1, 0), (1, 1), (2, 2)];
    let passes =
        made_moved_and_made_again.map(|(at, count)| remarked(slot(at), (1..=count).map(unrelated).collect()));
    assert_eq!(remarks(&lines(passes)), [1, 0, 0, 1]);
}

#[test]
fn a_remark_that_is_true_again_is_told_again() {
    let passes = [vec![unrelated(1)], vec![unrelated(1)], vec![], vec![unrelated(1)]];
    let passes = passes.map(|notices| remarked(made("a"), notices));
    assert_eq!(remarks(&lines(passes)), [1, 0, 0, 1]);
}

#[test]
fn what_is_in_no_report_any_more_is_forgotten_unless_the_volume_failed() {
    let told = || {
        let mut outcome = pass(vec![failed("b", Reason::NotFound), slot(0), made("c")]);
        decided(&mut outcome).notices.insert(1, vec![unrelated(1)]);
        outcome
    };
    let lines = lines([told(), blocked(), told(), pass(Vec::new()), told()]);
    let about = |text: &str| {
        let count = |lines: &Vec<String>| lines.iter().filter(|line| line.contains(text)).count();
        lines.iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(about("Left out certificates"), [1, 0, 0, 0, 1], "{lines:?}");
    assert_eq!(about("Object not fetched"), [1, 0, 0, 0, 1], "{lines:?}");
    assert_eq!(about("Recovered"), [0; 5], "what is forgotten has not recovered");
}
