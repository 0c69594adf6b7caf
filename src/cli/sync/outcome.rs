//! The outcome of a sync as the running program tells it, and the exit code that it means.

use serde::Deserialize;

use crate::cli::exit::Exit;
use crate::cli::failure::{CommandFailure, Unserved};
use crate::cli::unserved::worst;
use crate::domain::failure::Reason;

#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    volume: Option<Trouble>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Trouble {
    error: String,
    cause: String,
    hint: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) required: bool,
    pub(super) as_asked: bool,
    pub(super) written: bool,
    pub(super) version: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) hint: Option<String>,
}

/// Reads it.
pub(super) fn read(body: &[u8]) -> Result<Outcome, CommandFailure> {
    serde_json::from_slice(body).map_err(|error| {
        let text = format!("the answer is no outcome of a sync: {error}");
        let hint = "check that akv-sync of this version listens there, and no other program".to_owned();
        CommandFailure::said(Exit::Unavailable, vec![text], Some(hint))
    })
}

impl Entry {
    fn reason(&self) -> Option<Reason> {
        Reason::named(self.reason.as_deref()?)
    }
}

impl Outcome {
    /// Why it is not what was asked for; none when it is. As with `once`, what is optional does not count, unless it
    /// was `named`.
    pub(super) fn failure(&self, named: bool) -> Option<CommandFailure> {
        if let Some(volume) = &self.volume {
            let error = format!("{}: {}", Exit::Volume.meaning(), volume.error);
            let hint = Some(volume.hint.clone());
            return Some(CommandFailure::said(
                Exit::Volume,
                vec![error, volume.cause.clone()],
                hint,
            ));
        }
        let against = self
            .entries
            .iter()
            .filter(|entry| !entry.as_asked && (named || entry.required));
        let mut against: Vec<_> = against.collect();
        let exit = worst(against.iter().filter_map(|entry| entry.reason()));
        against.sort_by_key(|entry| entry.reason().map(Exit::from_reason) != Some(exit));
        let first = against.first()?;
        let entries = match against.len() {
            1 => "1 entry is not as asked for".to_owned(),
            count => format!("{count} entries are not as asked for"),
        };
        let details = first.error.clone().zip(first.hint.clone());
        Some(CommandFailure::of_sync(
            exit,
            format!("{}: {entries}", exit.meaning()),
            details,
            Unserved {
                failed: against.len(),
                object: Some(first.id.clone()),
                reason: first.reason(),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(entries: &str) -> Outcome {
        let body = format!(r#"{{"synced":false,"volume":null,"entries":[{entries}],"new":1}}"#);
        read(body.as_bytes()).expect("readable")
    }

    fn code(outcome: &Outcome, named: bool) -> Option<Exit> {
        outcome.failure(named).map(|failure| failure.exit)
    }

    #[test]
    fn the_code_is_that_of_once_by_the_reason_that_somebody_must_mend() {
        for (reasons, exit) in [
            (&["forbidden"][..], Exit::Refused),
            (&["throttled"], Exit::Unavailable),
            (&["throttled", "identityMisconfigured"], Exit::Identity),
            (&["nameTaken"], Exit::Volume),
            (&["of a newer program"], Exit::Unavailable),
        ] {
            let entries = reasons.iter().map(|reason| {
                format!(
                    r#"{{"id":"a","required":true,"asAsked":false,"reason":"{reason}","error":"seen","hint":"do"}}"#
                )
            });
            let entries: Vec<_> = entries.collect();
            assert_eq!(
                code(&outcome(&entries.join(",")), false),
                Some(exit),
                "{reasons:?}"
            );
        }
        let stopped = outcome(r#"{"id":"a","required":true,"asAsked":false}"#);
        assert_eq!(code(&stopped, false), Some(Exit::Unavailable));
        assert_eq!(
            code(&outcome(r#"{"id":"a","required":true,"asAsked":true}"#), false),
            None
        );
    }

    #[test]
    fn what_is_optional_counts_only_when_it_was_named() {
        let optional = outcome(r#"{"id":"a","required":false,"asAsked":false,"reason":"notFound"}"#);
        assert_eq!(code(&optional, false), None);
        assert_eq!(code(&optional, true), Some(Exit::Refused));
    }

    #[test]
    fn a_volume_that_fails_is_told_before_all_else() {
        let body = br#"{"synced":false,"volume":{"kind":"readOnly","error":"open","cause":"no","hint":"mend"},"entries":[]}"#;
        let failure = read(body).expect("readable").failure(false).expect("a failure");
        assert_eq!(failure.exit, Exit::Volume);
        assert!(
            failure
                .render(false)
                .ends_with("open\n  caused by: no\nhint: mend\n")
        );
    }

    #[test]
    fn what_is_no_outcome_is_told_as_such() {
        let failure = read(b"<html>").expect_err("no JSON");
        assert_eq!(failure.exit, Exit::Unavailable);
    }

    #[test]
    fn the_last_words_do_not_say_that_a_running_program_has_to_be_run_again() {
        let failed = outcome(
            r#"{"id":"app/secrets/a","required":true,"asAsked":false,"reason":"unreachable","error":"seen","hint":"no action: it is tried again"}"#,
        );
        let text = failed.failure(false).expect("a failure").render(false);
        assert!(
            text.contains(": 1 entry is not as asked for; first app/secrets/a (unreachable), exit code 6\n  caused by: seen\nhint: no action: it is tried again\n"),
            "{text}"
        );
    }
}
