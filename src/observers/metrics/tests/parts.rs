//! Vaults, volume, hooks, tokens and the manifest.

use super::*;
use crate::domain::hook::{Change, HookStatus};
use crate::domain::object::{HookName, ObjectId, ObjectKind, ObjectName};
use crate::domain::path::RelativePath;

#[test]
fn what_a_vault_answers_is_counted_and_its_gate_is_shown() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::Few));
    let refused = Failure::new(Reason::Throttled, "429", "wait");
    ask(&mut status, "a", Some(&refused), 1);
    let mut outcome = at_second(pass(vec![pending("a", false)]), 1);
    let took = Duration::from_millis(20);
    outcome.calls = [None, Some(Reason::Throttled)]
        .into_iter()
        .filter_map(|failure| Call::new(&secret("a"), 1, took, failure))
        .collect();
    told(&mut status, &mut metrics, outcome);
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    for line in [
        "akv_sync_vault_calls_total{vault=\"app\",kind=\"secret\",result=\"ok\"} 1",
        "akv_sync_vault_calls_total{vault=\"app\",kind=\"secret\",result=\"throttled\"} 1",
        "akv_sync_vault_requests_total{vault=\"app\",kind=\"secret\"} 2",
        "akv_sync_vault_throttled_total{vault=\"app\"} 1",
        "akv_sync_vault_gate_open{vault=\"app\"} 1",
        "akv_sync_vault_call_duration_seconds_bucket{vault=\"app\",kind=\"secret\",le=\"0.01\"} 0",
        "akv_sync_vault_call_duration_seconds_bucket{vault=\"app\",kind=\"secret\",le=\"0.025\"} 2",
        "akv_sync_vault_call_duration_seconds_bucket{vault=\"app\",kind=\"secret\",le=\"+Inf\"} 2",
        "akv_sync_vault_call_duration_seconds_count{vault=\"app\",kind=\"secret\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn publishes_files_and_bytes_are_counted_and_the_volume_says_how_it_is() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::Few));
    let mut outcome = pass(vec![made("a"), made("b")]);
    crate::domain::status::test_passes::decided(&mut outcome).written_bytes = 12;
    told(&mut status, &mut metrics, outcome);
    told(&mut status, &mut metrics, pass(vec![served("a"), served("b")]));
    told(&mut status, &mut metrics, blocked());
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    for line in [
        "akv_sync_publishes_total 1",
        "akv_sync_files_written_total 2",
        "akv_sync_written_bytes_total 12",
        "akv_sync_last_publish_timestamp_seconds 0",
        "akv_sync_volume_failures 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn a_vault_that_leaves_the_manifest_takes_its_series_along_and_late_answers_do_not_bring_them_back() {
    let (mut status, mut metrics) = (status(), metrics(PerObject::Few));
    let mut answered = |metrics: &mut Metrics| {
        let mut outcome = pass(vec![pending("a", false)]);
        outcome.calls = Call::new(&secret("a"), 1, Duration::ZERO, None)
            .into_iter()
            .collect();
        told(&mut status, metrics, outcome);
        let text = metrics.text(None, ExpositionForm::Text);
        let lines = text.lines().filter(|line| line.contains("{vault=\"app\""));
        lines.count()
    };
    assert!(answered(&mut metrics) > 5);
    metrics.declare(&spec(&[("next", "other")], PerObject::Few));
    assert_eq!(answered(&mut metrics), 0);
}

#[test]
fn a_manifest_that_is_refused_leaves_the_one_before_until_one_takes_effect() {
    let (mut status, metrics) = (status(), metrics(PerObject::Few));
    let successful = "akv_sync_config_last_reload_successful";
    let at = "akv_sync_config_last_reload_success_timestamp_seconds";
    assert_eq!(series(&metrics, &status, successful), [format!("{successful} 1")]);
    status.reload_refused(OffsetDateTime::UNIX_EPOCH, vec!["unknown-key".to_owned()]);
    assert_eq!(series(&metrics, &status, successful), [format!("{successful} 0")]);
    assert_eq!(series(&metrics, &status, at), [format!("{at} 10")]);
    let next = spec(&[("app", "app")], PerObject::All);
    metrics.declare(&next);
    status.reloaded(OffsetDateTime::UNIX_EPOCH, &next);
    assert_eq!(series(&metrics, &status, successful), [format!("{successful} 1")]);
    assert_eq!(series(&metrics, &status, at), [format!("{at} 1000")]);
}

#[test]
fn tokens_have_their_times_and_failures_and_the_process_its_own() {
    let (status, metrics) = (status(), metrics(PerObject::Few));
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    for line in [
        "akv_sync_token_obtained_timestamp_seconds{scope=\"https://vault.azure.net/.default\"} 100",
        "akv_sync_token_expiry_timestamp_seconds{scope=\"https://vault.azure.net/.default\"} 3700",
        "akv_sync_token_renewal_failures{scope=\"https://vault.azure.net/.default\"} 2",
        "process_cpu_seconds_total 1.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("process_resident_memory_bytes"),
        "what is unknown is absent"
    );
}

/// A hook that failed twice and has one change to hear, which was published at second 500.
fn waiting(name: &str) -> HookStatus {
    let object = ObjectId {
        vault: VaultId::named("app"),
        kind: ObjectKind::Secret,
        name: ObjectName::parse("a").expect("valid"),
    };
    let path = RelativePath::parse("a").expect("valid");
    HookStatus {
        name: HookName::parse(name).expect("valid"),
        kind: "exec",
        waiting: vec![Change::new(&object, None, None, path)],
        waiting_since: Some(second(500)),
        tries: 2,
        running: false,
        last_success: Some(second(400)),
        last_took: Some(Duration::from_millis(250)),
        failure: None,
        behind: None,
        next_try: None,
        successes: 3,
        failures: 4,
    }
}

#[test]
fn a_hook_has_what_it_was_told_and_what_it_has_still_to_hear_until_it_leaves_the_manifest() {
    let (mut status, metrics) = (status(), metrics(PerObject::None));
    status.hook_statuses = vec![waiting("reload")];
    let text = metrics.text(Some(&status), ExpositionForm::Text);
    for line in [
        "akv_sync_hook_runs_total{hook=\"reload\",result=\"ok\"} 3",
        "akv_sync_hook_runs_total{hook=\"reload\",result=\"failed\"} 4",
        "akv_sync_hook_waiting_changes{hook=\"reload\"} 1",
        "akv_sync_hook_oldest_waiting_timestamp_seconds{hook=\"reload\"} 500",
        "akv_sync_hook_tries{hook=\"reload\"} 2",
        "akv_sync_hook_last_success_timestamp_seconds{hook=\"reload\"} 400",
        "akv_sync_hook_last_duration_seconds{hook=\"reload\"} 0.25",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    status.hook_statuses[0].waiting_since = None;
    let oldest = "akv_sync_hook_oldest_waiting_timestamp_seconds";
    assert!(
        series(&metrics, &status, oldest).is_empty(),
        "everything was told"
    );
    status.hook_statuses.clear();
    assert!(
        !metrics
            .text(Some(&status), ExpositionForm::Text)
            .contains("hook=\"")
    );
}

#[test]
fn tokens_of_another_identity_take_the_place_of_those_before() {
    struct NoToken;
    impl SignIn for NoToken {
        fn tokens(&self) -> Vec<TokenStatus> {
            Vec::new()
        }
    }
    let (status, metrics) = (status(), metrics(PerObject::Few));
    let family = "akv_sync_token_expiry_timestamp_seconds{";
    assert!(metrics.text(Some(&status), ExpositionForm::Text).contains(family));
    metrics.sign_in_with(Arc::new(NoToken));
    assert!(!metrics.text(Some(&status), ExpositionForm::Text).contains(family));
}
