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
    hint: String,
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
            hint: failure.hint.at_the_end(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cli::plan::test_rows::rows;

    fn document(rows: &[Row]) -> Value {
        serde_json::from_str(&render(rows).expect("rendered")).expect("JSON")
    }

    #[test]
    fn each_file_has_every_key_and_null_where_it_does_not_apply() {
        let plan = document(&rows());
        assert_eq!(
            plan["files"][0],
            json!({
                "path": "a",
                "action": "write",
                "reason": "newVersion",
                "detail": "new version 1a2b3c4d… → 3c4d5e6f…",
                "entry": "app/secrets/a",
                "required": true,
                "from": "1a2b3c4d0",
                "to": "3c4d5e6f0",
                "mode": "0440",
                "intervalSeconds": 300,
                "failure": null,
            })
        );
        assert_eq!(
            plan["files"][3],
            json!({
                "path": "long/path",
                "action": "remove",
                "reason": "leavesManifest",
                "detail": "leaves the manifest",
                "entry": null,
                "required": null,
                "from": null,
                "to": null,
                "mode": null,
                "intervalSeconds": null,
                "failure": null,
            })
        );
        assert_eq!(plan["files"][4]["action"], "holdBack");
        assert_eq!(
            plan["files"][4]["failure"],
            json!({ "reason": "notFound", "error": "404", "hint": "check the name" })
        );
    }

    #[test]
    fn the_summary_counts_and_what_is_held_back_or_kept_is_no_change() {
        let all = rows();
        let plan = document(&all);
        assert_eq!(plan["changes"], true);
        assert_eq!(
            plan["summary"],
            json!({ "write": 1, "adjust": 1, "remove": 1, "keep": 1, "holdBack": 1 })
        );
        let quiet: Vec<_> = all.into_iter().filter(|row| !row.act.changes()).collect();
        assert_eq!(document(&quiet)["changes"], false);
        assert_eq!(document(&[])["files"], json!([]));
    }
}
