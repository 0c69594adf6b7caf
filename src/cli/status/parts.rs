//! What the table of entries does not say: failures, hosts, the volume, hooks.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::seen::{Entry, Failure, Hook, Host, Seen};
use crate::cli::age::{age, until};
use crate::cli::ansi::{HINT, OFF, RED, YELLOW};
use crate::cli::table::{self, Cell, Column, Cut, Look};
use crate::domain::plain_text::is_plain;
use crate::domain::status::lacking;

const HOOKS: [Column; 7] = [
    Column::new("HOOK", 8, None, Cut::Middle),
    Column::new("KIND", 6, Some(1), Cut::End),
    Column::new("STATE", 7, None, Cut::End),
    Column::new("STILL TO HEAR", 13, Some(5), Cut::Middle),
    Column::new("FOR", 4, Some(4), Cut::End),
    Column::new("LAST SUCCESS", 4, Some(3), Cut::End),
    Column::new("NEXT", 4, Some(2), Cut::End),
];

/// One line on whether it is ready, as `/readyz` has it.
pub(super) fn readiness(seen: &Seen, now: OffsetDateTime) -> String {
    let required = || seen.entries.iter().filter(|entry| entry.required);
    let Some(ready) = &seen.ready else {
        let waiting =
            required().filter(|entry| !(entry.complete && entry.as_asked && entry.failure.is_none()));
        return match waiting.count() {
            0 => "not ready yet".to_owned(),
            count => format!("not ready: {}", lacking(count, false)),
        };
    };
    let since = age(now - ready.since);
    let how = if ready.last_known_good {
        ", began with last known good files"
    } else {
        ""
    };
    match required().filter(|entry| !entry.complete).count() {
        0 => format!("ready for {since}{how}"),
        _ if seen.reload.pending => {
            format!("ready for {since}{how}; what the new manifest requires is not all there yet")
        }
        count => format!(
            "not ready: {}, {since} after it was ready first",
            lacking(count, true)
        ),
    }
}

/// What is wrong with the manifest or the certificate authorities of now, while those before them count.
pub(super) fn reload(seen: &Seen, now: OffsetDateTime, color: bool) -> Option<String> {
    let problems: Vec<_> = seen.reload.problems.iter().map(String::as_str).collect();
    let when = seen
        .reload
        .at
        .map(|at| format!(" {} ago", age(now - at)))
        .unwrap_or_default();
    let title = format!("the last reload{when} is refused; everything goes on as before");
    let hint = Some("correct it; of a manifest, `akv-sync check` tells line and column");
    (!problems.is_empty()).then(|| part(&title, RED, &problems, hint, color))
}

/// What fails, one part for all that one action mends.
pub(super) fn failures(seen: &Seen, now: OffsetDateTime, color: bool) -> Vec<String> {
    let failing = seen
        .entries
        .iter()
        .filter_map(|entry| Some((entry, entry.failure.as_ref()?)));
    let mut causes: BTreeMap<(&str, &str), Vec<(&Entry, &Failure)>> = BTreeMap::new();
    for (entry, failure) in failing {
        causes
            .entry((&failure.reason, &failure.hint))
            .or_default()
            .push((entry, failure));
    }
    let parts = causes.values().filter_map(|failing| {
        let (entry, failure) = failing.first()?;
        let others = match failing.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let title = format!(
            "{}{others}: {}, failed {} for {}",
            entry.id,
            failure.reason,
            times(failure.times),
            age(now - failure.since)
        );
        Some(part(&title, RED, &[&failure.error], Some(&failure.hint), color))
    });
    parts.collect()
}

/// Hosts that are not asked as usual.
pub(super) fn hosts(seen: &Seen, now: OffsetDateTime, color: bool) -> Vec<String> {
    seen.endpoints
        .iter()
        .filter_map(|host| host_part(host, now, color))
        .collect()
}

