//! A wall clock that somebody sets while the loop runs.

use std::sync::Mutex;

use time::OffsetDateTime;

use super::*;
use crate::ports::Clock;

/// A clock that can be set.
struct WallClock(Mutex<OffsetDateTime>);

impl WallClock {
    fn set(&self, time: OffsetDateTime) {
        *self.0.lock().expect("not poisoned") = time;
    }
}

impl Clock for WallClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("not poisoned")
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_by_a_day_makes_no_call_and_delays_none() {
    const NOON: OffsetDateTime = time::macros::datetime!(2026-01-02 12:00 UTC);
    const DAY: time::Duration = time::Duration::DAY;
    let bench = Bench::holding(&["a"]);
    let clock = Arc::new(WallClock(Mutex::new(NOON)));
    let mut daemon = daemon(&bench, spec(vec![secret("a")]));
    daemon.pass.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let (waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(count(&bench.vault.take_calls(), "a"), 1);
    for (number, time) in (2..).zip([NOON + DAY, NOON, NOON - DAY]) {
        clock.set(time);
        pass_time(INTERVAL / 4).await;
        assert_eq!(count(&bench.vault.take_calls(), "a"), 0, "at {time}");
        let value = format!("value {number}");
        bench.vault.set("a", &value, number);
        pass_time(INTERVAL + INTERVAL / 4).await;
        let calls = count(&bench.vault.take_calls(), "a");
        assert!((1..=2).contains(&calls), "{calls} at {time}");
        assert_eq!(
            bench.volume.text("a").as_deref(),
            Some(value.as_str()),
            "at {time}"
        );
    }
    drop(waker);
}
