//! How a command speaks: as a log or to a person, in which form, with colors or without. Decided once.

use std::ffi::OsString;
use std::io::{IsTerminal, stderr, stdout};

use clap::ValueEnum;
use tracing::Level;

use crate::ports::Environment;
use crate::telemetry::LogFormat;

use super::args::{ColorArg, Command, GlobalArgs};

/// How a command speaks.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and readers ask for one at a time"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Form of the log.
    pub(super) format: LogFormat,
    /// How much it says.
    pub(super) level: Level,
    /// Whether a person watches: what is under way is shown while it is, what failed is drawn, and nobody reads a log.
    pub(super) watched: bool,
    /// Whether an error is drawn for a person, and is no line of a log.
    pub(super) draws: bool,
    /// Whether a person reads stdout, and no log stands between its lines.
    pub(super) shows_table: bool,
    /// Whether stdout is a terminal on which a later text may take the place of an earlier one.
    pub(super) redraws: bool,
    /// Whether stderr gets colors.
    pub(super) color: bool,
    /// Whether stdout gets colors.
    pub(super) color_of_data: bool,
}

/// What the streams of the process are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminals {
    /// Whether stdout is a terminal.
    pub(super) stdout: bool,
    /// Whether stderr is a terminal.
    pub(super) stderr: bool,
}

impl Terminals {
    /// Of this process.
    pub(super) fn of_process() -> Self {
        Self {
            stdout: stdout().is_terminal(),
            stderr: stderr().is_terminal(),
        }
    }
}

impl Style {
    /// Decides.
    pub(super) fn of(
        command: &Command,
        args: &GlobalArgs,
        environment: &dyn Environment,
        terminals: Terminals,
    ) -> Self {
        let format = LogFormat::from(args.log_format);
        let asked = args.level();
        let text = format == LogFormat::Text;
        let moves_cursor = environment.var("TERM").as_deref() != Some("dumb");
        // Whoever asks for a level reads the log.
        let may_watch = text && asked.is_none() && terminals.stderr && moves_cursor;
        let watched = match command {
            Command::Once(_) => may_watch && terminals.stdout,
            Command::Plan(_) => may_watch,
            _ => false,
        };
        let is_log = match command {
            Command::Once(_) => !watched,
            Command::Run(_) | Command::Plan(_) => !terminals.stderr,
            _ => false,
        };
        let color = |terminal| colored(args.color, environment, terminal);
        Self {
            format,
            level: asked.unwrap_or(if watched { Level::WARN } else { Level::INFO }),
            watched,
            draws: text && !is_log,
            shows_table: text && terminals.stdout && !(is_log && terminals.stderr),
            redraws: terminals.stdout && moves_cursor,
            color: color(terminals.stderr),
            color_of_data: color(terminals.stdout),
        }
    }

    /// Of a command line that could not be read: what can be told of it all the same.
    pub(super) fn of_words(words: &[OsString], environment: &dyn Environment, terminals: Terminals) -> Self {
        let named = last_value(words, "--log-format").or_else(|| environment.var("AKV_SYNC_LOG_FORMAT"));
        let color = last_value(words, "--color").and_then(|when| ColorArg::from_str(&when, true).ok());
        let color = color.unwrap_or(ColorArg::Auto);
        let is_json = named.is_some_and(|form| form.eq_ignore_ascii_case("json"));
        Self {
            format: if is_json { LogFormat::Json } else { LogFormat::Text },
            level: Level::INFO,
            watched: false,
            draws: !is_json,
            shows_table: false,
            redraws: false,
            color: colored(color, environment, terminals.stderr),
            color_of_data: false,
        }
    }

    /// Whether every line on stderr is JSON.
    pub(super) fn is_json(self) -> bool {
        self.format == LogFormat::Json
    }
}

