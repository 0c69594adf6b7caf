//! Waiting to the fraction of a millisecond.
//!
//! Tokio's timers count whole milliseconds, which would make each direction of a pretended round trip up to two too
//! long; a thread of its own waits as exactly as the system can.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Something that can wait for a moment.
pub(crate) trait Wait: Clone + Send + 'static {
    /// Waits until the moment has come.
    fn until(&self, moment: Instant) -> impl Future<Output = ()> + Send;
}

/// A thread that waits for others. It ends when the last clone is gone.
#[derive(Debug, Clone)]
pub(crate) struct Timekeeper {
    appointments: Sender<Appointment>,
}

#[derive(Debug)]
struct Appointment {
    at: Instant,
    wake: oneshot::Sender<()>,
}

impl Timekeeper {
    pub(crate) fn start() -> io::Result<Self> {
        let (appointments, receiver) = channel();
        std::thread::Builder::new()
            .name("fake-azure-time".to_owned())
            .spawn(move || keep(&receiver))?;
        Ok(Self { appointments })
    }
}

impl Wait for Timekeeper {
    async fn until(&self, moment: Instant) {
        let (wake, woken) = oneshot::channel();
        if self.appointments.send(Appointment { at: moment, wake }).is_ok() {
            // It is dropped unsent only when the thread ends, and then the fake does.
            drop(woken.await);
        }
    }
}

fn keep(receiver: &Receiver<Appointment>) {
    const IDLE: Duration = Duration::from_hours(1);
    let mut due: BinaryHeap<Reverse<Appointment>> = BinaryHeap::new();
    loop {
        while let Some(Reverse(appointment)) = due.peek()
            && appointment.at <= Instant::now()
        {
            if let Some(Reverse(appointment)) = due.pop() {
                // Nobody waits any more when the connection has ended.
                let _gone = appointment.wake.send(());
            }
        }
        let wait = due.peek().map_or(IDLE, |Reverse(next)| next.at - Instant::now());
        match receiver.recv_timeout(wait) {
            Ok(appointment) => due.push(Reverse(appointment)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl PartialEq for Appointment {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Appointment {}

impl PartialOrd for Appointment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Appointment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_early_appointment_does_not_wait_for_a_late_one_and_none_comes_too_early() {
        let timekeeper = Timekeeper::start().expect("a thread");
        let begun = Instant::now();
        tokio::select! {
            biased;
            () = timekeeper.until(begun + Duration::from_hours(1)) => panic!("the later one came first"),
            () = timekeeper.until(begun + Duration::from_millis(2)) => {}
        }
        assert!(begun.elapsed() >= Duration::from_millis(2));
        timekeeper.until(begun + Duration::from_millis(4)).await;
        assert!(begun.elapsed() >= Duration::from_millis(4));
    }
}
