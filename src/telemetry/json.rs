//! A line of the log as a JSON object: timestamp, level, message, then the fields.

use std::fmt;

use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::parts::Parts;

/// Writes events as JSON. Spans are the Azure SDK's own, and are not shown.
#[derive(Debug)]
pub(super) struct JsonLine<T = SystemTime> {
    pub(super) time: T,
}

impl<S, N, T> FormatEvent<S, N> for JsonLine<T>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    T: FormatTime,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Parts { message, fields } = Parts::of(event);
        line.write_str("{\"timestamp\":\"")?;
        self.time.format_time(&mut line)?;
        let level = event.metadata().level();
        write!(
            line,
            "\",\"level\":\"{level}\",\"message\":{}",
            Value::from(message)
        )?;
        for (name, value) in fields {
            write!(line, ",{}:{value}", Value::from(name))?;
        }
        line.write_str("}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_lines::{Noon, logged};
    use super::*;

    fn line(log: impl FnOnce()) -> String {
        logged(JsonLine { time: Noon }, log)
    }

    #[test]
    fn a_line_is_an_object_whose_values_keep_their_kind() {
        let absent: Option<&str> = None;
        let line = line(|| {
            let object = format_args!("app/secrets/db");
            tracing::warn!(%object, objects = 12, kept = true, absent, share = 0.5, shift = -1, "Object not fetched");
        });
        assert_eq!(
            line,
            "{\"timestamp\":\"2026-11-30T12:00:00Z\",\"level\":\"WARN\",\"message\":\"Object not fetched\",\
             \"object\":\"app/secrets/db\",\"objects\":12,\"kept\":true,\"share\":0.5,\"shift\":-1}\n"
        );
    }

    #[test]
    fn a_text_with_line_ends_and_quotes_makes_no_second_line_and_comes_back_whole() {
        let text = "one\ntwo\u{1b}[2J \"three\"";
        let line = line(|| tracing::error!(error = text, "Ended"));
        assert_eq!(line.lines().count(), 1, "{line}");
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["error"], text);
    }

    #[test]
    fn what_a_library_says_is_a_field_of_a_line_of_ours() {
        let line = line(|| tracing::warn!(target: "hyper::proto", "closed {}", 7));
        assert!(
            line.ends_with("\"message\":\"Library\",\"library\":\"hyper::proto\",\"said\":\"closed 7\"}\n"),
            "{line}"
        );
    }
}
