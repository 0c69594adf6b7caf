//! The program: arguments, wiring, output, exit codes. The composition root; no rule of the product lives here.

mod age;
mod ansi;
mod args;
mod ask;
mod check;
mod compose;
mod convert;
mod diagnostics;
mod exit;
mod failure;
mod health;
mod inject;
mod input;
mod look;
mod manifest_log;
mod not_text;
mod once;
mod output;
mod place;
mod plan;
mod progress;
#[cfg(test)]
mod reference;
mod reload;
mod report;
mod run;
mod selected_log;
mod signals;
mod status;
mod style;
mod sync;
mod system;
mod table;
mod unserved;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::telemetry;

use self::ansi::{ERROR, OFF};
use self::args::{Cli, Command};
use self::exit::Exit;
use self::failure::CommandFailure;
use self::style::{Style, Terminals};
use self::system::ProcessEnvironment;

/// Runs the program with these arguments, the first of which is its name; gives its exit code.
///
/// Reads the environment of the process and writes to its stdout and stderr.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    system::forbid_core_dumps();
    let words: Vec<_> = args.into_iter().collect();
    let (environment, terminals) = (ProcessEnvironment, Terminals::of_process());
    let parsed = args::parse(words.clone(), &|name| std::env::var_os(name));
    // A probe comes every few seconds, and writes no file: it is spared what costs time.
    if !parsed
        .as_ref()
        .is_ok_and(|cli| matches!(cli.command, Command::Health(_)))
    {
        // Without it the program works too, up to the limit.
        let _ = system::survive_large_files();
    }
    match parsed {
        Ok(cli) => {
            let style = Style::of(&cli.command, &cli.global, &environment, terminals);
            end(execute(cli, style), style)
        }
        Err(error) => {
            let style = Style::of_words(&words, &environment, terminals);
            end(open_log(style).and_then(|()| usage(&error, style)), style)
        }
    }
}

/// Tells a failure, and gives the exit code.
fn end(done: Result<Exit, CommandFailure>, style: Style) -> ExitCode {
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            if style.draws {
                output::message(&failure.render(style.color));
            } else {
                failure.log();
            }
            failure.exit
        }
    };
    output::settle();
    exit.into()
}

fn execute(cli: Cli, style: Style) -> Result<Exit, CommandFailure> {
    open_log(style)?;
    match cli.command {
        Command::Run(args) => run::run(&args, style),
        Command::Once(args) => once::once(&args, style),
        Command::Plan(args) => plan::plan(&args, style),
        Command::Status(args) => status::status(&args, style),
        Command::Health(args) => health::health(&args, style),
        Command::Sync(args) => sync::sync(&args, style),
        Command::Check(args) => check::check(args, style),
        Command::Schema => check::schema(),
        Command::Convert(args) => convert::convert(&args, style),
        Command::Inject(args) => inject::inject(&args, style),
        Command::Completions { shell } => text(&args::completions(shell)),
        Command::Man { command } => match args::man(command.as_deref()) {
            Ok(page) => text(&page),
            Err(error) => usage(&error, style),
        },
        Command::Version => {
            output::data(concat!("akv-sync ", env!("CARGO_PKG_VERSION")))?;
            Ok(Exit::Ok)
        }
        Command::Help { command } => usage(&args::help(command.as_deref()), style),
    }
}

fn text(text: &str) -> Result<Exit, CommandFailure> {
    output::data(text)?;
    Ok(Exit::Ok)
}

fn open_log(style: Style) -> Result<(), CommandFailure> {
    telemetry::install(style.format, style.level, style.color)
        .map_err(|error| CommandFailure::new(Exit::Internal, &error, None))
}

/// Help and version go to stdout with 0, a wrong command line to stderr with 2: clap's own convention.
fn usage(error: &clap::Error, style: Style) -> Result<Exit, CommandFailure> {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        output::data(&text)?;
        Ok(Exit::Ok)
    } else if style.draws {
        output::message(&match text.strip_prefix("error:") {
            Some(rest) if style.color => format!("{ERROR}error{OFF}:{rest}"),
            _ => text,
        });
        Ok(Exit::Usage)
    } else {
        Err(CommandFailure::of_usage(error))
    }
}
