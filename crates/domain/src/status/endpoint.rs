//! What is known of one host.

use std::time::Duration;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::wall::wall;
use crate::failure::{Failure, Reason};
use crate::gate::Gate;
use crate::moment::Moment;
use crate::schedule::Endpoint;

/// What is known of a vault, or of the token endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointStatus {
    /// Which.
    pub endpoint: Endpoint,
    /// Why nothing but a probe is let through, while that is so.
    pub open: Option<OpenStatus>,
    /// Until when it asked to be left alone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub quiet_until: Option<OffsetDateTime>,
    /// For how long it asked, when that is longer than what is honoured.
    #[serde(rename = "askedForSeconds", serialize_with = "seconds")]
    pub asked_for: Option<Duration>,
    /// By how much the intervals are stretched: 1.0 to 8.0.
    pub stretch: f64,
}

/// Why a gate is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenStatus {
    /// From a closed set.
    pub reason: Reason,
    /// What was seen.
    pub error: String,
    /// How many tries failed in a row.
    pub failures: u32,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When the next try is.
    #[serde(with = "time::serde::rfc3339")]
    pub next_try: OffsetDateTime,
}

impl EndpointStatus {
    /// What a gate knows at a moment that is `at` by the wall clock.
    pub(super) fn of(endpoint: &Endpoint, gate: &Gate, at: OffsetDateTime, now: Moment) -> Self {
        let open = gate.opening().zip(gate.next_try());
        let open = open.map(|(open, next_try)| OpenStatus {
            reason: open.failure.reason,
            error: open.failure.detail.clone(),
            failures: open.failures,
            since: wall(at, now, open.since),
            next_try: wall(at, now, next_try),
        });
        let quiet_until = gate.quiet_until().filter(|until| *until > now);
        let asked_for = gate.opening().and_then(|open| open.asked_for);
        Self {
            endpoint: endpoint.clone(),
            asked_for: asked_for.filter(|asked| *asked > Failure::LONGEST_WAIT),
            open,
            quiet_until: quiet_until.map(|until| wall(at, now, until)),
            stretch: gate.stretch().factor(),
        }
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn seconds<S: Serializer>(wait: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    wait.map(|wait| wait.as_secs()).serialize(serializer)
}
