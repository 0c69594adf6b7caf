//! What the commands take that ask a running program.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ManifestArgs, OutputArg, parse_duration};

/// Where the running program is.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct AskArgs {
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    /// Unix socket of the running program, in place of what `admin` of the manifest says. The manifest is not read then.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) socket: Option<PathBuf>,
}

/// What `status` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
    /// Form of the status on stdout.
    #[arg(
        long,
        short,
        value_enum,
        ignore_case = true,
        value_name = "FORM",
        default_value = "text"
    )]
    pub(in crate::cli) output: OutputArg,
    /// Show it again and again, on a terminal in the same place, until Ctrl-C.
    #[arg(long)]
    pub(in crate::cli) watch: bool,
    /// How long `--watch` waits before it shows it again: `2s`, `1m`.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_duration, requires = "watch")]
    pub(in crate::cli) interval: Duration,
}

/// What `health` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {
    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
    /// Whether its loop turns, in place of whether it is ready.
    #[arg(long)]
    pub(in crate::cli) live: bool,
    /// Wait until it is so, but no longer: `30s`, `5m`, `1h`. For `postStart`.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(in crate::cli) wait: Option<Duration>,
}

/// What `sync` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct SyncNowArgs {
    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
    /// Only this object: NAME or VAULT/KIND/NAME, where KIND is `secrets`, `certificates` or `keys`. May be given several
    /// times.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) object: Vec<String>,
    /// Form of the outcome on stdout.
    #[arg(
        long,
        short,
        value_enum,
        ignore_case = true,
        value_name = "FORM",
        default_value = "text"
    )]
    pub(in crate::cli) output: OutputArg,
}
