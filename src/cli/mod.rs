//! The program: arguments, wiring, output, exit codes. The composition root; no rule of the product lives here.

mod args;
mod check;
mod compose;
mod convert;
mod exit;
mod failure;
mod manifest_log;
mod once;
mod output;
mod plan;
mod run;
mod signals;
mod system;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing::Level;

use crate::telemetry::{self, LogFormat};

use self::args::{Cli, Command};
use self::exit::Exit;
use self::failure::CommandFailure;

/// Runs the program with these arguments, the first of which is its name; gives its exit code.
///
/// Reads the environment of the process and writes to its stdout and stderr.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    system::forbid_core_dumps();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return end(usage(&error), LogFormat::Text),
    };
    let log_format = cli.log_format.into();
    end(execute(cli), log_format)
}

/// Tells a failure, and gives the exit code.
fn end(done: Result<Exit, CommandFailure>, log_format: LogFormat) -> ExitCode {
    let exit = match done {
        Ok(exit) => exit,
        Err(failure) => {
            match log_format {
                LogFormat::Text => output::message(&failure.render(output::stderr_is_terminal())),
                LogFormat::Json => failure.log(),
            }
            failure.exit
        }
    };
    output::settle();
    exit.into()
}

fn execute(cli: Cli) -> Result<Exit, CommandFailure> {
    let watched = matches!(cli.command, Command::Once(_) | Command::Plan(_)) && output::stderr_is_terminal();
    let quiet = if watched { Level::WARN } else { Level::INFO };
    let level = cli.log_level.map_or(quiet, Level::from);
    telemetry::install(cli.log_format.into(), level)
        .map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?;
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Once(args) => once::once(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Check(args) => check::check(&args, cli.log_format.into()),
        Command::Schema => check::schema(),
        Command::Convert(args) => convert::convert(&args, cli.log_format.into()),
    }
}

/// Help and version go to stdout with 0, a wrong command line to stderr with 2: clap's own convention.
fn usage(error: &clap::Error) -> Result<Exit, CommandFailure> {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        output::data(&text)?;
        Ok(Exit::Ok)
    } else {
        output::message(&text);
        Ok(Exit::Usage)
    }
}
