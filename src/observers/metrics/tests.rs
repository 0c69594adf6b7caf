//! What is read of a status, and how it is written.

mod parts;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::scrape::test_specs::spec;
use super::*;
use crate::domain::call::Call;
use crate::domain::desired::{OnStart, PerObject};
use crate::domain::entry::{EntryId, EntryKey};
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::VaultId;
use crate::domain::plan::EntryPlan;
use crate::domain::query::test_queries::secret;
use crate::domain::status::test_passes::{
    ask, at_second, blocked, failed, made, pass, path, pending, second, served,
};
use crate::domain::validity::Validity;
use crate::ports::{ProcessUsage, TokenStatus};

/// A process of which nothing is known but its CPU time.
struct Idle;

impl Usage for Idle {
    fn now(&self) -> ProcessUsage {
        ProcessUsage {
            cpu: Some(Duration::from_millis(1500)),
            ..ProcessUsage::default()
        }
    }
}

/// One token, which could not be renewed twice.
struct OneToken;

impl SignIn for OneToken {
    fn tokens(&self) -> Vec<TokenStatus> {
        vec![TokenStatus {
            scope: "https://vault.azure.net/.default",
            obtained: Some(second(100)),
            expires: Some(second(3700)),
            failed_renewals: 2,
        }]
    }
}

/// A manifest that names the vault `app`.
fn manifest(per_object: PerObject) -> Manifest {
    Manifest {
        taken: second(10),
        per_object,
        vaults: [VaultId::named("app")].into(),
    }
}

/// Of a process that began at second 1000.
fn metrics(per_object: PerObject) -> Metrics {
    Metrics(Arc::new(Shared {
        outside: Outside {
            clock: Arc::new(second(1000)),
            usage: Arc::new(Idle),
        },
        began: second(1000),
        known: Mutex::new(Known {
            counts: Counts::default(),
            manifest: manifest(per_object),
            sign_in: Arc::new(OneToken),
        }),
    }))
}

/// Takes a pass, and lets the metrics hear of it.
fn told(status: &mut Status, metrics: &mut Metrics, outcome: crate::domain::outcome::PassOutcome) {
    let events = status.fold(outcome, 0.5);
    metrics.tell(status, &events);
}

fn status() -> Status {
    Status::new(OnStart::Fresh)
}

/// The series of these names.
fn series(metrics: &Metrics, status: &Status, name: &str) -> Vec<String> {
    let text = metrics.text(Some(status), ExpositionForm::Text);
    let lines = text.lines().filter(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']))
    });
    lines.map(str::to_owned).collect()
}

fn expiring(name: &str, at: i64) -> EntryPlan {
    EntryPlan {
        validity: Validity::new(None, Some(second(at))),
        ..served(name)
    }
}

#[test]
fn what_is_served_fails_or_waits_is_counted_by_state_and_reason() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::Few));
    let entries = vec![
        served("a"),
        served("b"),
        failed("c", Reason::Forbidden),
        pending("d", false),
    ];
    told(&mut status, &mut metrics, pass(entries));
    assert_eq!(
        series(&metrics, &status, "akv_sync_entries"),
        [
            "akv_sync_entries{state=\"served\"} 2",
            "akv_sync_entries{state=\"pending\"} 1",
            "akv_sync_entries{state=\"failed\"} 1"
        ]
    );
    assert_eq!(
        series(&metrics, &status, "akv_sync_failing"),
        ["akv_sync_failing{reason=\"forbidden\"} 1"]
    );
    assert_eq!(
        series(&metrics, &status, "akv_sync_required_missing"),
        ["akv_sync_required_missing 1"]
    );
    assert_eq!(series(&metrics, &status, "akv_sync_ready"), ["akv_sync_ready 0"]);
    assert_eq!(
        series(&metrics, &status, "akv_sync_objects"),
        ["akv_sync_objects 4"]
    );
}

#[test]
fn an_outage_of_what_is_served_makes_nothing_missing_and_nothing_unready() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::Few));
    told(&mut status, &mut metrics, pass(vec![served("a")]));
    told(
        &mut status,
        &mut metrics,
        pass(vec![failed("a", Reason::Unreachable)]),
    );
    assert_eq!(series(&metrics, &status, "akv_sync_ready"), ["akv_sync_ready 1"]);
    assert_eq!(
        series(&metrics, &status, "akv_sync_required_missing"),
        ["akv_sync_required_missing 0"]
    );
}

#[test]
fn before_the_first_pass_it_is_not_ready_and_what_is_unknown_has_no_series() {
    let text = metrics(PerObject::All).text(None, ExpositionForm::Text);
    assert!(text.contains("akv_sync_ready 0\n"), "{text}");
    assert!(
        text.contains("akv_sync_vault_throttled_total{vault=\"app\"} 0\n"),
        "{text}"
    );
    assert!(!text.contains("akv_sync_objects"), "{text}");
    assert!(!text.contains("akv_sync_object_"), "{text}");
}

#[test]
fn the_series_of_an_object_go_with_it() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::All));
    told(&mut status, &mut metrics, pass(vec![made("a"), made("b")]));
    let names = series(
        &metrics.clone(),
        &status,
        "akv_sync_object_last_success_timestamp_seconds",
    );
    assert_eq!(names.len(), 2);
    told(&mut status, &mut metrics, pass(vec![served("b")]));
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    assert!(text.contains("object=\"b\""), "{text}");
    assert!(!text.contains("object=\"a\""), "{text}");
}

