//! Lines about hooks.

use std::time::Duration;

use crate::domain::age::short;
use crate::domain::event::Event;
use crate::domain::hook::{Change, Forgotten};

pub(super) fn say(event: &Event) {
    match event {
        Event::HookSucceeded {
            hook,
            kind,
            changes,
            took,
            tries,
        } => tracing::info!(
            %hook,
            kind,
            objects = changes.len(),
            names = names(changes),
            tries,
            took_milliseconds = milliseconds(*took),
            "Hook succeeded"
        ),
        Event::HookForgotten(Forgotten { hook, changes }) => tracing::warn!(
            %hook,
            objects = changes.len(),
            names = names(changes),
            "Hook left the manifest before it heard of changes; nobody hears of them now"
        ),
        Event::HookFailed {
            hook,
            kind,
            failure,
            times,
            age,
            next,
            news,
        } => {
            let (error, hint) = (failure.error.as_str(), failure.hint.as_str());
            // Rounded up: `0s` would say that it is tried at once.
            let next_try = next.map(|next| short(next + Duration::from_nanos(999_999_999)));
            let age = short(*age);
            if *news {
                tracing::warn!(%hook, kind, error, hint, times, age, next_try, "Hook failed");
            } else {
                tracing::debug!(%hook, kind, error, times, age, next_try, "Hook failed");
            }
        }
        _ => {}
    }
}

/// What changed, up to a number of names that a line can hold.
fn names(changes: &[Change]) -> String {
    const MOST: usize = 100;
    let names = changes.iter().take(MOST).map(|change| change.name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
