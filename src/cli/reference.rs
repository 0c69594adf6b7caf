//! Holds `docs/command-line.md` to the command line as clap has it.

use std::collections::BTreeSet;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;

const PAGE: &str = include_str!("../../docs/command-line.md");

/// The first word in backquotes of each row of a table below a heading.
fn rows<'p>(heading: &str) -> Vec<(&'p str, &'p str)> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_default();
    let rows = section
        .lines()
        .filter_map(|line| Some((line.strip_prefix("| `")?.split('`').next()?, line)));
    rows.collect()
}

fn commands() -> Vec<Command> {
    let mut root = Cli::command();
    root.build();
    let commands = root
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    commands.cloned().collect()
}

/// As the page writes it: `--manifest FILE`.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default().iter();
    let values: String = names.flat_map(|name| [" ", name.as_str()]).collect();
    match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("--{long}{values}"),
        Some(long) => format!("--{long}"),
        None => values.trim().to_owned(),
    }
}

fn is_own(arg: &Arg) -> bool {
    !matches!(arg.get_id().as_str(), "help" | "version")
}

#[test]
fn the_page_has_each_command_and_no_other() {
    let mut expected: Vec<_> = commands()
        .iter()
        .map(|command| command.get_name().to_owned())
        .collect();
    expected.push("help".to_owned());
    let found: Vec<_> = rows("Commands")
        .into_iter()
        .map(|(name, _)| name.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_page_has_each_flag_with_its_short_form_default_and_variable_and_no_other() {
    let mut expected = BTreeSet::new();
    let mut of_all = BTreeSet::new();
    for command in commands() {
        for arg in command.get_arguments().filter(|arg| is_own(arg)) {
            let name = written(arg);
            let section = if arg.is_global_set() {
                of_all.insert(name.clone());
                "For every command"
            } else {
                expected.insert(name.clone());
                "Of single commands"
            };
            let found = rows(section);
            let row = found.iter().find(|(first, row)| {
                *first == name && (arg.is_global_set() || row.contains(&format!("`{}`", command.get_name())))
            });
            let row = row.map(|(_, row)| *row).unwrap_or_default();
            assert!(!row.is_empty(), "`{}` of {} has no row", name, command.get_name());
            let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
            let short = arg.get_short().map(|short| format!("-{short}"));
            let default = if arg.get_action().takes_values() {
                arg.get_default_values()
            } else {
                &[]
            };
            let default = default.iter().map(|value| value.to_string_lossy().into_owned());
            for part in variable.into_iter().chain(short).chain(default) {
                assert!(row.contains(&format!("`{part}`")), "{part} is not in: {row}");
            }
        }
    }
    for (section, known) in [("For every command", of_all), ("Of single commands", expected)] {
        let found: BTreeSet<_> = rows(section)
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(found, known, "{section}");
    }
}
