//! The JSON of `/status`, as far as it is shown. A program of another version may leave out what this one knows.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::domain::validity::Validity;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    pub(super) ready: Option<Ready>,
    pub(super) entries: Vec<Entry>,
    #[serde(default)]
    pub(super) endpoints: Vec<Host>,
    #[serde(default)]
    pub(super) volume: Volume,
    #[serde(default)]
    pub(super) hooks: Vec<Hook>,
    #[serde(default)]
    pub(super) reload: Reload,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ready {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    #[serde(default)]
    pub(super) last_known_good: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as in the status itself"
)]
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) required: bool,
    pub(super) complete: bool,
    pub(super) as_asked: bool,
    pub(super) version: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) last_success: Option<OffsetDateTime>,
    pub(super) failure: Option<Failure>,
    pub(super) waits: bool,
    pub(super) held_back: Option<String>,
    pub(super) stopped_by: Option<String>,
    pub(super) validity: Validity,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) next_due: Option<OffsetDateTime>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) reason: String,
    #[serde(rename = "failure")]
    pub(super) error: String,
    pub(super) hint: String,
    pub(super) times: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Host {
    pub(super) endpoint: String,
    pub(super) open: Option<Open>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) quiet_until: Option<OffsetDateTime>,
    pub(super) stretch: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Open {
    pub(super) reason: String,
    pub(super) error: String,
    pub(super) failures: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) next_try: OffsetDateTime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reload {
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) at: Option<OffsetDateTime>,
    pub(super) problems: Vec<String>,
    pub(super) pending: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Volume {
    pub(super) failure: Option<Trouble>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trouble {
    pub(super) error: String,
    pub(super) cause: String,
    pub(super) hint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Hook {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) waiting: Vec<Change>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) waiting_since: Option<OffsetDateTime>,
    pub(super) tries: u32,
    pub(super) running: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) last_success: Option<OffsetDateTime>,
    pub(super) failure: Option<HookFailure>,
    pub(super) behind: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) next_try: Option<OffsetDateTime>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) vault: String,
    pub(super) kind: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct HookFailure {
    pub(super) error: String,
    pub(super) hint: String,
}
