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
            if is_last_word(&stopped) {
                end_at_once();
            }
            tracing::info!(signal = name, "Stopping");
        }
    }
}

/// Tells who listens to stop. True when nobody waits for that any more: it is the second signal, or the work is done.
fn is_last_word(stopped: &watch::Sender<bool>) -> bool {
    // Asked before it is told: who hears of it may be gone a moment later, and that is no reason to end at once.
    let done = stopped.is_closed();
    stopped.send_replace(true) || done
}

#[expect(
    clippy::exit,
    reason = "a second signal asks for an end without clean-up, and the volume recovers at the next start; after the work \
              there is nothing left to clean up"
)]
fn end_at_once() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_not_the_last_word_however_fast_the_work_ends() {
        for _ in 0..500 {
            let (stopped, mut stop) = watch::channel(false);
            let runtime = Builder::new_current_thread().build().unwrap();
            let work = thread::spawn(move || {
                runtime.block_on(stop.wait_for(|stop| *stop)).unwrap();
            });
            assert!(!is_last_word(&stopped));
            work.join().unwrap();
        }
    }

    #[test]
    fn a_second_signal_and_one_after_the_work_are_the_last_word() {
        let (stopped, stop) = watch::channel(false);
        assert!(!is_last_word(&stopped));
        assert!(is_last_word(&stopped));
        drop(stop);
        let (stopped, _) = watch::channel(false);
        assert!(is_last_word(&stopped));
    }
}
