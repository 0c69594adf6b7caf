//! The fakes that the tests of this module share: a clock on tokio's time, a log that can be read.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::ports::Clock;

/// Runs with tokio's time, which tests pause.
pub(super) struct TokioClock(Instant);

impl TokioClock {
    pub(super) fn start() -> Arc<dyn Clock> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for TokioClock {
    fn now(&self) -> OffsetDateTime {
        // Any fixed day.
        OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000) + self.0.elapsed()
    }
}

/// The system's clock, for tests in which the SDK dates the tokens.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// Everything that this thread logs while the guard lives, at trace level.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

/// While there is one subscriber in the process, `tracing` asks the thread that meets an event first whether anybody
/// listens, and remembers a no of a thread of another test. With a second one, it asks all subscribers.
static SECOND_SUBSCRIBER: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));

impl Log {
    pub(super) fn listen() -> (Self, DefaultGuard) {
        LazyLock::force(&SECOND_SUBSCRIBER);
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }

    /// The lines of this crate at a level.
    pub(super) fn lines(&self, level: &str) -> Vec<String> {
        let text = self.text();
        let ours = text
            .lines()
            .filter(|line| line.contains(level) && line.contains("akv_sync"));
        ours.map(ToOwned::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
