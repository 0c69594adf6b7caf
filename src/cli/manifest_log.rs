//! What is wrong with a manifest, as events of the log: never a value of the manifest.

use crate::manifest::{Problems, Severity};

/// Tells each problem once, up to the number that a report tells.
pub(super) fn log(problems: &Problems) {
    for problem in problems.told() {
        let (line, column) = problem.at.map(|at| (at.line, at.column)).unzip();
        let (code, hint) = (problem.code.as_str(), problem.hint.as_deref());
        let (path, message) = (problems.origin(), &problem.message);
        match problem.severity {
            Severity::Error => {
                tracing::error!(path, code, line, column, error = %message, hint, "Manifest refused");
            }
            Severity::Warning => {
                tracing::warn!(path, code, line, column, error = %message, hint, "Manifest warning");
            }
        }
    }
    if let Some(left_out) = problems.left_out() {
        tracing::warn!(
            path = problems.origin(),
            error = left_out,
            "Manifest problems not told"
        );
    }
}
