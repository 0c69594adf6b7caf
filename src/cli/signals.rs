//! Signals: SIGTERM and SIGINT stop, a second one ends at once, SIGHUP asks for something.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::Exit;

/// Listens from now on; the receiver turns true with the first signal to stop. Needs a tokio runtime.
pub(super) fn listen(on_hang_up: impl Fn() + Send + 'static) -> io::Result<watch::Receiver<bool>> {
    let (stopped, stop) = watch::channel(false);
    let listener = Listener {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hang_up: signal(SignalKind::hangup())?,
        on_hang_up: Box::new(on_hang_up),
    };
    tokio::spawn(listener.run(stopped));
    Ok(stop)
}

struct Listener {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    on_hang_up: Box<dyn Fn() + Send>,
}

impl Listener {
    async fn run(mut self, stopped: watch::Sender<bool>) {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.hang_up.recv() => {
                    (self.on_hang_up)();
                    continue;
                }
            };
            if stopped.send_replace(true) {
                end_at_once();
            }
            tracing::info!(signal = name, "Stopping");
        }
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal asks for an end without clean-up; the volume recovers at the next start"
)]
fn end_at_once() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