#[test]
fn an_object_with_several_entries_has_series_for_each_and_no_series_occurs_twice() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::All));
    let again = EntryPlan {
        key: EntryKey::Path(path("again")),
        files: vec![path("again")],
        ..made("a")
    };
    let template = EntryPlan {
        key: EntryKey::Path(path("all.env")),
        id: EntryId::Template(path("all.env")),
        files: vec![path("all.env")],
        ..made("a")
    };
    told(&mut status, &mut metrics, pass(vec![made("a"), again, template]));
    let name = "akv_sync_object_last_success_timestamp_seconds";
    assert_eq!(
        series(&metrics, &status, name),
        [
            format!("{name}{{vault=\"app\",kind=\"secret\",object=\"a\",path=\"a\"}} 0"),
            format!("{name}{{vault=\"app\",kind=\"secret\",object=\"a\",path=\"again\"}} 0"),
            format!("{name}{{vault=\"\",kind=\"template\",object=\"\",path=\"all.env\"}} 0"),
        ]
    );
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let series = samples.iter().filter_map(|line| line.rsplit_once(' '));
    let distinct: BTreeSet<_> = series.map(|(series, _)| series).collect();
    assert_eq!(distinct.len(), samples.len());
}

#[test]
fn how_much_is_said_of_single_objects_is_the_manifests_to_say() {
    let mut status = status();
    let names = |status: &mut Status, per_object| {
        let mut metrics = metrics(per_object);
        told(status, &mut metrics, pass(vec![expiring("a", 5000)]));
        let text = metrics.text(Some(status), ExpositionForm::Text);
        let lines = text.lines().filter(|line| line.contains("object=\"a\""));
        let names: BTreeSet<_> = lines
            .filter_map(|line| line.split_once('{').map(|(name, _)| name.to_owned()))
            .collect();
        names.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(names(&mut status, PerObject::None), Vec::<String>::new());
    assert_eq!(
        names(&mut status, PerObject::Few),
        [
            "akv_sync_object_expiry_timestamp_seconds",
            "akv_sync_object_last_success_timestamp_seconds"
        ]
    );
    assert!(names(&mut status, PerObject::All).contains(&"akv_sync_object_info".to_owned()));
}

#[test]
fn extremes_over_all_objects_are_there_whatever_is_said_of_single_ones() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::None));
    for name in ["a", "b"] {
        ask(&mut status, name, None, 1);
    }
    told(
        &mut status,
        &mut metrics,
        pass(vec![expiring("a", 5000), expiring("b", 4000)]),
    );
    assert_eq!(
        series(&metrics, &status, "akv_sync_earliest_expiry_timestamp_seconds"),
        ["akv_sync_earliest_expiry_timestamp_seconds{kind=\"secret\"} 4000"]
    );
}

#[test]
fn what_is_served_is_stale_three_effective_intervals_and_five_minutes_after_its_last_success() {
    let mut metrics = metrics(PerObject::None);
    let mut status = status();
    told(
        &mut status,
        &mut metrics,
        pass(vec![served("a"), pending("missing", false)]),
    );
    for entry in &mut status.entries {
        entry.effective_interval = Some(Duration::from_mins(2));
        entry.last_success = entry.complete.then_some(second(2000));
    }
    let name = "akv_sync_stale_timestamp_seconds";
    assert_eq!(
        series(&metrics, &status, name),
        [format!("{name} {}", 2000 + 360 + 300)]
    );
    // Nobody knows when it was confirmed: the start of the process stands in.
    status.entries[0].last_success = None;
    assert_eq!(
        series(&metrics, &status, name),
        [format!("{name} {}", 1000 + 360 + 300)]
    );
    // A pinned version is never asked for again.
    status.entries[0].effective_interval = None;
    assert!(series(&metrics, &status, name).is_empty());
}

#[test]
fn both_forms_say_the_same_and_open_metrics_says_where_it_ends() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::All));
    told(&mut status, &mut metrics, pass(vec![expiring("a", 5000)]));
    let samples = |form| {
        let text = metrics.text(Some(&status), form);
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(
        samples(ExpositionForm::Text),
        samples(ExpositionForm::OpenMetrics)
    );
    let text = metrics.text(Some(&status), ExpositionForm::OpenMetrics);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("# TYPE akv_sync_object info\n"), "{text}");
}

#[test]
fn each_name_occurs_once_and_no_series_has_more_labels_than_its_family() {
    let families: Vec<_> = PARTS.iter().flat_map(|(_, families)| families.iter()).collect();
    let names: BTreeSet<_> = families.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), families.len());
    let (mut status, mut metrics) = (status(), metrics(PerObject::All));
    told(
        &mut status,
        &mut metrics,
        pass(vec![expiring("a", 1), failed("b", Reason::Forbidden)]),
    );
    let (counts, manifest) = (Counts::default(), manifest(PerObject::All));
    let scrape = Scrape {
        status: Some(&status),
        counts: &counts,
        manifest: &manifest,
        usage: Idle.now(),
        tokens: OneToken.tokens(),
        began: second(0),
    };
    for (family, samples) in page(&scrape).0 {
        for sample in samples {
            assert_eq!(sample.labels.len(), family.labels.len(), "{}", family.name);
        }
    }
}
