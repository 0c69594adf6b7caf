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
    /// Unix socket of the running program. The manifest is not read then.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) socket: Option<PathBuf>,
}

/// What `status` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
    /// Format of the status on stdout.
    #[arg(
        long,
        short,
        value_enum,
        ignore_case = true,
        value_name = "FORM",
        default_value = "text"
    )]
    pub(in crate::cli) output: OutputArg,
    /// Show it again every two seconds, or as --interval says, until Ctrl-C. A terminal is redrawn in place.
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
    /// Check whether the program makes progress, not whether it is ready.
    #[arg(long)]
    pub(in crate::cli) live: bool,
    /// Wait this long for it: `30s`, `5m`, `1h`. For `postStart` of a container.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(in crate::cli) wait: Option<Duration>,
}

/// What `sync` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct SyncNowArgs {
    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
    /// Sync only this object: NAME or VAULT/KIND/NAME, where KIND is `secrets`, `certificates` or `keys`. Repeat it for
    /// several objects.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) object: Vec<String>,
    /// Format of the result on stdout.
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
