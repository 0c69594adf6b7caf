//! Holds `docs/troubleshooting.md` to what the program says.

use std::collections::BTreeSet;

use super::failure_table::table;
use super::failures::failure_of;
use crate::domain::failure::Reason;
use crate::keyvault::hint;
use crate::transport::certificate_hint;

const PAGE: &str = include_str!("../../../docs/troubleshooting.md");

/// Hints of failures that have no row in the table: those without an answer, and those before a request.
const HINTS_WITHOUT_A_ROW: [&str; 13] = [
    certificate_hint::CLOCK,
    certificate_hint::NAME,
    certificate_hint::UNKNOWN,
    certificate_hint::AUTHORITY,
    certificate_hint::ANEW,
    hint::CHALLENGE,
    hint::DNS,
    hint::HSM_HAS_KEYS_ONLY,
    hint::NO_CONNECTION,
    hint::TLS,
    hint::TOO_LONG_A_LIST,
    hint::UNKNOWN_KEY,
    hint::PROXY,
];

#[test]
fn every_reason_has_a_section() {
    for reason in Reason::ALL {
        assert!(
            PAGE.contains(&format!("\n### `{reason}`\n")),
            "{reason} has no section"
        );
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_reasons() {
    use crate::domain::failure::FailureClass as Class;
    let rows = [
        (&[Class::Identity][..], "| 4,"),
        (&[Class::Refused], "| 5,"),
        (&[Class::Unavailable], "| 6,"),
        (&[Class::Volume], "| 7,"),
    ];
    for (classes, start) in rows {
        let row = PAGE
            .lines()
            .find(|line| line.starts_with(start))
            .expect("a row of the class");
        let listed: BTreeSet<_> = row.split('`').skip(1).step_by(2).collect();
        let of_class = Reason::ALL
            .iter()
            .filter(|reason| classes.contains(&reason.class()));
        assert_eq!(
            listed,
            of_class.map(|reason| reason.as_str()).collect(),
            "{start}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_quotes_what_the_program_says_and_every_hint_of_it() {
    let mut hints: BTreeSet<String> = HINTS_WITHOUT_A_ROW.map(str::to_owned).into();
    hints.insert(hint::NO_TOKEN.to_string());
    let mut details = BTreeSet::new();
    for row in table() {
        let failure = failure_of(&row).await;
        hints.insert(failure.hint.to_string());
        details.insert(failure.detail);
    }
    let quoted: BTreeSet<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
        .map(str::to_owned)
        .collect();
    let invented: Vec<_> = quoted
        .iter()
        .filter(|q| !hints.contains(*q) && !details.contains(*q))
        .collect();
    let missing: Vec<_> = hints.difference(&quoted).collect();
    assert_eq!((invented, missing), (vec![], vec![]));
}
