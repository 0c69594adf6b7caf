//! What is told because time passes.

use std::sync::Mutex;

use super::*;

/// Notes when each warning was told, in seconds since the start, and what it was.
#[derive(Clone)]
struct Warnings {
    start: Instant,
    told: Arc<Mutex<Vec<(u64, &'static str)>>>,
}

impl Observer for Warnings {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        let second = self.start.elapsed().as_secs();
        let warnings = events.iter().filter_map(|event| match event {
            Event::NotReady { .. } => Some((second, "not ready")),
            Event::Failing { news: true, .. } => Some((second, "failing")),
            _ => None,
        });
        self.told.lock().expect("told").extend(warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_waits_for_a_refused_object_says_so_each_minute_and_what_fails_after_five() {
    let bench = Bench::new();
    bench.vault.refuse("bad", Reason::Forbidden, None);
    let warnings = Warnings {
        start: Instant::now(),
        told: Arc::default(),
    };
    let pass = bench.pass(spec(vec![secret("bad")]));
    let daemon = Daemon::new(pass, vec![Box::new(warnings.clone())]);
    let (_waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    let _running = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(301)).await;
    let told = warnings.told.lock().expect("told").clone();
    let expected = [
        (0, "failing"),
        (60, "not ready"),
        (120, "not ready"),
        (180, "not ready"),
        (240, "not ready"),
        (300, "failing"),
        (300, "not ready"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_again_hourly_although_its_object_is_asked_for_once_a_day() {
    let bench = Bench::holding(&["a"]);
    bench.vault.refuse("bad", Reason::Forbidden, None);
    let warnings = Warnings {
        start: Instant::now(),
        told: Arc::default(),
    };
    let day = Duration::from_hours(24);
    let mut seldom = [secret("a"), secret("bad")];
    for object in &mut seldom {
        object.interval = day;
    }
    seldom[1].required = false;
    let pass = bench.pass(spec(seldom.to_vec()));
    let daemon = Daemon::new(pass, vec![Box::new(warnings.clone())]);
    let (_waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    let _running = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(30)).await;
    bench.vault.take_calls();
    pass_time(Duration::from_secs(8_000)).await;
    let told: Vec<_> = warnings
        .told
        .lock()
        .expect("told")
        .iter()
        .map(|(second, _)| *second)
        .collect();
    assert_eq!(told, [0, 300, 3_900, 7_500]);
    assert_eq!(bench.vault.take_calls(), [], "nothing is asked for that");
}
