//! Rows for tests: one of each action.

use std::time::Duration;

use super::row::{Act, Because, Owner, Reason, Row};
use crate::domain::failure::{self, Failure};
use crate::domain::mode::FileMode;

/// An entry of this name.
fn owner(name: &str) -> Owner {
    Owner {
        entry: format!("app/secrets/{name}"),
        required: name != "optional",
        interval: Duration::from_mins(5),
    }
}

/// One row of each action.
pub(super) fn rows() -> Vec<Row> {
    let text = |text: &str| Some(text.to_owned());
    let mode = FileMode::from_bits;
    let versions = Because::new(Reason::NewVersion, "new version 1a2b3c4d… → 3c4d5e6f…");
    let row = |act, path: &str, because| Row {
        act,
        path: path.to_owned(),
        owner: Some(owner(path)),
        mode: Some(mode(0o440)),
        because,
        failure: None,
    };
    vec![
        row(
            Act::Write,
            "a",
            versions.between(text("1a2b3c4d0"), text("3c4d5e6f0")),
        ),
        row(
            Act::Adjust,
            "b",
            Because::new(Reason::Mode, "mode 0400 → 0440").between(text("0400"), text("0440")),
        ),
        row(Act::Keep, "c", Because::new(Reason::Unchanged, "unchanged")),
        Row {
            owner: None,
            mode: None,
            ..row(
                Act::Remove,
                "long/path",
                Because::new(Reason::LeavesManifest, "leaves the manifest"),
            )
        },
        Row {
            mode: None,
            failure: Some(Failure::new(failure::Reason::NotFound, "404", "check the name")),
            ..row(
                Act::HoldBack,
                "optional",
                Because::new(Reason::Failed, "failed: notFound"),
            )
        },
    ]
}
