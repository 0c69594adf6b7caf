//! Signing in.

use super::family::{Detail, Family, Sample, Sort, Value};
use super::scrape::Scrape;
use crate::domain::schedule::Endpoint;
use crate::ports::TokenStatus;

pub(super) static FAMILIES: [Family; 4] = [
    Family {
        name: "akv_sync_sign_in_gate_open",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "1 while there is no token, because sign-in is refused, or Entra, IMDS or the identity endpoint cannot be reached.",
        series: |scrape| {
            let mut endpoints = scrape.status.into_iter().flat_map(|status| &status.endpoints);
            Sample::alone(endpoints.any(|known| known.endpoint == Endpoint::Token && known.open.is_some()))
        },
    },
    Family {
        name: "akv_sync_token_obtained_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &["scope"],
        detail: Detail::Always,
        help: "When the current token was obtained.",
        series: |scrape| of_each(scrape, |token| token.obtained.map(Value::Time)),
    },
    Family {
        name: "akv_sync_token_expiry_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &["scope"],
        detail: Detail::Always,
        help: "When the current token expires.",
        series: |scrape| of_each(scrape, |token| token.expires.map(Value::Time)),
    },
    Family {
        name: "akv_sync_token_renewal_failures",
        sort: Sort::Gauge,
        labels: &["scope"],
        detail: Detail::Always,
        help: "Failures in a row to renew the token. The current one stays in use until it expires.",
        series: |scrape| of_each(scrape, |token| Some(token.failed_renewals.into())),
    },
];

fn of_each(scrape: &Scrape<'_>, value: fn(&TokenStatus) -> Option<Value>) -> Vec<Sample> {
    let tokens = scrape.tokens.iter();
    tokens
        .filter_map(|token| Some(Sample::of(&[token.scope], value(token)?)))
        .collect()
}
