//! Why a sync did not come to what was asked for: the exit code, and the entry that it comes from.

use super::exit::Exit;
use super::failure::{CommandFailure, Unserved};
use crate::domain::failure::Reason;
use crate::domain::status::{EntryStatus, Status, lacking};

/// Of a status in which something required is not served. Without `details` when each failure was drawn.
pub(super) fn failure(status: &Status, details: bool) -> CommandFailure {
    let exit = worst(status.reasons_against());
    let mut unserved: Vec<_> = status.unserved().collect();
    unserved.sort_by_key(|entry| reason(entry).map(Exit::from_reason) != Some(exit));
    let first = unserved.first().copied();
    let entries = match unserved.len() {
        0 => String::new(),
        count => format!(": {}", lacking(count, false)),
    };
    let failing = first.and_then(|first| first.failure.as_ref()).filter(|_| details);
    CommandFailure::of_sync(
        exit,
        format!("{}{entries}", exit.meaning()),
        failing.map(|failing| (failing.failure.to_string(), failing.hint.at_the_end())),
        Unserved {
            failed: unserved.len(),
            object: first.map(|first| first.id.to_string()),
            reason: first.and_then(reason),
        },
    )
}

/// Tells what had no answer.
pub(super) fn tell_late(status: &Status) {
    for late in status.entries.iter().filter(|entry| entry.waits) {
        tracing::warn!(object = %late.id, required = late.required, "No answer in time; not waited for any longer");
    }
}

fn reason(entry: &EntryStatus) -> Option<Reason> {
    entry.failure.as_ref().map(|failure| failure.reason)
}

/// Several may have failed for several reasons: what must be mended by a person comes before what may pass.
pub(super) fn worst(reasons: impl Iterator<Item = Reason>) -> Exit {
    let worst = reasons.min_by_key(|reason| (reason.is_transient(), reason.class()));
    worst.map_or(Exit::Unavailable, Exit::from_reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::desired::OnStart;
    use crate::domain::status::test_passes::{failed, pass, served};

    #[test]
    fn the_code_is_that_of_what_somebody_must_mend() {
        for (reasons, exit) in [
            (&[Reason::Throttled, Reason::NameTaken][..], Exit::Volume),
            (&[Reason::IdentityUnavailable, Reason::NotFound], Exit::Refused),
            (
                &[Reason::Forbidden, Reason::IdentityMisconfigured],
                Exit::Identity,
            ),
            (&[Reason::Unreachable], Exit::Unavailable),
            (&[Reason::IdentityUnavailable], Exit::Unavailable),
            (
                &[Reason::IdentityUnavailable, Reason::IdentityNotPropagated],
                Exit::Identity,
            ),
            (&[], Exit::Unavailable),
        ] {
            assert_eq!(worst(reasons.iter().copied()), exit, "{reasons:?}");
        }
    }

    #[test]
    fn the_last_words_name_what_the_code_means_how_many_fail_and_the_one_that_it_comes_from() {
        let mut status = Status::new(OnStart::Fresh);
        let entries = vec![
            served("well"),
            failed("busy", Reason::Throttled),
            failed("refused", Reason::Forbidden),
        ];
        status.fold(pass(entries), 0.5);
        let text = failure(&status, true).render(false);
        assert_eq!(
            text,
            "error: a vault refused, or a required object is missing or cannot be rendered: 2 required entries are not as \
             asked for; first app/secrets/refused (forbidden), exit code 5\n  caused by: seen\nhint: do\n"
        );
        let text = failure(&status, false).render(false);
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
