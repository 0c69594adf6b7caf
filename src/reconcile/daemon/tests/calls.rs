//! What is counted of questions and publishes.

use std::sync::Mutex;

use super::*;
use crate::domain::call::{Call, CallKind};

/// Notes what is counted.
#[derive(Clone, Default)]
struct Counted {
    calls: Arc<Mutex<Vec<Call>>>,
    bytes: Arc<Mutex<Vec<(usize, u64)>>>,
}

impl Observer for Counted {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        for event in events {
            match event {
                Event::Answered { calls } => self.calls.lock().expect("told").extend(calls.clone()),
                Event::SetPublished { written, bytes, .. } => {
                    self.bytes.lock().expect("told").push((*written, *bytes));
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_a_vault_is_told_once_with_its_time_and_its_reason() {
    let bench = Bench::holding(&["slow"]);
    bench.vault.delay("slow", Duration::from_secs(3));
    bench.vault.refuse("bad", Reason::Forbidden, None);
    let counted = Counted::default();
    let pass = bench.pass(spec(vec![secret("slow"), secret("bad")]));
    let daemon = Daemon::new(pass, vec![Box::new(counted.clone())]);
    let (_waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    let _running = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(5)).await;
    let calls = counted.calls.lock().expect("told").clone();
    let seen: Vec<_> = calls
        .iter()
        .filter(|call| call.failure.is_none())
        .map(|call| (call.kind, call.attempts, call.took.as_secs()))
        .collect();
    assert_eq!(seen, [(CallKind::Secret, 1, 3)], "{calls:#?}");
    let failures: Vec<_> = calls.iter().filter_map(|call| call.failure).collect();
    let asked = bench.vault.take_calls();
    assert_eq!(
        failures,
        vec![Reason::Forbidden; count(&asked, "bad")],
        "each that was asked"
    );
    assert!(!failures.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_publish_tells_the_bytes_of_the_files_that_changed_and_a_no_op_pass_tells_none() {
    let bench = Bench::holding(&["a", "b"]);
    let counted = Counted::default();
    let pass = bench.pass(spec(vec![secret("a"), secret("b")]));
    let daemon = Daemon::new(pass, vec![Box::new(counted.clone())]);
    let (waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    let _running = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(1)).await;
    waker.wake();
    pass_time(Duration::from_secs(1)).await;
    bench.vault.set("b", "another", 2);
    waker.wake();
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(*counted.bytes.lock().expect("told"), [(2, 6), (1, 7)]);
}
