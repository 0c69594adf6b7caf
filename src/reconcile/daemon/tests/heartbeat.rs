//! Whether the loop turns, as a liveness probe asks.

use super::*;

/// Longer than any loop may stand still.
const LONG: Duration = Duration::from_mins(10);

/// A loop at work over one secret, which is replaced, so that there is a set to remove ten seconds later.
async fn at_work(bench: &Bench) -> (Arc<Heartbeat>, watch::Sender<bool>) {
    let daemon = daemon(bench, spec(vec![secret("a")]));
    let heartbeat = daemon.heartbeat();
    let (stopped, stop) = watch::channel(false);
    let (waker, triggers) = channel();
    tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(1)).await;
    bench.vault.set("a", "two", 2);
    waker.wake();
    pass_time(Duration::from_secs(1)).await;
    (heartbeat, stopped)
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_anything_to_do_turns() {
    let bench = Bench::holding(&["a"]);
    let (heartbeat, _stopped) = at_work(&bench).await;
    for _ in 0..60 {
        pass_time(LONG / 60).await;
        assert_eq!(heartbeat.stuck_for(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_hangs_is_no_cause_whenever_it_begins_to() {
    for at_start in [true, false] {
        let bench = Bench::holding(&["a"]);
        *bench.volume.hangs.lock().expect("no panic") = at_start;
        let (heartbeat, _stopped) = at_work(&bench).await;
        assert_eq!(bench.volume.keeps_replaced(), !at_start);
        // What comes next is the removal of the replaced set, or a pass.
        *bench.volume.hangs.lock().expect("no panic") = true;
        pass_time(LONG).await;
        assert_eq!(heartbeat.stuck_for(), None, "at start: {at_start}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_does_not_turn_for_a_minute_is_stuck() {
    let heartbeat = Heartbeat::default();
    pass_time(Duration::from_mins(1)).await;
    assert_eq!(heartbeat.stuck_for(), None);
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(heartbeat.stuck_for(), Some(Duration::from_secs(61)));
}
