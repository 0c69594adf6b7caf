//! A line of the log as text: time, level, message, then each field as `key=value`, with quotes where a value needs them.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::parts::Parts;
use crate::domain::plain_text::is_plain;

const DIM: &str = "\x1b[2m";
const OFF: &str = "\x1b[0m";

/// Writes events as lines of text. Spans are the Azure SDK's own, and are not shown.
#[derive(Debug)]
pub(super) struct TextLine<T = SystemTime> {
    pub(super) time: T,
    pub(super) color: bool,
}

impl<S, N, T> FormatEvent<S, N> for TextLine<T>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    T: FormatTime,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = *event.metadata().level();
        let (dim, bright, off) = if self.color {
            (DIM, color_of(level), OFF)
        } else {
            ("", "", "")
        };
        line.write_str(dim)?;
        self.time.format_time(&mut line)?;
        write!(line, "{off} {bright}{level}{off}")?;
        let Parts { message, fields } = Parts::of(event);
        // It ends where the first field begins; quotes in it are part of a sentence.
        let message: String = message
            .chars()
            .map(|c| if is_plain(c) { c } else { ' ' })
            .collect();
        write!(line, " {message}")?;
        for (name, value) in &fields {
            write!(line, " {dim}{name}={off}")?;
            match value {
                Value::String(text) => line.write_str(&quoted(text))?,
                other => write!(line, "{other}")?,
            }
        }
        writeln!(line)
    }
}

const fn color_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[1;31m",
        Level::WARN => "\x1b[1;33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG | Level::TRACE => "\x1b[34m",
    }
}

/// With quotes where it needs them.
fn quoted(value: &str) -> String {
    if !needs_quotes(value) {
        return value.to_owned();
    }
    let mut text = "\"".to_owned();
    escape(value, &mut text);
    text.push('"');
    text
}

fn needs_quotes(value: &str) -> bool {
    value.is_empty()
        || value.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\\') || !is_plain(c))
}

/// As JSON has it in a string, so that any reader of such lines gets the value back.
fn escape(value: &str, line: &mut String) {
    for c in value.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if is_plain(c) => line.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_lines::{Noon, logged as line_of};
    use super::*;

    fn logged(color: bool, log: impl FnOnce()) -> String {
        line_of(TextLine { time: Noon, color }, log)
    }

    #[test]
    fn a_line_is_time_level_message_and_fields_in_the_order_of_the_code() {
        let absent: Option<&str> = None;
        let line = logged(false, || {
            let object = format_args!("app/secrets/db");
            tracing::warn!(%object, objects = 12, kept = true, absent, reason = "forbidden", "Object not fetched");
        });
        assert_eq!(
            line,
            "2026-11-30T12:00:00Z WARN Object not fetched object=app/secrets/db objects=12 kept=true reason=forbidden\n"
        );
    }

    #[test]
    fn a_value_has_quotes_when_it_needs_them_however_it_was_given() {
        for (value, shown) in [
            ("plain-1.0/ä漢", "plain-1.0/ä漢"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("say \"no\"", "\"say \\\"no\\\"\""),
            ("C:\\x", "\"C:\\\\x\""),
            ("line\r\n\tnext", "\"line\\r\\n\\tnext\""),
            ("\u{1b}[31m", "\"\\u001b[31m\""),
            ("\u{202e}", "\"\\u202e\""),
            ("\u{e0001}", "\"\\udb40\\udc01\""),
            ("\u{a0}", "\"\u{a0}\""),
        ] {
            let expected = format!("2026-11-30T12:00:00Z ERROR Ended error={shown}\n");
            assert_eq!(
                logged(false, || tracing::error!(error = value, "Ended")),
                expected
            );
            assert_eq!(
                logged(false, || tracing::error!(error = %value, "Ended")),
                expected
            );
        }
    }

    #[test]
    fn a_message_makes_no_second_line() {
        let line = logged(false, || tracing::warn!("{}", "one\ntwo\u{1b}[2J \"three\""));
        assert_eq!(line, "2026-11-30T12:00:00Z WARN one two [2J \"three\"\n");
    }

    #[test]
    fn what_the_azure_sdk_and_libraries_say_is_a_quoted_field_of_a_line_of_ours() {
        let request = "==> Request: url: https://app.vault.azure.net/, method: GET";
        let line = logged(false, || {
            tracing::debug!(target: "typespec_client_core::http", id = 7, "{request}");
        });
        assert_eq!(
            line,
            format!(
                "2026-11-30T12:00:00Z DEBUG Azure SDK library=typespec_client_core::http said=\"{request}\" id=7\n"
            )
        );
        let line = logged(false, || tracing::warn!(target: "hyper", "closed"));
        assert_eq!(
            line,
            "2026-11-30T12:00:00Z WARN Library library=hyper said=closed\n"
        );
    }

    #[test]
    fn colors_change_nothing_but_colors() {
        let log = || tracing::error!(error = "two words", times = 3, "Ended");
        let mut colored = logged(true, log);
        assert!(colored.contains("\u{1b}[1;31mERROR\u{1b}[0m"), "{colored:?}");
        for sequence in [DIM, OFF, color_of(Level::ERROR)] {
            colored = colored.replace(sequence, "");
        }
        assert_eq!(colored, logged(false, log));
    }
}
