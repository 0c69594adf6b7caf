//! The log: events with fields, as text for people or as JSON lines for collectors, on stderr.

pub mod stderr;

use std::fmt;
use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use self::stderr::Stderr;

/// Form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text per event, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Installs the log for the whole process; an error when one is installed already.
///
/// `level` applies to this crate. The Azure SDK follows it from `debug` on; above, what it says of a failed request is
/// said better by ours. The HTTP and TLS libraries beneath log frames and headers at their lowest levels, so they never
/// say more than `info`.
pub fn install(format: LogFormat, level: Level) -> Result<(), TryInitError> {
    let libraries = LevelFilter::from_level(level).min(LevelFilter::INFO);
    let ours = LevelFilter::from_level(level);
    let sdk = if ours >= LevelFilter::DEBUG {
        ours
    } else {
        ours.min(LevelFilter::WARN)
    };
    let targets = ["azure_core", "azure_identity", "typespec", "typespec_client_core"]
        .into_iter()
        .fold(Targets::new().with_default(libraries), |targets, target| {
            targets.with_target(target, sdk)
        })
        .with_target("akv_sync", ours);
    let registry = tracing_subscriber::registry().with(targets);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Stderr::default)
        .with_span_events(FmtSpan::NONE);
    match format {
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal();
            registry
                .with(layer.with_ansi(colour).with_target(false))
                .try_init()
        }
        LogFormat::Json => registry
            .with(layer.json().flatten_event(true).with_target(false))
            .try_init(),
    }
}
