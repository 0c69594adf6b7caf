//! The command line.

mod asking;
mod global;
mod inject;
mod variables;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::convert::Tool;

pub(super) use self::asking::{AskArgs, HealthArgs, StatusArgs, SyncNowArgs};
pub(super) use self::global::{ColorArg, GlobalArgs};
pub(super) use self::inject::InjectArgs;
pub(super) use self::variables::Variables;

/// Writes Azure Key Vault secrets, certificates and keys to files, and keeps them current.
#[derive(Debug, Parser)]
#[command(name = "akv-sync", version, about, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: GlobalArgs,
}

/// Reads a command line, the first word of which is the program's name, and the variables that stand for its flags.
pub(super) fn parse(words: Vec<OsString>, variables: Variables<'_>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let given = variables::without(&mut command, &words)?;
    if let Some((one, other)) = conflict(&given) {
        let message = format!("{one} and {other} cannot be used together");
        // The usage of the command that was given is told.
        command.build();
        let of = given
            .subcommand_name()
            .and_then(|name| command.find_subcommand_mut(name));
        return Err(match of {
            Some(of) => of.error(ErrorKind::ArgumentConflict, message),
            None => command.error(ErrorKind::ArgumentConflict, message),
        });
    }
    let matches = variables::with(&command, words, &given, variables)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Two flags that exclude each other.
fn conflict(given: &ArgMatches) -> Option<(&'static str, &'static str)> {
    let levels = [("log_level", "--log-level"), ("quiet", "-q"), ("verbose", "-v")];
    let mut levels = levels.into_iter().filter(|(id, _)| is_given(given, id));
    if let (Some((_, one)), Some((_, other))) = (levels.next(), levels.next()) {
        return Some((one, other));
    }
    let (_, given) = given.subcommand()?;
    let others = [("file", "FILE"), ("socket", "--socket")];
    let other = others.into_iter().find(|(id, _)| is_given(given, id))?;
    is_given(given, "manifest").then_some(("--manifest", other.1))
}

/// The help of a command, or of the program; an error when there is no such command. clap calls both an error.
pub(super) fn help(command: Option<&str>) -> clap::Error {
    let mut cli = Cli::command();
    let words = ["akv-sync"].into_iter().chain(command).chain(["--help"]);
    match cli.try_get_matches_from_mut(words) {
        Err(error) => error,
        Ok(_) => no_such_command(&mut cli),
    }
}

fn no_such_command(cli: &mut clap::Command) -> clap::Error {
    cli.error(ErrorKind::InvalidSubcommand, "there is no such command")
}

/// The man page of a command, or of the program, as roff; an error when there is no such command.
pub(super) fn man(command: Option<&str>) -> Result<String, clap::Error> {
    let mut cli = Cli::command();
    // Completes each command with the program's name and its global flags.
    cli.build();
    let of = match command {
        None => cli,
        Some(name) => match cli.find_subcommand(name) {
            Some(of) => of.clone(),
            None => return Err(no_such_command(&mut cli)),
        },
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(of)
        .source(concat!("akv-sync ", env!("CARGO_PKG_VERSION")))
        .manual("akv-sync")
        .render(&mut page)
        .expect("a vector takes every byte");
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// What a shell loads to complete commands, flags and their values.
pub(super) fn completions(shell: Shell) -> String {
    // Of a program whose name ends like one of its commands, `sync`, the library makes a script for bash that completes no flag.
    const NAME: &str = "akvsync";
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut text);
    String::from_utf8_lossy(&text).replace(NAME, "akv-sync")
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    // Not each command has each flag.
    let source = matches
        .try_contains_id(id)
        .is_ok()
        .then(|| matches.value_source(id));
    source.flatten() == Some(ValueSource::CommandLine)
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 internal or not ready, 2 usage, 3 manifest, 4 sign-in refused, 5 vault refused or object \
missing, 6 vault, Entra, IMDS or network unavailable, 7 volume, 8 a hook failed, 10 plan: something would change, 130 interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sync, then stay and keep the files current. SIGHUP syncs now, SIGTERM ends it.
    Run(SyncArgs),
    /// Sync once, then exit: for init containers, CI and cron jobs.
    Once(OnceArgs),
    /// Preview a sync: show what would happen to each file, and why. Writes nothing.
    Plan(PlanArgs),
    /// Show the versions, ages, expiry dates, failures and hooks of a running program, or else what is on the volume.
    Status(StatusArgs),
    /// Check whether a running program is ready, in probes: exits with 0 (ready) or 1 (not ready).
    Health(HealthArgs),
    /// Make a running program sync now, wait, and show the result.
    Sync(SyncNowArgs),
    /// Find every mistake of the manifest. Works offline.
    Check(CheckArgs),
    /// Print the JSON Schema of the manifest.
    Schema,
    /// Turn another tool's configuration into a manifest on stdout, and list what could not be converted. Works offline.
    Convert(ConvertArgs),
    /// Add akv-sync to workloads whose pods have the label akv-sync/inject, and print them. Works offline.
    Inject(InjectArgs),
    /// Print the completions of a shell, to be loaded by it.
    Completions {
        /// The shell.
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the man page of a command, or of the program.
    Man {
        /// The command.
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
    /// Print the version.
    Version,
    /// Print the help of a command, as `--help` does.
    Help {
        /// The command.
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// What `convert` takes.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// The tool. Without this flag, the configuration itself decides.
    #[arg(long, value_enum, ignore_case = true, value_name = "TOOL")]
    pub(super) from: Option<ToolArg>,
    /// The configuration file. `-`, or no file, means stdin.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// `--from`.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "camelCase")]
pub(super) enum ToolArg {
    /// `SecretProviderClass` of the Secrets Store CSI driver, provider `azure`.
    SecretProviderClass,
    /// YAML of akva (covermymeds/azure-key-vault-agent).
    Akva,
    /// Environment variables of acs-keyvault-agent (Hexadite), as lines or in a Kubernetes manifest.
    AcsKeyvaultAgent,
}

impl From<ToolArg> for Tool {
    fn from(tool: ToolArg) -> Self {
        match tool {
            ToolArg::SecretProviderClass => Self::SecretProviderClass,
            ToolArg::Akva => Self::Akva,
            ToolArg::AcsKeyvaultAgent => Self::AcsKeyvaultAgent,
        }
    }
}

/// Where the manifest is.
#[derive(Debug, Clone, Args)]
pub(super) struct ManifestArgs {
    /// The manifest. `-` means stdin, which is read once.
    #[arg(
        long,
        short,
        value_name = "FILE",
        env = "AKV_SYNC_MANIFEST",
        default_value = "/etc/akv-sync/manifest.yaml"
    )]
    pub(super) manifest: PathBuf,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The manifest, in place of `--manifest`.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl CheckArgs {
    /// Where the manifest is.
    pub(super) fn into_manifest(self) -> ManifestArgs {
        self.file
            .map_or(self.manifest, |manifest| ManifestArgs { manifest })
    }
}

/// What every command that talks to Azure takes.
#[derive(Debug, Clone, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    /// File with certificate authorities (PEM) to trust besides those of the system.
    #[arg(long, value_name = "FILE", env = "AKV_SYNC_CA_FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

/// What `once` takes.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    pub(super) sync: SyncArgs,
    /// How long to try again for required objects that may still come: `30s`, `5m`, `1h`. Ends sooner when the next try would
    /// come later than that. A try that has begun may take up to 30 seconds more.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration, env = "AKV_SYNC_TIMEOUT")]
    pub(super) timeout: Duration,
    /// Whether to run hooks. An init container needs `leave`, because its application has not started yet.
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_name = "WHAT",
        default_value = "run"
    )]
    pub(super) hooks: HooksArg,
}

/// `--hooks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum HooksArg {
    /// Run them within `--timeout`; exit with 8 when one has not succeeded.
    Run,
    /// Leave them to the next `akv-sync run`.
    Leave,
}

/// What `plan` takes.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) sync: SyncArgs,
    /// How long to wait for all answers together: `30s`, `5m`, `1h`. Nothing is tried again.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// Format of the plan on stdout.
    #[arg(
        long,
        short,
        value_enum,
        ignore_case = true,
        value_name = "FORM",
        default_value = "text"
    )]
    pub(super) output: OutputArg,
}

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputArg {
    /// A table and a summary.
    Text,
    /// One JSON object.
    Json,
}

