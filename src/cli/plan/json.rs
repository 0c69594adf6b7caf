//! A plan for programs: one JSON object. Every key is always there; what does not apply is `null`.

use serde::Serialize;

use super::row::{Act, Reason, Row, Summary, changes};

#[derive(Serialize)]
struct Document<'r> {
    changes: bool,
    files: Vec<File<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'r> {
    path: &'r str,
    action: Act,
    reason: Reason,
    detail: &'r str,
    entry: Option<&'r str>,
    required: Option<bool>,
    from: Option<&'r str>,
    to: Option<&'r str>,
    mode: Option<String>,
    interval_seconds: Option<u64>,
    failure: Option<Failure<'r>>,
}

#[derive(Serialize)]
struct Failure<'r> {
    reason: &'static str,
    error: &'r str,
    hint: &'r str,
}

/// The whole plan.
pub(super) fn render(rows: &[Row]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document {
        changes: changes(rows),
        files: rows.iter().map(file).collect(),
        summary: Summary::of(rows),
    })
}

fn file(row: &Row) -> File<'_> {
    let owner = row.owner.as_ref();
    let because = &row.because;
    File {
        path: &row.path,
        action: row.act,
        reason: because.reason,
        detail: &because.detail,
        entry: owner.map(|owner| owner.entry.as_str()),
        required: owner.map(|owner| owner.required),
        from: because.from.as_deref(),
        to: because.to.as_deref(),
        mode: row.mode.map(|mode| mode.to_string()),
        interval_seconds: owner.map(|owner| owner.interval.as_secs()),
        failure: row.failure.as_ref().map(|failure| Failure {
            reason: failure.reason.as_str(),
            error: &failure.detail,
            hint: &failure.hint,
        }),
    }
}