/// The value of the last such flag, which may be missing.
fn last_value(words: &[OsString], flag: &str) -> Option<String> {
    let at = words.iter().rposition(|word| {
        let word = word.to_string_lossy();
        word.strip_prefix(flag)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    let word = words[at].to_string_lossy();
    let joined = word.split_once('=').map(|(_, value)| value.to_owned());
    let next = words.get(at + 1).map(|next| next.to_string_lossy().into_owned());
    Some(joined.or(next).unwrap_or_default())
}

/// What was asked for on the command line comes before <https://no-color.org>, and that before the terminal.
fn colored(choice: ColorArg, environment: &dyn Environment, is_terminal: bool) -> bool {
    match choice {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if environment.var("NO_COLOR").is_some() => false,
        ColorArg::Auto => {
            let forced = environment
                .var("CLICOLOR_FORCE")
                .is_some_and(|value| value != "0");
            forced || is_terminal && environment.var("TERM").as_deref() != Some("dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::args;
    use super::*;

    const NOBODY: Terminals = Terminals {
        stdout: false,
        stderr: false,
    };
    const PERSON: Terminals = Terminals {
        stdout: true,
        stderr: true,
    };
    const PIPED: Terminals = Terminals {
        stdout: false,
        stderr: true,
    };

    fn style(words: &[&str], variables: &[(&str, &str)], terminals: Terminals) -> Style {
        let words = ["akv-sync"].iter().chain(words).map(OsString::from);
        let cli = args::parse(words.collect(), &|_| None).expect("a command line");
        Style::of(&cli.command, &cli.global, &variables, terminals)
    }

    #[test]
    fn once_is_watched_only_where_a_person_sees_both_streams_and_asked_for_no_log() {
        assert!(style(&["once"], &[], PERSON).watched);
        assert!(style(&["plan"], &[], PIPED).watched, "its data is what is piped");
        for (words, variables, terminals) in [
            (&["once"][..], &[][..], PIPED),
            (&["once"], &[], NOBODY),
            (&["once", "-v"], &[], PERSON),
            (&["once", "--log-format", "json"], &[], PERSON),
            (&["once"], &[("TERM", "dumb")], PERSON),
            (&["run"], &[], PERSON),
        ] {
            let style = style(words, variables, terminals);
            assert!(!style.watched, "{words:?}");
            assert_eq!(style.level == Level::DEBUG, words.contains(&"-v"), "{words:?}");
        }
    }

    #[test]
    fn once_shows_the_log_or_the_table_on_one_terminal_and_never_both() {
        let log_elsewhere = Terminals {
            stdout: true,
            stderr: false,
        };
        for (words, variables, terminals, table) in [
            (&["once"][..], &[][..], PERSON, true),
            (&["once"], &[], log_elsewhere, true),
            (&["once", "-v"], &[], log_elsewhere, true),
            (&["once", "-v"], &[], PERSON, false),
            (&["once", "-q"], &[], PERSON, false),
            (&["once", "--log-level", "info"], &[], PERSON, false),
            (&["once"], &[("TERM", "dumb")], PERSON, false),
            (&["plan", "-v"], &[], PERSON, true),
        ] {
            let style = style(words, variables, terminals);
            assert_eq!(style.shows_table, table, "{words:?} {variables:?} {terminals:?}");
        }
    }

    #[test]
    fn a_wrong_command_line_has_colors_as_its_flag_says() {
        for (words, color) in [
            (&["wrong", "--color", "always"][..], true),
            (&["wrong", "--color=ALWAYS"], true),
            (&["wrong"], false),
            (&["wrong", "--color"], false),
        ] {
            let words: Vec<_> = words.iter().map(OsString::from).collect();
            let nothing: &[(&str, &str)] = &[];
            assert_eq!(
                Style::of_words(&words, &nothing, NOBODY).color,
                color,
                "{words:?}"
            );
        }
    }

    #[test]
    fn the_flag_decides_on_colors_then_the_variables_then_the_terminal() {
        for (words, variables, terminals, expected) in [
            (&["once"][..], &[][..], PERSON, true),
            (&["once"], &[], NOBODY, false),
            (&["once"], &[("NO_COLOR", "1")], PERSON, false),
            (&["once"], &[("NO_COLOR", "")], PERSON, true),
            (&["once"], &[("CLICOLOR_FORCE", "1")], NOBODY, true),
            (&["once"], &[("CLICOLOR_FORCE", "0")], NOBODY, false),
            (
                &["once"],
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
                PERSON,
                false,
            ),
            (&["once"], &[("TERM", "dumb")], PERSON, false),
            (&["--color", "always", "once"], &[("NO_COLOR", "1")], NOBODY, true),
            (
                &["once", "--color=never"],
                &[("CLICOLOR_FORCE", "1")],
                PERSON,
                false,
            ),
        ] {
            assert_eq!(
                style(words, variables, terminals).color,
                expected,
                "{words:?} {variables:?}"
            );
        }
    }

    #[test]
    fn a_wrong_command_line_is_answered_in_the_form_that_it_asks_for() {
        for (words, variable, json) in [
            (&["once", "--log-format", "json", "--wrong"][..], "text", true),
            (&["--log-format=json", "wrong"], "text", true),
            (&["wrong"], "json", true),
            (&["wrong"], "JSON", true),
            (&["wrong", "--log-format", "text"], "json", false),
            (&["wrong", "--log-format"], "json", false),
            (&["wrong"], "text", false),
        ] {
            let words: Vec<_> = words.iter().map(OsString::from).collect();
            let variables: &[_] = &[("AKV_SYNC_LOG_FORMAT", variable)];
            assert_eq!(
                Style::of_words(&words, &variables, NOBODY).is_json(),
                json,
                "{words:?}"
            );
        }
    }
}