fn host_part(host: &Host, now: OffsetDateTime, color: bool) -> Option<String> {
    let name = &host.endpoint;
    let stretch =
        (host.stretch > 1.0).then(|| format!("its intervals are {:.1} times as long", host.stretch));
    let stretch = stretch.as_deref();
    if let Some(open) = &host.open {
        let title = format!(
            "the gate of {name} is open: {}, failed {} for {}, next try {}",
            open.reason,
            times(open.failures),
            age(now - open.since),
            until(now, open.next_try)
        );
        let lines: Vec<_> = [open.error.as_str()].into_iter().chain(stretch).collect();
        return Some(part(&title, YELLOW, &lines, None, color));
    }
    let quiet = host.quiet_until.filter(|until| *until > now);
    let quiet = quiet.map(|end| format!("{name} asked to be left alone for {}", age(end - now)));
    match (quiet, stretch) {
        (Some(quiet), stretch) => {
            let lines: Vec<_> = stretch.into_iter().collect();
            Some(part(&quiet, YELLOW, &lines, None, color))
        }
        (None, Some(stretch)) => {
            let title = format!("{name} throttled lately: {stretch}");
            Some(part(&title, YELLOW, &[], None, color))
        }
        (None, None) => None,
    }
}

/// How the volume fails.
pub(super) fn volume(seen: &Seen, color: bool) -> Option<String> {
    let trouble = seen.volume.failure.as_ref()?;
    let lines = [trouble.error.as_str(), &trouble.cause];
    Some(part("the volume fails", RED, &lines, Some(&trouble.hint), color))
}

/// Whether the application was told: a row for each hook, and how each one failed.
pub(super) fn hooks(seen: &Seen, now: OffsetDateTime, look: Look) -> Vec<String> {
    if seen.hooks.is_empty() {
        return Vec::new();
    }
    let rows: Vec<_> = seen.hooks.iter().map(|hook| hook_row(hook, now)).collect();
    let failing = seen
        .hooks
        .iter()
        .filter_map(|hook| Some((hook, hook.failure.as_ref()?)));
    let failing = failing.map(|(hook, failure)| {
        let title = format!("hook {} failed {}", hook.name, times(hook.tries));
        part(&title, RED, &[&failure.error], Some(&failure.hint), look.color)
    });
    std::iter::once(table::render(&HOOKS, &rows, look))
        .chain(failing)
        .collect()
}

fn hook_row(hook: &Hook, now: OffsetDateTime) -> [Cell; 7] {
    let (state, color) = match (hook.waiting.is_empty(), hook.running, &hook.failure) {
        (_, true, _) => ("running", ""),
        (true, false, _) => ("told", ""),
        (false, false, Some(_)) => ("failing", RED),
        (false, false, None) => ("waiting", YELLOW),
    };
    let ago = |then: Option<OffsetDateTime>| then.map(|then| age(now - then)).unwrap_or_default();
    let next = match (&hook.behind, hook.next_try) {
        (Some(other), _) => format!("after {other}"),
        (None, Some(next)) => until(now, next),
        (None, None) => String::new(),
    };
    let waiting = hook.waiting.iter();
    let waiting: Vec<_> = waiting
        .map(|change| format!("{} {}/{}", change.kind, change.vault, change.name))
        .collect();
    [
        hook.name.as_str().into(),
        hook.kind.as_str().into(),
        Cell::colored(state, color),
        waiting.join(", ").into(),
        ago(hook.waiting_since).into(),
        ago(hook.last_success).into(),
        next.into(),
    ]
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// A title, what is said below it, and what to do. Words of a service may be in it, which must not move the cursor.
fn part(title: &str, title_color: &str, lines: &[&str], hint: Option<&str>, color: bool) -> String {
    let [title_color, hint_color, off] = if color { [title_color, HINT, OFF] } else { [""; 3] };
    let mut text = format!("{title_color}{}{off}\n", one_line(title));
    for line in lines {
        text.extend(["  ", &one_line(line), "\n"]);
    }
    if let Some(hint) = hint {
        text.extend(["  ", hint_color, "hint", off, ": ", &one_line(hint), "\n"]);
    }
    text
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()
}
