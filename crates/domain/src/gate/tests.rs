//! Rule by rule.

use super::*;
use crate::query::test_queries::secret;

const INTERVAL: Duration = Duration::from_mins(5);

fn at(seconds: u64) -> Moment {
    Moment::START + Duration::from_secs(seconds)
}

fn failure(reason: Reason, retry_after: Option<u64>) -> Failure {
    Failure::new(reason, "seen", "do").after(retry_after.map(Duration::from_secs))
}

fn host(at: Moment, ready: bool) -> HostNow {
    HostNow {
        now: Now {
            at,
            ready,
            jitter: 0.5,
        },
        interval: INTERVAL,
        others: true,
    }
}

/// What the gate says to a question that nothing is known of.
fn permit(gate: &Gate, now: Moment) -> Permit {
    gate.permit(&secret("other"), Asked::First, now)
}

/// A question that left at one second and failed at another.
fn fails(gate: &mut Gate, name: &str, [asked, now]: [u64; 2], reason: Reason) -> Blame {
    gate.failed(
        &secret(name),
        at(asked),
        &failure(reason, None),
        host(at(now), false),
    )
}

#[test]
fn a_429_or_no_connection_opens_it_whatever_else_was_answered() {
    for reason in [Reason::Throttled, Reason::Unreachable, Reason::TlsRefused] {
        let mut gate = Gate::default();
        gate.answered(&secret("b"), at(0), at(1));
        assert_eq!(fails(&mut gate, "a", [0, 2], reason), Blame::Host, "{reason}");
        assert_eq!(permit(&gate, at(2)), Permit::No);
    }
}

#[test]
fn an_error_or_silence_opens_it_only_while_nothing_else_is_answered() {
    for reason in [Reason::Unavailable, Reason::TimedOut] {
        let mut gate = Gate::default();
        gate.answered(&secret("b"), at(0), at(1));
        assert_eq!(fails(&mut gate, "a", [0, 2], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "c", [0, 2], reason), Blame::Object, "{reason}");
        assert_eq!(permit(&gate, at(2)), Permit::Yes);
    }
}

#[test]
fn an_error_or_silence_opens_it_when_another_object_is_its_witness() {
    for reason in [Reason::Unavailable, Reason::TimedOut] {
        let mut gate = Gate::default();
        gate.answered(&secret("b"), at(0), at(1));
        assert_eq!(fails(&mut gate, "a", [3, 4], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "a", [5, 6], reason), Blame::Object, "{reason}");
        assert_eq!(permit(&gate, at(6)), Permit::Yes);
        assert_eq!(fails(&mut gate, "c", [7, 8], reason), Blame::Host, "{reason}");
        assert_eq!(permit(&gate, at(8)), Permit::No);
    }
}

#[test]
fn the_forms_and_versions_of_one_object_are_no_witnesses_for_each_other() {
    let mut gate = Gate::default();
    let Query::Object(source) = secret("a") else {
        unreachable!("it is one")
    };
    for query in [secret("a"), Query::Versions(source.object)] {
        let told = failure(Reason::Unavailable, None);
        let blame = gate.failed(&query, at(0), &told, host(at(1), true));
        assert_eq!(blame, Blame::Object, "{query}");
    }
}

#[test]
fn where_nothing_else_is_asked_for_an_error_needs_no_witness() {
    let mut gate = Gate::default();
    let told = failure(Reason::Unavailable, None);
    let only = HostNow {
        others: false,
        ..host(at(1), true)
    };
    assert_eq!(gate.failed(&secret("a"), at(0), &told, only), Blame::Host);
}

#[test]
fn an_error_with_a_retry_after_is_the_word_of_the_host_and_holds_for_all() {
    let mut gate = Gate::default();
    let told = failure(Reason::Unavailable, Some(30));
    let blame = gate.failed(&secret("a"), at(0), &told, host(at(1), true));
    assert_eq!(blame, Blame::Host);
    assert_eq!(permit(&gate, at(30)), Permit::No);
    assert_eq!(permit(&gate, at(33)), Permit::Probe);
}

#[test]
fn what_failed_alone_is_to_blame_until_it_is_answered() {
    for reason in [Reason::Unavailable, Reason::TimedOut] {
        let mut gate = Gate::default();
        gate.answered(&secret("b"), at(0), at(1));
        assert_eq!(fails(&mut gate, "a", [0, 2], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "c", [8, 9], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "a", [9, 10], reason), Blame::Object, "{reason}");
        gate.answered(&secret("a"), at(11), at(12));
        assert_eq!(fails(&mut gate, "c", [12, 13], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "d", [13, 14], reason), Blame::Object, "{reason}");
        assert_eq!(fails(&mut gate, "a", [13, 14], reason), Blame::Host, "{reason}");
    }
}

