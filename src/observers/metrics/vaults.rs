//! Vaults: what is asked of them, what they answer, and whether their gates are open.

use super::counts::Answers;
use super::family::{Detail, Family, Sample, Sort, Value};
use super::scrape::Scrape;
use crate::domain::object::VaultId;
use crate::domain::status::EndpointStatus;

pub(super) static FAMILIES: [Family; 7] = [
    Family {
        name: "akv_sync_vault_calls",
        sort: Sort::Counter,
        labels: &["vault", "kind", "result"],
        detail: Detail::Always,
        help: "Calls to the vault that ended, by what was asked for (`secret`, `certificate`, `key`, `versions`, `secrets`) and by result: `ok`, or the reason of the failure.",
        series: |scrape| {
            let calls = scrape.counts.calls.iter();
            let series = calls.map(|((vault, kind, reason), count)| {
                let result = reason.map_or("ok", |reason| reason.as_str());
                Sample::of(&[name(scrape, vault), kind.as_str(), result], *count)
            });
            series.collect()
        },
    },
    Family {
        name: "akv_sync_vault_requests",
        sort: Sort::Counter,
        labels: &["vault", "kind"],
        detail: Detail::Always,
        help: "HTTP requests of these calls, including retries and pages of lists. These count against the limit of the vault.",
        series: |scrape| of_answers(scrape, |answers| answers.attempts.into()),
    },
    Family {
        name: "akv_sync_vault_call_duration_seconds",
        sort: Sort::Histogram,
        labels: &["vault", "kind"],
        detail: Detail::Always,
        help: "How long a call took, including retries and waiting for a token.",
        series: |scrape| of_answers(scrape, |answers| Value::Histogram(answers.took.clone())),
    },
    Family {
        name: "akv_sync_vault_throttled",
        sort: Sort::Counter,
        labels: &["vault"],
        detail: Detail::Always,
        help: "Calls that the vault refused because of its limit or that of its subscription (429).",
        series: |scrape| {
            of_each(scrape, |scrape, vault| {
                Some(scrape.counts.throttled(vault).into())
            })
        },
    },
    Family {
        name: "akv_sync_vault_gate_open",
        sort: Sort::Gauge,
        labels: &["vault"],
        detail: Detail::Always,
        help: "1 while the vault throttles or cannot be reached; one call at a time then checks whether it is back.",
        series: |scrape| {
            of_each(scrape, |scrape, vault| {
                Some(
                    endpoint(scrape, vault)
                        .is_some_and(|known| known.open.is_some())
                        .into(),
                )
            })
        },
    },
    Family {
        name: "akv_sync_vault_interval_stretch",
        sort: Sort::Gauge,
        labels: &["vault"],
        detail: Detail::Always,
        help: "Factor by which intervals are longer after throttling: 1 to 8.",
        series: |scrape| {
            of_each(scrape, |scrape, vault| {
                Some(endpoint(scrape, vault).map_or(1.0, |known| known.stretch).into())
            })
        },
    },
    Family {
        name: "akv_sync_vault_quiet_until_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &["vault"],
        detail: Detail::Always,
        help: "Until when the vault asked not to be called (`Retry-After`).",
        series: |scrape| {
            of_each(scrape, |scrape, vault| {
                endpoint(scrape, vault)?.quiet_until.map(Value::Time)
            })
        },
    },
];

/// What the manifest calls the vault. One that just left it is in no count any more.
fn name<'s>(scrape: &'s Scrape<'_>, vault: &'s VaultId) -> &'s str {
    scrape.manifest.vaults.get(vault).unwrap_or(vault).name.as_str()
}

/// A series for each vault of the manifest of which there is a value: also of one that was never asked, because what
/// grows must begin at zero.
fn of_each(scrape: &Scrape<'_>, value: fn(&Scrape<'_>, &VaultId) -> Option<Value>) -> Vec<Sample> {
    let vaults = scrape.manifest.vaults.iter();
    vaults
        .filter_map(|vault| Some(Sample::of(&[vault.name.as_str()], value(scrape, vault)?)))
        .collect()
}

fn of_answers(scrape: &Scrape<'_>, value: fn(&Answers) -> Value) -> Vec<Sample> {
    let answers = scrape.counts.answers.iter();
    answers
        .map(|((vault, kind), answers)| Sample::of(&[name(scrape, vault), kind.as_str()], value(answers)))
        .collect()
}

fn endpoint<'s>(scrape: &Scrape<'s>, vault: &VaultId) -> Option<&'s EndpointStatus> {
    let mut known = scrape.status?.endpoints.iter();
    known.find(|known| known.endpoint.vault() == Some(vault))
}
