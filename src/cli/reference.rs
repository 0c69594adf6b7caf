//! The generated page `docs/reference/command-line.md`: the command line as clap has it.
//!
//! `UPDATE_REFERENCE=1 cargo test --lib cli::reference` rewrites the page.

use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;

/// The prose about commands and flags.
const GUIDE: &str = include_str!("../../docs/command-line.md");

#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/command-line.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, page()).expect("writable");
    }
    let hint = "UPDATE_REFERENCE=1 cargo test --lib cli::reference";
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page(),
        "docs/reference/command-line.md is out of date; rewrite it with: {hint}"
    );
}

#[test]
fn the_guide_names_no_command_and_no_flag_that_does_not_exist() {
    let commands = commands();
    let args: Vec<_> = commands.iter().flat_map(Command::get_arguments).collect();
    let is_flag = |word: &str| word == "version" || args.iter().any(|arg| arg.get_long() == Some(word));
    let is_command = |word: &str| word == "help" || commands.iter().any(|c| c.get_name() == word);
    let spans: Vec<_> = GUIDE.split('`').skip(1).step_by(2).collect();
    let flags = spans.iter().flat_map(|span| span.split(' '));
    let flags: Vec<_> = flags.filter_map(|word| word.strip_prefix("--")).collect();
    assert!(flags.len() > 5, "{flags:?}");
    for flag in flags {
        let name = flag.split(['=', '[']).next().unwrap_or_default();
        assert!(is_flag(name), "--{flag}");
    }
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| [`"));
    let named: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    assert!(named.iter().all(|name| is_command(name)), "{named:?}");
    assert_eq!(named.len(), commands.len() + 1, "one row for each: {named:?}");
}

fn commands() -> Vec<Command> {
    let mut root = Cli::command();
    root.build();
    let commands = root
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    commands.cloned().collect()
}

fn page() -> String {
    let mut out = String::from(
        "# Command reference\n\n\
         Generated from the program's own `--help`. How the commands behave, and the exit codes: [command line](../command-line.md).\n\n\
         A flag on the command line wins over its environment variable. An empty variable counts as not set. Case does not matter in\n\
         the values that a flag chooses from.\n",
    );
    let commands = commands();
    for command in &commands {
        let about = command.get_about().map(ToString::to_string);
        let (name, about) = (command.get_name(), about.unwrap_or_default());
        out.extend(["\n## `", name, "`\n\n", &about, "\n\n    ", &usage(command), "\n"]);
        let own = command
            .get_arguments()
            .filter(|arg| is_own(arg) && !arg.is_global_set());
        out += &table(own);
    }
    out += "\n## For every command\n";
    let any = commands.first().expect("a command");
    out += &table(any.get_arguments().filter(|arg| arg.is_global_set()));
    out
}

fn is_own(arg: &Arg) -> bool {
    !matches!(arg.get_id().as_str(), "help" | "version")
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

fn table<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = args.map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n| Flag | Default | Variable | Meaning |\n|---|---|---|---|\n{rows}")
}

fn row(arg: &Arg) -> String {
    let takes_value = arg.get_action().takes_values();
    let defaults = if takes_value {
        arg.get_default_values()
    } else {
        &[]
    };
    let default = quoted(defaults.iter().map(|value| value.to_string_lossy().into_owned()));
    let variable = quoted(arg.get_env().map(|name| name.to_string_lossy().into_owned()));
    let short = arg
        .get_short()
        .map(|short| format!("`-{short}`, "))
        .unwrap_or_default();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = if takes_value { values(arg) } else { String::new() };
    format!(
        "| {short}`{}` | {default} | {variable} | {help}{values} |\n",
        written(arg)
    )
}

fn quoted(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// As it is typed: `--manifest FILE`.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default().iter();
    let values: String = names.flat_map(|name| [" ", name.as_str()]).collect();
    match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("--{long}{values}"),
        Some(long) => format!("--{long}"),
        None => values.trim().to_owned(),
    }
}

/// What it chooses from, with what each means.
fn values(arg: &Arg) -> String {
    let values = arg.get_possible_values().into_iter().map(|value| {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        format!("<br>`{}`: {help}", value.get_name())
    });
    values.collect()
}