#[test]
fn the_word_of_one_throttled_object_stretches_nothing_and_lets_others_try_soon() {
    let mut gate = Gate::default();
    let throttled = |gate: &mut Gate, name, now| {
        let told = failure(Reason::Throttled, None);
        gate.failed(&secret(name), at(now), &told, host(at(now), true))
    };
    throttled(&mut gate, "a", 0);
    assert!(!gate.stretch().is_stretched());
    // Half a second, and half of four.
    assert_eq!(permit(&gate, at(2)), Permit::No);
    assert_eq!(permit(&gate, at(3)), Permit::Probe);
    assert_eq!(
        gate.permit(&secret("a"), Asked::First, at(299)),
        Permit::No,
        "the regular time"
    );
    throttled(&mut gate, "a", 300);
    assert_eq!(permit(&gate, at(301)), Permit::Probe, "not held up once more");

    throttled(&mut gate, "b", 301);
    assert!(gate.stretch().is_stretched());
    assert_eq!(permit(&gate, at(310)), Permit::No);
    assert_eq!(gate.opens_at(&secret("a")), at(301 + 450));
}

#[test]
fn throttled_answers_that_arrive_together_are_witnesses_for_each_other() {
    let mut gate = Gate::default();
    let told = failure(Reason::Throttled, None);
    for name in ["a", "b", "c"] {
        gate.failed(&secret(name), at(0), &told, host(at(1), true));
    }
    assert_eq!(gate.opening().map(|open| open.failures), Some(1));
    assert_eq!(gate.opens_at(&secret("b")), at(451));
    assert!(gate.is_culprit(&secret("a")) && !gate.is_culprit(&secret("b")));
}

#[test]
fn what_nobody_asks_for_any_more_is_forgotten() {
    let mut gate = Gate::default();
    fails(&mut gate, "a", [0, 1], Reason::Throttled);
    gate.retain(|query| *query != secret("a"));
    assert!(!gate.is_culprit(&secret("a")));
}

#[test]
fn open_it_lets_one_question_through_and_any_answer_closes_it() {
    let mut gate = Gate::default();
    fails(&mut gate, "a", [0, 0], Reason::Unreachable);
    // Half a second, and half of four.
    assert_eq!(permit(&gate, at(2)), Permit::No);
    assert_eq!(permit(&gate, at(3)), Permit::Probe);
    gate.begin(&secret("b"));
    assert_eq!(gate.take_retry(), 0, "a probe is one call");
    assert_eq!(permit(&gate, at(3)), Permit::No, "one at a time");
    gate.answered(&secret("b"), at(3), at(4));
    assert_eq!(permit(&gate, at(4)), Permit::Yes);
}

#[test]
fn each_failed_probe_makes_the_wait_longer_and_what_left_together_counts_once() {
    let mut gate = Gate::default();
    for name in ["a", "b", "c"] {
        fails(&mut gate, name, [0, 1], Reason::Unreachable);
    }
    assert_eq!(gate.opening().map(|open| open.failures), Some(1));
    gate.begin(&secret("a"));
    fails(&mut gate, "a", [4, 5], Reason::Unreachable);
    let open = gate.opening().expect("open");
    assert_eq!((open.failures, open.since), (2, at(1)));
    assert_eq!(open.probe_at, at(5) + Duration::from_millis(4_500));
}

#[test]
fn an_answer_from_before_a_429_does_not_close_it() {
    let mut gate = Gate::default();
    fails(&mut gate, "a", [0, 1], Reason::Throttled);
    gate.answered(&secret("b"), at(0), at(2));
    assert_eq!(permit(&gate, at(2)), Permit::No);
    gate.begin(&secret("b"));
    gate.answered(&secret("b"), at(4), at(5));
    assert_eq!(permit(&gate, at(5)), Permit::Yes);
}

#[test]
fn retry_after_holds_for_the_host_whoever_wants_to_know_and_for_five_minutes_at_most() {
    let mut gate = Gate::default();
    let told = failure(Reason::Throttled, Some(4));
    gate.failed(&secret("a"), at(0), &told, host(at(0), true));
    gate.wake(at(1));
    assert_eq!(permit(&gate, at(3)), Permit::No);
    assert_eq!(permit(&gate, at(5)), Permit::Probe);

    let mut gate = Gate::default();
    let told = failure(Reason::Throttled, Some(86_400));
    gate.failed(&secret("a"), at(0), &told, host(at(0), false));
    gate.wake(at(1));
    assert_eq!(permit(&gate, at(299)), Permit::No);
    assert_eq!(permit(&gate, at(330)), Permit::Probe);
}

