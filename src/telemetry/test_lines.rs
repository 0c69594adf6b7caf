//! Lines as a format writes them, at a fixed time.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt as _;

/// Any fixed time.
#[derive(Debug)]
pub(super) struct Noon;

impl FormatTime for Noon {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        line.write_str("2026-11-30T12:00:00Z")
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// With two subscribers in the process, `tracing` asks both whether they listen, and remembers no answer of another
/// test's thread.
static SECOND_SUBSCRIBER: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

/// What `log` writes in this format.
pub(super) fn logged<F>(format: F, log: impl FnOnce()) -> String
where
    F: FormatEvent<Registry, DefaultFields> + Send + Sync + 'static,
{
    LazyLock::force(&SECOND_SUBSCRIBER);
    let output = Output::default();
    let writer = output.clone();
    let layer = tracing_subscriber::fmt::layer()
        .event_format(format)
        .with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::dispatcher::with_default(&Dispatch::new(subscriber), log);
    let bytes = output.0.lock().expect("not poisoned").clone();
    String::from_utf8(bytes).expect("text")
}
