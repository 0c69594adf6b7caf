//! A status for people: the table of entries, then what is not as it should be, then hooks.

use time::OffsetDateTime;

use super::seen::Seen;
use super::{objects, parts};
use crate::cli::table::Look;

/// The whole of it. `from_volume` says why it is not a running program's.
pub(super) fn render(seen: &Seen, from_volume: Option<&str>, now: OffsetDateTime, look: Look) -> String {
    let first = match from_volume {
        Some(why) => format!("{why}\n"),
        None => format!("{}\n", parts::readiness(seen, now)),
    };
    let mut all = vec![first, objects::render(seen, now, look)];
    all.extend(parts::reload(seen, now, look.color));
    all.extend(parts::volume(seen, look.color));
    all.extend(parts::failures(seen, now, look.color));
    all.extend(parts::hosts(seen, now, look.color));
    all.extend(parts::hooks(seen, now, look));
    all.join("\n")
}

#[cfg(test)]
mod tests;
