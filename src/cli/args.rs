//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::Level;

use crate::convert::Tool;
use crate::telemetry::LogFormat;

/// Writes Azure Key Vault secrets, keys and certificates to a volume, atomically, and keeps them current.
#[derive(Debug, Parser)]
#[command(name = "akv-sync", version, about, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Form of the log on stderr.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "AKV_SYNC_LOG_FORMAT"
    )]
    pub(super) log_format: LogFormatArg,
    /// How much the log says; `info` unless `once` shows its progress on a terminal, then `warn`.
    #[arg(long, global = true, value_enum, env = "AKV_SYNC_LOG_LEVEL")]
    pub(super) log_level: Option<LogLevelArg>,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 internal, 2 usage, 3 manifest, 4 sign-in refused, 5 vault refused or object \
missing, 6 vault, Entra, IMDS or network unavailable, 7 volume, 10 plan: something would change, 130 interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sync, then stay and keep the files current; SIGHUP syncs now, SIGTERM ends.
    Run(SyncArgs),
    /// Sync once, then exit: init container, CI, cron.
    Once(OnceArgs),
    /// Show what a sync would write, adjust, remove, keep and hold back, and why; writes nothing.
    Plan(PlanArgs),
    /// Read the manifest and report every problem; offline.
    Check(ManifestArgs),
    /// Print the JSON Schema of the manifest.
    Schema,
    /// Turn another tool's configuration into a manifest on stdout, and tell what could not be carried; offline.
    Convert(ConvertArgs),
}

/// What `convert` takes.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// The tool; told by the configuration itself when left out.
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(super) from: Option<ToolArg>,
    /// The configuration; `-`, or nothing, is stdin.
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
    /// The manifest.
    #[arg(
        long,
        short,
        value_name = "FILE",
        env = "AKV_SYNC_MANIFEST",
        default_value = "/etc/akv-sync/manifest.yaml"
    )]
    pub(super) manifest: PathBuf,
}

/// What every command that talks to Azure takes.
#[derive(Debug, Clone, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    /// Certificate authorities (PEM) to trust besides those of the system.
    #[arg(long, value_name = "FILE", env = "AKV_SYNC_CA_FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

/// What `once` takes.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    pub(super) sync: SyncArgs,
    /// How long to try again for required objects that fail for a passing reason: `30s`, `5m`, `1h`. A try that is
    /// under way then may take up to 30 seconds more, so that its reason can be told.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration, env = "AKV_SYNC_TIMEOUT")]
    pub(super) timeout: Duration,
}

/// What `plan` takes.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) sync: SyncArgs,
    /// How long to wait for answers, in all: `30s`, `5m`, `1h`. What fails is not tried again.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// Form of the plan on stdout.
    #[arg(long, short, value_enum, value_name = "FORM", default_value = "text")]
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

/// `--log-format`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogFormatArg {
    /// One line of text per event.
    Text,
    /// One JSON object per line.
    Json,
}

impl From<LogFormatArg> for LogFormat {
    fn from(format: LogFormatArg) -> Self {
        match format {
            LogFormatArg::Text => Self::Text,
            LogFormatArg::Json => Self::Json,
        }
    }
}

/// `--log-level`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogLevelArg {
    /// What stops the program or the volume.
    Error,
    /// And what fails for one object.
    Warn,
    /// And every change.
    Info,
    /// And every pass, repetition and request.
    Debug,
}

impl From<LogLevelArg> for Level {
    fn from(level: LogLevelArg) -> Self {
        match level {
            LogLevelArg::Error => Self::ERROR,
            LogLevelArg::Warn => Self::WARN,
            LogLevelArg::Info => Self::INFO,
            LogLevelArg::Debug => Self::DEBUG,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
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