/// Takes `30s`, `5m` or `1h`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration is a whole number with s, m or h, such as 30s, 5m or 1h".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match &text[digits.len()..] {
        "s" => Some(number),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3_600),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| (1..=86_400).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{}, from 1s to 24h", wrong()))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
        parse(
            ["akv-sync"].iter().chain(words).map(OsString::from).collect(),
            &|_| None,
        )
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_flag_says_how_much_the_log_says_before_or_after_the_command() {
        for (words, level) in [
            (&["once"][..], None),
            (&["-q", "once"], Some(Level::WARN)),
            (&["once", "-qq"], Some(Level::ERROR)),
            (&["once", "-v"], Some(Level::DEBUG)),
            (&["once", "--log-level", "info"], Some(Level::INFO)),
        ] {
            let cli = parsed(words).expect("a command line");
            assert_eq!(cli.global.level(), level, "{words:?}");
        }
        for words in [
            &["once", "-q", "-v"][..],
            &["-q", "once", "-v"],
            &["once", "-v", "--log-level", "warn"],
            &["check", "--manifest", "a.yaml", "b.yaml"],
            &["status", "--manifest", "a.yaml", "--socket", "a.sock"],
            &["health", "--socket", "a.sock", "-m", "a.yaml"],
        ] {
            let error = parsed(words).expect_err("a conflict");
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{words:?}");
            let command = words
                .iter()
                .find(|word| !word.starts_with('-'))
                .expect("a command");
            let usage = format!("\nUsage: akv-sync {command} [OPTIONS]");
            assert!(error.to_string().contains(&usage), "{error}");
        }
    }

    #[test]
    fn an_interval_is_for_who_watches() {
        assert!(parsed(&["status"]).is_ok());
        assert!(parsed(&["status", "--watch", "--interval", "1m"]).is_ok());
        let error = parsed(&["status", "--interval", "1m"]).expect_err("nobody watches");
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn a_duration_needs_a_unit_and_has_bounds() {
        assert_eq!(parse_duration("5m"), Ok(Duration::from_mins(5)));
        for bad in [
            "",
            "5",
            "m",
            "-5m",
            "5 m",
            "0s",
            "25h",
            "99999999999999999999h",
            "5d",
            "ä",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }
}
