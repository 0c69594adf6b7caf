//! The words and hints of the failure table.

use std::fmt::Write as _;
use std::time::Duration;

use super::failure_table::{Asked, Row, refuse, table};
use super::stage::*;
use crate::domain::failure::Failure;

/// What the fetch of a row ends with.
pub(super) async fn failure_of(row: &Row) -> Failure {
    let vaults = [
        spec("app", &format!("https://{HOST}/")),
        spec("hsm", "https://contoso-hsm.managedhsm.azure.net/"),
    ];
    let reply = row.reply.clone();
    let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, move |call| {
        if call.token.is_some() {
            return Ok(reply.clone());
        }
        let hsm = call
            .url
            .host_str()
            .is_some_and(|host| host.ends_with("managedhsm.azure.net"));
        let challenge = if hsm {
            CHALLENGE.replace("//vault.", "//managedhsm.")
        } else {
            CHALLENGE.to_owned()
        };
        Ok(Reply::new(401, "").with("www-authenticate", challenge))
    });
    match &row.asked {
        Asked::Object(source) => stage.fetch(source).await.expect_err(row.what),
        Asked::Versions(source) => stage.versions(source).await.expect_err(row.what),
        Asked::Secrets => stage.secrets().await.expect_err(row.what),
    }
}

#[tokio::test(start_paused = true)]
async fn each_row_of_the_failure_table_has_its_reason_and_its_words() {
    let mut shown = String::new();
    for row in table() {
        let failure = failure_of(&row).await;
        assert_eq!(failure.reason, row.reason, "{}: {failure}", row.what);
        writeln!(
            shown,
            "{}\n  {}: {}\n  hint: {}\n",
            row.what, failure.reason, failure, failure.hint
        )
        .expect("a string takes everything");
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_one_line_without_a_full_stop_and_with_a_hint() {
    for row in table() {
        let failure = failure_of(&row).await;
        for text in [&failure.detail, &failure.hint.to_string()] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", row.what);
            assert!(!text.chars().any(char::is_control), "{}: {text:?}", row.what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_the_service_is_cut_and_cleaned() {
    let message = format!("\u{1b}[2J{}\u{202e}", "x".repeat(100_000));
    let stage = Stage::answering([refuse(403, "Forbidden", Some("ForbiddenByRbac"), &message)]);
    let failure = stage.fetch(&secret("db")).await.expect_err("refused");
    assert!(failure.detail.chars().count() < 700, "{}", failure.detail.len());
    assert!(!failure.detail.contains(['\u{1b}', '\u{202e}']));
}
