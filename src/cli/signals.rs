//! Signals: SIGTERM and SIGINT stop, a second one ends at once, SIGHUP asks for something.

use std::{io, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::Exit;

/// Listens from now on; the receiver turns true with the first signal to stop. Once every receiver is dropped the work is done,
/// and the first signal ends the program at once.
///
/// On a thread of its own: the main one may hang in a write, when nobody reads stdout.
pub(super) fn listen(on_hang_up: impl Fn() + Send + 'static) -> io::Result<watch::Receiver<bool>> {
    let (stopped, stop) = watch::channel(false);
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let within_runtime = runtime.enter();
    let listener = Listener {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hang_up: signal(SignalKind::hangup())?,
        on_hang_up: Box::new(on_hang_up),
    };
    drop(within_runtime);
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(listener.run(stopped)))?;
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
            if stopped.send_replace(true) || stopped.is_closed() {
                end_at_once();
            }
            tracing::info!(signal = name, "Stopping");
        }
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal asks for an end without clean-up, and the volume recovers at the next start; after the work \
              there is nothing left to clean up"
)]
fn end_at_once() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
