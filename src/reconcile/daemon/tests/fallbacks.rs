//! `latestEnabled`: the current version is disabled, and what leads to an older one fails.

use super::*;

fn latest_enabled(name: &str) -> ObjectSpec {
    let mut object = secret(name);
    object.wanted.version = VersionPolicy::LatestEnabled;
    object
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_fails_is_a_failure_until_it_succeeds_and_is_tried_again_soon() {
    let bench = Bench::holding(&["a"]);
    let objects = || spec(vec![latest_enabled("a")]);
    daemon(&bench, objects()).until_served(soon()).await;
    bench.vault.set("a", "two", 2);
    bench.vault.enable("a", 2, false);
    bench.vault.refuse_lists(Some(Reason::Unavailable));
    let mut restarted = daemon(&bench, objects());
    restarted.until_served(soon()).await;
    assert!(!restarted.status.is_served(), "the list failed to the end");
    assert!(
        bench.vault.take_lists().len() > 2,
        "it was asked for again and again"
    );

    bench.vault.refuse_lists(None);
    restarted.until_served(soon()).await;
    assert!(restarted.status.is_served());
}

#[tokio::test(start_paused = true)]
async fn a_failing_fallback_stays_a_failure_in_a_pass_for_something_else() {
    let bench = Bench::holding(&["a", "b"]);
    let objects = || spec(vec![latest_enabled("a"), secret("b")]);
    daemon(&bench, objects()).until_served(soon()).await;
    bench.vault.set("a", "two", 2);
    bench.vault.enable("a", 2, false);
    bench.vault.refuse_lists(Some(Reason::Forbidden));
    bench.vault.refuse("b", Reason::Unavailable, None);
    let mut restarted = daemon(&bench, objects());
    restarted.sync().await;
    // The next try of the one comes long before that of the other.
    tokio::time::sleep_until(restarted.next()).await;
    bench.vault.take_lists();
    restarted.sync().await;
    assert_eq!(bench.vault.take_lists(), Vec::<String>::new());
    assert_eq!(restarted.reasons(), [Reason::Forbidden, Reason::Unavailable]);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_waits_longer_than_what_leads_to_it_stays_a_failure_and_is_tried_then() {
    let bench = Bench::holding(&["a"]);
    let objects = || spec(vec![latest_enabled("a")]);
    daemon(&bench, objects()).sync().await;
    bench.vault.set("a", "two", 2);
    bench.vault.enable("a", 2, false);
    bench.vault.throttle_lists(Duration::from_secs(40));
    let mut restarted = daemon(&bench, objects());
    let began = Instant::now();
    restarted.sync().await;
    bench.vault.refuse_lists(None);
    while !restarted.status.is_served() {
        tokio::time::sleep_until(restarted.next()).await;
        restarted.sync().await;
    }
    let waited = began.elapsed();
    assert_eq!(
        bench.vault.take_lists().len(),
        2,
        "it was resolved, not forgotten"
    );
    assert!(
        (Duration::from_secs(40)..INTERVAL).contains(&waited),
        "{waited:?}"
    );
}