#[test]
fn an_object_that_is_throttled_alone_costs_the_others_its_first_retry_after() {
    let mut gate = Gate::default();
    let told = failure(Reason::Throttled, Some(30));
    let poisoned = |gate: &mut Gate, now| gate.failed(&secret("a"), at(now), &told, host(at(now), true));
    assert_eq!(poisoned(&mut gate, 0), Blame::Host);
    assert!(gate.is_culprit(&secret("a")));
    gate.answered(&secret("b"), at(400), at(401));
    assert_eq!(poisoned(&mut gate, 402), Blame::Object);
    assert_eq!(permit(&gate, at(403)), Permit::Yes);
    gate.answered(&secret("a"), at(500), at(501));
    assert!(
        !gate.is_culprit(&secret("a")),
        "it was not its own trouble after all"
    );
}

#[test]
fn while_files_are_served_a_throttled_host_is_asked_again_at_a_stretched_interval() {
    let mut gate = Gate::default();
    let told = failure(Reason::Throttled, None);
    let only = HostNow {
        others: false,
        ..host(at(0), true)
    };
    gate.failed(&secret("a"), at(0), &told, only);
    assert_eq!(gate.stretch().effective(INTERVAL), Duration::from_secs(450));
    assert_eq!(gate.opens_at(&secret("b")), at(450));
    let day = HostNow {
        interval: Duration::from_hours(24),
        ..only
    };
    let mut gate = Gate::default();
    gate.failed(&secret("a"), at(0), &told, day);
    assert_eq!(gate.opens_at(&secret("b")), at(3_600), "within the hour");
}

#[test]
fn retries_are_few_at_once_and_come_back_with_answers() {
    let mut gate = Gate::default();
    assert_eq!((0..100).map(|_| gate.take_retry()).sum::<u32>(), 20);
    gate.give_back(1);
    assert_eq!(gate.take_retry(), 1);
    (0..9).for_each(|_| gate.answered(&secret("a"), at(0), at(1)));
    assert_eq!(gate.take_retry(), 0);
    gate.answered(&secret("a"), at(0), at(1));
    assert_eq!(gate.take_retry(), 1);
}

#[test]
fn twenty_are_under_way_at_once_and_what_hangs_gives_its_place_away() {
    let mut gate = Gate::default();
    for number in 0..20 {
        assert_eq!(permit(&gate, at(0)), Permit::Yes);
        gate.occupy(&secret(&format!("secret-{number}")), at(0));
    }
    assert_eq!(permit(&gate, at(0)), Permit::No);
    assert_eq!(gate.next_place(Asked::First, at(0)), Some(at(1)));
    assert_eq!(permit(&gate, at(1)), Permit::Yes);
    gate.end(&secret("secret-0"));
    assert_eq!(permit(&gate, at(0)), Permit::Yes);
}

#[test]
fn over_http2_a_hundred_are_under_way_and_twenty_for_an_hour_after_a_429_or_a_cut() {
    let places = |gate: &Gate, now| {
        let mut gate = gate.clone();
        let taken = (0..).take_while(|number| {
            let leaves = permit(&gate, now) == Permit::Yes;
            gate.occupy(&secret(&format!("secret-{number}")), now);
            leaves
        });
        taken.count()
    };
    let mut gate = Gate::default();
    gate.speak(Protocol::Http2);
    assert_eq!(places(&gate, at(0)), 100);
    let mut cut = gate.clone();
    cut.set_back(at(0));
    fails(&mut gate, "a", [0, 0], Reason::Throttled);
    gate.answered(&secret("a"), at(1), at(2));
    for gate in [gate, cut] {
        assert_eq!(places(&gate, at(3)), 20);
        assert_eq!(places(&gate, at(3_601)), 100);
    }
}

#[test]
fn a_question_from_before_says_nothing_of_the_probe() {
    let mut gate = Gate::default();
    for name in ["a", "b"] {
        gate.begin(&secret(name));
    }
    gate.end(&secret("a"));
    fails(&mut gate, "a", [0, 1], Reason::Unreachable);
    gate.begin(&secret("c"));
    gate.end(&secret("b"));
    fails(&mut gate, "b", [0, 5], Reason::Unreachable);
    assert_eq!(permit(&gate, at(5)), Permit::No, "the probe is still out");
}
