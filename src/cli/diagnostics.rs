//! What failed and what is odd, drawn for a person as `check` draws the problems of a manifest.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use time::format_description::well_known::Rfc3339;

use super::ansi::{ERROR, HINT, OFF, PLACE, WARNING};
use crate::domain::entry::EntryId;
use crate::domain::event::Event;
use crate::domain::notice::Notice;
use crate::domain::path::RelativePath;
use crate::domain::status::{EntryStatus, FailureStatus, Status};
use crate::domain::validity::Standing;
use crate::ports::Observer;

/// What the status does not keep, because it is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The files that are gone.
    pub(super) removed: Vec<RelativePath>,
    /// What was remarked on entries.
    remarks: Vec<(EntryId, Notice)>,
}

/// Notes what is over when it is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Seen>>);

impl Notes {
    /// What was seen so far.
    pub(super) fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Notes {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            match event {
                Event::Removed { path } => seen.removed.push(path.clone()),
                Event::Remark { entry, notice } if notice.is_warning() => {
                    seen.remarks.push((entry.clone(), notice.clone()));
                }
                _ => {}
            }
        }
    }
}

/// Everything that somebody should know: what fails, what had no answer, what is odd, what expires.
pub(super) fn render(status: &Status, seen: &Seen, color: bool) -> String {
    let mut drawing = Drawing {
        text: String::new(),
        color,
    };
    for cause in status.failing_by_cause() {
        drawing.failures(&cause);
    }
    for late in status.entries.iter().filter(|entry| entry.waits) {
        drawing.head(late.required, "", "no answer in time; not waited for any longer");
        drawing.place(&late.id.to_string());
    }
    for (entry, notice) in &seen.remarks {
        drawing.head(false, "", &notice.to_string());
        drawing.place(&entry.to_string());
        notice.hint().into_iter().for_each(|hint| drawing.hint(&hint));
    }
    for entry in &status.entries {
        drawing.validity(entry);
    }
    drawing.text
}

/// So many of those that fail for one cause are named besides the first.
const NAMED: usize = 10;

struct Drawing {
    text: String,
    color: bool,
}

impl Drawing {
    /// What fails for one cause: the first that is required in full, and the names of the others.
    fn failures(&mut self, cause: &[(&EntryStatus, &FailureStatus)]) {
        let first = cause.iter().position(|(entry, _)| entry.required).unwrap_or(0);
        let Some((entry, failure)) = cause.get(first) else {
            return;
        };
        let code = format!("[{}]", failure.reason);
        self.head(entry.required, &code, &failure.failure.detail);
        let kept = if failure.kept { ", what is there stays" } else { "" };
        self.place(&format!("{}{kept}", entry.id));
        let others = cause.iter().enumerate().filter(|(at, _)| *at != first);
        let mut names: Vec<_> = others
            .map(|(_, (entry, _))| entry.id.to_string())
            .take(NAMED)
            .collect();
        let more = cause.len() - 1;
        if more > NAMED {
            names.push("…".to_owned());
        }
        if more > 0 {
            self.line(format_args!("  and {more} more: {}", names.join(", ")));
        }
        self.hint(&failure.hint.at_the_end());
    }

    fn validity(&mut self, entry: &EntryStatus) {
        let (what, time) = match entry.standing {
            Standing::Valid => return,
            Standing::Expired => ("expired since", entry.validity.expires),
            Standing::ExpiresSoon => ("expires soon, at", entry.validity.expires),
            Standing::NotYetValid => ("not valid before", entry.validity.not_before),
        };
        let time = time
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_default();
        self.head(false, "", &format!("{what} {time}"));
        self.place(&entry.id.to_string());
    }

    fn head(&mut self, is_error: bool, code: &str, message: &str) {
        let (label, color) = if is_error {
            ("error", ERROR)
        } else {
            ("warning", WARNING)
        };
        let (color, off) = self.colors(color);
        self.line(format_args!("{color}{label}{code}{off}: {message}"));
    }

    fn place(&mut self, place: &str) {
        let (color, off) = self.colors(PLACE);
        self.line(format_args!("  {color}-->{off} {place}"));
    }

    fn hint(&mut self, hint: &str) {
        let (color, off) = self.colors(HINT);
        self.line(format_args!("{color}hint{off}: {hint}"));
    }

    fn colors(&self, color: &'static str) -> (&'static str, &'static str) {
        if self.color { (color, OFF) } else { ("", "") }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::desired::OnStart;
    use crate::domain::failure::Reason;
    use crate::domain::plan::EntryPlan;
    use crate::domain::status::test_passes::{failed, pass, second, served};
    use crate::domain::validity::Validity;

    fn drawn(entries: Vec<EntryPlan>) -> String {
        let mut status = Status::new(OnStart::Fresh);
        let events = status.fold(pass(entries), 0.5);
        let mut notes = Notes::default();
        notes.tell(&status, &events);
        render(&status, &notes.seen(), false)
    }

    #[test]
    fn each_failure_has_its_place_and_hint_and_one_of_a_vault_is_drawn_once() {
        let optional = EntryPlan {
            required: false,
            ..failed("optional", Reason::NotFound)
        };
        let text = drawn(vec![
            failed("a", Reason::Throttled),
            failed("b", Reason::Throttled),
            optional,
        ]);
        assert_eq!(
            text,
            "error[throttled]: seen\n  --> app/secrets/a, what is there stays\n  and 1 more: app/secrets/b\nhint: do\n\
             warning[notFound]: seen\n  --> app/secrets/optional, what is there stays\nhint: do\n"
        );
    }

    #[test]
    fn thirty_refused_secrets_are_one_diagnostic_with_a_bounded_list_of_names() {
        let optional = EntryPlan {
            required: false,
            ..failed("a", Reason::Forbidden)
        };
        let refused = (10..39).map(|number| failed(&format!("s{number}"), Reason::Forbidden));
        let text = drawn([optional].into_iter().chain(refused).collect());
        let names: Vec<_> = (11..20).map(|number| format!("app/secrets/s{number}")).collect();
        assert_eq!(
            text,
            format!(
                "error[forbidden]: seen\n  --> app/secrets/s10, what is there stays\n  and 29 more: app/secrets/a, {}, …\n\
                 hint: do\n",
                names.join(", ")
            )
        );
    }

    #[test]
    fn what_is_expired_is_a_warning_with_its_time() {
        let mut expired = served("a");
        expired.validity = Validity {
            not_before: None,
            expires: Some(second(-1)),
        };
        assert_eq!(
            drawn(vec![expired]),
            "warning: expired since 1969-12-31T23:59:59Z\n  --> app/secrets/a\n"
        );
    }

    #[test]
    fn a_remark_is_a_warning_with_its_place_and_what_to_do() {
        let entry = served("a");
        let notes = Notes::default();
        let status = Status::new(OnStart::Fresh);
        let notice = Notice::AuthorityAsLeaf;
        let hint = notice.hint().expect("a hint");
        let event = Event::Remark {
            entry: entry.id,
            notice: notice.clone(),
        };
        notes.clone().tell(&status, &[event]);
        assert_eq!(
            render(&status, &notes.seen(), false),
            format!("warning: {notice}\n  --> app/secrets/a\nhint: {hint}\n")
        );
    }

    #[test]
    fn nothing_is_drawn_when_all_is_well() {
        assert_eq!(drawn(vec![served("a")]), "");
    }
}
