//! What the log says of passes: one line per change, none per no-op, a repeated failure once with a count.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::failure::{Failure, FailureClass, Reason};
use crate::domain::object::{Source, VaultName};
use crate::domain::plan::{Outcome, PlannedObject};
use crate::domain::render::Notice;
use crate::ports::VolumeFailure;

use super::pass::PassReport;

/// Repetitions after which a lasting failure is mentioned again.
const REMINDERS: [u32; 4] = [10, 100, 1_000, 10_000];

/// Remembers what it said, so that it says it once.
#[derive(Debug, Default)]
pub struct Reporter {
    failing: BTreeMap<Source, Said>,
    notices: BTreeMap<Source, Vec<Notice>>,
    volume_failures: u32,
}

/// An object, why it failed, and how often in a row.
type Failed<'a> = (&'a PlannedObject, &'a Failure, u32);

#[derive(Debug)]
struct Said {
    reason: Reason,
    times: u32,
}

impl Reporter {
    /// Says what is new in the report of a pass.
    pub fn report(&mut self, report: &PassReport) {
        self.report_volume(report.volume_failure.as_ref());
        report_changes(report);
        self.report_notices(report);
        self.report_recoveries(report);
        self.report_failures(report);
        tracing::debug!(
            fetched = report.fetched,
            written = report.publication.written.len(),
            removed = report.publication.removed.len(),
            milliseconds = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
            "Pass finished"
        );
    }

    fn report_volume(&mut self, failure: Option<&VolumeFailure>) {
        let Some(failure) = failure else {
            if self.volume_failures > 0 {
                tracing::info!(failures = self.volume_failures, "Volume recovered");
            }
            self.volume_failures = 0;
            return;
        };
        self.volume_failures += 1;
        let (times, cause) = (self.volume_failures, failure.source.to_string());
        if times == 1 || REMINDERS.contains(&times) {
            tracing::error!(error = %failure, cause, hint = failure.hint, times, "Volume not written");
        } else {
            tracing::debug!(error = %failure, cause, times, "Volume not written");
        }
    }

    fn report_notices(&mut self, report: &PassReport) {
        for object in &report.objects {
            // An object that was not rendered in this pass has nothing new to remark.
            if !matches!(object.outcome, Outcome::Fetched { changed: true, .. }) {
                continue;
            }
            if self.notices.get(&object.source) != Some(&object.notices) {
                for notice in &object.notices {
                    if notice.is_warning() {
                        tracing::warn!(object = %object.source, "{notice}");
                    } else {
                        tracing::info!(object = %object.source, "{notice}");
                    }
                }
                self.notices.insert(object.source.clone(), object.notices.clone());
            }
        }
    }

    fn report_recoveries(&mut self, report: &PassReport) {
        let failed: BTreeSet<&Source> = report.failures().map(|(object, _)| &object.source).collect();
        for object in &report.objects {
            let recovered = matches!(object.outcome, Outcome::Fetched { .. });
            if !recovered || failed.contains(&object.source) {
                continue;
            }
            if let Some(said) = self.failing.remove(&object.source) {
                tracing::info!(object = %object.source, reason = %said.reason, failures = said.times, "Recovered");
            }
        }
    }

    /// Failures that have one cause for many objects (identity, outage of a vault) are one line.
    fn report_failures(&mut self, report: &PassReport) {
        let mut groups: BTreeMap<(Option<&VaultName>, Reason), Vec<Failed<'_>>> = BTreeMap::new();
        let mut alone = Vec::new();
        for (object, failure) in report.failures() {
            let times = self.count(&object.source, failure.reason);
            match failure.reason.class() {
                FailureClass::Identity => groups
                    .entry((None, failure.reason))
                    .or_default()
                    .push((object, failure, times)),
                FailureClass::Unavailable => {
                    let vault = Some(&object.source.object.vault);
                    groups
                        .entry((vault, failure.reason))
                        .or_default()
                        .push((object, failure, times));
                }
                FailureClass::Refused | FailureClass::Volume => alone.push((object, failure, times)),
            }
        }
        for (object, failure, times) in alone {
            say(object, failure, 1, times);
        }
        for group in groups.into_values() {
            let objects = group.len();
            let newest = group.into_iter().min_by_key(|(_, _, times)| *times);
            if let Some((object, failure, times)) = newest {
                say(object, failure, objects, times);
            }
        }
    }

    fn count(&mut self, source: &Source, reason: Reason) -> u32 {
        let said = self
            .failing
            .entry(source.clone())
            .or_insert(Said { reason, times: 0 });
        if said.reason != reason {
            *said = Said { reason, times: 0 };
        }
        said.times += 1;
        said.times
    }
}

fn say(object: &PlannedObject, failure: &Failure, objects: usize, times: u32) {
    let kept = matches!(object.outcome, Outcome::Failed { kept: true, .. });
    let (reason, hint, required) = (failure.reason.as_str(), failure.hint.as_str(), object.required);
    if times == 1 || REMINDERS.contains(&times) {
        tracing::warn!(
            object = %object.source, objects, reason, kept, required, times, error = %failure, hint,
            "Object not fetched"
        );
    } else {
        tracing::debug!(object = %object.source, objects, reason, times, error = %failure, "Object not fetched");
    }
}

/// One line for each object whose files are new, and one for each path that disappeared or changed its mode.
fn report_changes(report: &PassReport) {
    if report.volume_failure.is_some() {
        return;
    }
    for object in &report.objects {
        if let Outcome::Fetched {
            version,
            changed: true,
            ..
        } = &object.outcome
        {
            tracing::info!(object = %object.source, %version, "Published");
        }
    }
    for path in &report.publication.removed {
        tracing::info!(%path, "Removed");
    }
    for path in &report.publication.adjusted {
        tracing::info!(%path, "Mode or owner changed");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use crate::domain::payload::Publication;
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

    /// The lines at info and above that the reporter writes for each report, one list per report.
    fn lines(reports: &[PassReport]) -> Vec<Vec<String>> {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut reporter = Reporter::default();
            let report = |report: &PassReport| {
                reporter.report(report);
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

    fn object(name: &str, outcome: Outcome) -> PlannedObject {
        PlannedObject {
            source: latest(name),
            required: true,
            outcome,
            notices: Vec::new(),
        }
    }

    fn failed(name: &str, reason: Reason) -> PlannedObject {
        let failure = Failure {
            reason,
            detail: "seen".into(),
            hint: "do".into(),
            retry_after: None,
        };
        object(name, Outcome::Failed { failure, kept: true })
    }

    fn fetched(name: &str, changed: bool) -> PlannedObject {
        object(
            name,
            Outcome::Fetched {
                version: version_id(1),
                changed,
                expires: None,
            },
        )
    }

    fn pass(objects: Vec<PlannedObject>) -> PassReport {
        PassReport {
            objects,
            publication: Publication::default(),
            volume_failure: None,
            fetched: 1,
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
}
