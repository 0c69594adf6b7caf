//! The environment variables of the flags: one rule for all.
//!
//! A variable stands for its flag where the command line does not have it. An empty one counts as not set, and what is
//! wrong with a value is said of the variable, because nobody wrote the flag.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// Gives the value of a variable.
pub(in crate::cli) type Variables<'v> = &'v dyn Fn(&OsStr) -> Option<OsString>;

/// What the command line says by itself. clap reads no variable; it only names them in its help.
pub(super) fn without(command: &mut Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let mut own = every_arg(command.clone(), &|arg| arg.env(None::<&'static str>));
    own.try_get_matches_from_mut(words)
        .map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => command.try_get_matches_from_mut(words).err().unwrap_or(error),
            _ => error,
        })
}

/// The same with the variables of all flags that it does not have. What is wrong now is wrong with one of them.
pub(super) fn with(
    command: &Command,
    words: Vec<OsString>,
    given: &ArgMatches,
    variables: Variables<'_>,
) -> Result<ArgMatches, clap::Error> {
    let mut own = every_arg(command.clone(), &|arg| arg.env(None::<&'static str>));
    let Some((name, given)) = given.subcommand() else {
        return own.try_get_matches_from(words);
    };
    let mut built = command.clone();
    built.build();
    let known = built
        .find_subcommand(name)
        .into_iter()
        .flat_map(Command::get_arguments);
    let known: Vec<_> = known.filter(|arg| arg.get_env().is_some()).collect();
    let absent = known
        .iter()
        .filter(|arg| given.value_source(arg.get_id().as_str()) != Some(ValueSource::CommandLine));
    let added: Vec<_> = absent.filter_map(|arg| word(arg, variables)).collect();
    // No flag before the command takes a word that could be taken for it.
    let after = words
        .iter()
        .position(|word| word == name)
        .map_or(words.len(), |at| at + 1);
    let (before, rest) = words.split_at(after);
    own.try_get_matches_from_mut(before.iter().chain(&added).chain(rest))
        .map_err(|error| said_of_the_variable(error, &known))
}

fn every_arg(command: Command, change: &dyn Fn(Arg) -> Arg) -> Command {
    command
        .mut_args(change)
        .mut_subcommands(|command| every_arg(command, change))
}

/// `--flag=value`, if its variable has a value.
fn word(arg: &Arg, variables: Variables<'_>) -> Option<OsString> {
    let value = variables(arg.get_env()?).filter(|value| !value.is_empty())?;
    let mut word = OsString::from(format!("--{}=", arg.get_long()?));
    word.push(value);
    Some(word)
}

fn said_of_the_variable(error: clap::Error, known: &[&Arg]) -> clap::Error {
    let mut error = error;
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let arg = known.iter().find(|arg| arg.to_string() == *flag);
    if let Some(name) = arg.and_then(|arg| arg.get_env()) {
        let name = format!("{} (environment variable)", name.to_string_lossy());
        error.insert(ContextKind::InvalidArg, ContextValue::String(name));
    }
    error
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tracing::Level;

    use super::super::{Cli, Command as Named, parse};
    use super::*;

    const ALL: [&str; 5] = [
        "AKV_SYNC_LOG_LEVEL",
        "AKV_SYNC_LOG_FORMAT",
        "AKV_SYNC_CA_FILE",
        "AKV_SYNC_TIMEOUT",
        "AKV_SYNC_MANIFEST",
    ];

    fn parsed(words: &[&str], variables: &[(&str, &str)]) -> Result<Cli, clap::Error> {
        let words = ["akv-sync"].iter().chain(words).map(OsString::from);
        parse(words.collect(), &|name| {
            let found = variables.iter().find(|(other, _)| name == *other);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let empty = ALL.map(|name| (name, ""));
        for command in [
            "run", "once", "plan", "status", "health", "sync", "check", "schema", "convert", "inject",
            "version",
        ] {
            let cli = parsed(&[command], &empty).unwrap_or_else(|error| panic!("{command}: {error}"));
            assert_eq!(cli.global.level(), None, "{command}");
        }
        let Named::Once(args) = parsed(&["once"], &empty).expect("a command line").command else {
            panic!("once");
        };
        assert_eq!(args.timeout, Duration::from_mins(2));
        assert_eq!(args.sync.ca_file, None);
    }

    #[test]
    fn a_variable_stands_for_its_flag_unless_the_command_line_has_it() {
        let variables = [
            ("AKV_SYNC_LOG_LEVEL", "WARN"),
            ("AKV_SYNC_TIMEOUT", "5m"),
            ("AKV_SYNC_CA_FILE", "/etc/ca.pem"),
            ("AKV_SYNC_MANIFEST", "/a"),
        ];
        let cli = parsed(&["once", "--manifest", "/b", "--"], &variables).expect("a command line");
        assert_eq!(cli.global.level(), Some(Level::WARN));
        let Named::Once(args) = cli.command else {
            panic!("once")
        };
        assert_eq!(args.timeout, Duration::from_mins(5));
        assert_eq!(args.sync.ca_file.as_deref(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(args.sync.manifest.manifest, Path::new("/b"));
        let cli = parsed(
            &["--log-level", "debug", "once"],
            &[("AKV_SYNC_LOG_LEVEL", "loud")],
        );
        assert_eq!(cli.expect("a command line").global.level(), Some(Level::DEBUG));
    }

    #[test]
    fn a_wrong_value_is_said_of_the_variable_that_it_came_from() {
        for (command, name, value) in [
            ("version", "AKV_SYNC_LOG_LEVEL", "loud"),
            ("run", "AKV_SYNC_LOG_FORMAT", "xml"),
            ("once", "AKV_SYNC_TIMEOUT", "5"),
        ] {
            let text = parsed(&[command], &[(name, value)])
                .expect_err("wrong")
                .to_string();
            let said = format!("invalid value '{value}' for '{name} (environment variable)'");
            assert!(text.contains(&said), "{text}");
            assert!(!text.contains("--log") && !text.contains("--timeout"), "{text}");
        }
        let flag = parsed(&["run", "--log-level", "loud"], &[("AKV_SYNC_LOG_LEVEL", "info")]);
        let text = flag.expect_err("wrong").to_string();
        assert!(text.contains("'--log-level <LEVEL>'"), "{text}");
    }

    #[test]
    fn every_variable_is_one_of_these() {
        let mut command = <Cli as clap::CommandFactory>::command();
        command.build();
        for arg in command.get_subcommands().flat_map(Command::get_arguments) {
            if let Some(name) = arg.get_env() {
                assert!(ALL.iter().any(|known| name == *known), "{name:?} is not tried");
            }
        }
    }
}
