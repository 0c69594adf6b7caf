//! The log: events with fields, as text for people or as JSON lines for collectors, on stderr.

mod json;
mod panics;
mod parts;
pub mod stderr;
#[cfg(test)]
mod test_lines;
mod text;

use std::fmt;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use self::json::JsonLine;
use self::stderr::Stderr;
use self::text::TextLine;

/// Form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text per event: time, level, message, `key=value`.
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

/// Installs the log for the whole process, panics included; an error when one is installed already. `color` is for lines of text.
///
/// `level` applies to this crate. The Azure SDK follows it from `debug` on; above, what it says of a failed request is
/// said better by ours. The HTTP and TLS libraries beneath log frames and headers at their lowest levels, so they never
/// say more than `info`.
pub fn install(format: LogFormat, level: Level, color: bool) -> Result<(), TryInitError> {
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
            let line = TextLine {
                time: SystemTime,
                color,
            };
            registry.with(layer.event_format(line)).try_init()?;
        }
        LogFormat::Json => registry
            .with(layer.event_format(JsonLine { time: SystemTime }))
            .try_init()?,
    }
    panics::install();
    Ok(())
}
