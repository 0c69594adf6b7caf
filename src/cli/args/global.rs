//! What every command takes: how it speaks on stderr.

use clap::{Args, ValueEnum};
use tracing::Level;

use crate::telemetry::LogFormat;

/// How a command speaks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct GlobalArgs {
    /// Format of everything on stderr.
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "FORM",
        default_value = "text",
        env = "AKV_SYNC_LOG_FORMAT"
    )]
    pub(in crate::cli) log_format: LogFormatArg,
    /// How much to log. The default is `info`, except on a terminal.
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "LEVEL",
        env = "AKV_SYNC_LOG_LEVEL"
    )]
    pub(in crate::cli) log_level: Option<LogLevelArg>,
    /// Log less: `-q` is `--log-level warn`, `-qq` is `--log-level error`.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(in crate::cli) quiet: u8,
    /// Log more: `-v` is `--log-level debug`.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(in crate::cli) verbose: u8,
    /// When to use colors. `auto` heeds `NO_COLOR` and `CLICOLOR_FORCE`.
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(in crate::cli) color: ColorArg,
}

impl GlobalArgs {
    /// The level that was asked for. What is on the command line comes before the variable.
    pub(in crate::cli) fn level(&self) -> Option<Level> {
        match (self.quiet, self.verbose) {
            (0, 0) => self.log_level.map(Level::from),
            (0, _) => Some(Level::DEBUG),
            (1, _) => Some(Level::WARN),
            (_, _) => Some(Level::ERROR),
        }
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorArg {
    /// On a terminal only.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--log-format`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum LogFormatArg {
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
pub(in crate::cli) enum LogLevelArg {
    /// What stops the program or the volume.
    Error,
    /// And failures of single objects.
    Warn,
    /// And changes.
    Info,
    /// And every pass, retry and request.
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
