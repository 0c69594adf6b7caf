//! The first requests: one without a token per vault, whatever happens to it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azure_core::error::ErrorKind;
use futures::future::join_all;
use tokio::time::Instant;

use super::stage::*;
use crate::domain::failure::Reason;
use crate::domain::object::ObjectKind;
use crate::ports::{Attempts, Vault as _};

const TRIP: Duration = Duration::from_millis(20);

fn usual(call: &Call) -> Reply {
    if call.token.is_none() {
        Reply::challenge()
    } else {
        Reply::object(call)
    }
}

fn one_vault(token_delay: Duration) -> Stage {
    Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        TRIP,
        token_delay,
        |call| Ok(usual(call)),
    )
}

fn mixed_sources(number: usize) -> Vec<crate::domain::object::Source> {
    let kinds = [ObjectKind::Secret, ObjectKind::Key, ObjectKind::Certificate];
    (0..number)
        .map(|n| source(kinds[n % 3], &format!("object-{n}")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn fifty_first_fetches_of_all_kinds_make_one_call_without_token() {
    let stage = one_vault(Duration::ZERO);
    let sources = mixed_sources(50);
    let results = join_all(sources.iter().map(|source| stage.fetch(source))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(stage.counts(), (1, 50));
    assert_eq!(stage.minted().prefetched, ["https://vault.azure.net/.default"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_they_do_when_they_run_on_several_threads_and_tokens_are_slow() {
    let spec = spec("app", &format!("https://{HOST}/"));
    let brief = Duration::from_millis(2);
    let stage = Stage::of(&[spec], brief, brief, |call| Ok(usual(call)));
    let fetches = mixed_sources(50).into_iter().map(|source| {
        let vault = Arc::clone(&stage.vault);
        tokio::spawn(async move { vault.fetch(&source, &Attempts::new(2)).await })
    });
    for result in join_all(fetches).await {
        result.expect("no panic").expect("fetched");
    }
    assert_eq!(stage.counts(), (1, 50));
}

#[tokio::test(start_paused = true)]
async fn a_later_fetch_is_one_call() {
    let stage = one_vault(Duration::ZERO);
    stage.fetch(&secret("first")).await.expect("fetched");
    let before = stage.calls().len();
    for source in [secret("first"), source(ObjectKind::Certificate, "second")] {
        stage.fetch(&source).await.expect("fetched");
    }
    assert_eq!(stage.calls().len() - before, 2);
    stage
        .fetch(&source(ObjectKind::Key, "third"))
        .await
        .expect("fetched");
    assert_eq!(stage.counts(), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_lasts_two_round_trips_when_the_token_is_there() {
    let stage = one_vault(Duration::ZERO);
    let start = Instant::now();
    join_all(mixed_sources(20).iter().map(|source| stage.fetch(source))).await;
    assert_eq!(start.elapsed(), 2 * TRIP);
}

#[tokio::test(start_paused = true)]
async fn each_vault_is_asked_for_its_own_challenge() {
    let vaults = [
        spec("one", "https://one.vault.azure.net/"),
        spec("two", "https://two.vault.azure.net/"),
        spec("hsm", "https://three.managedhsm.azure.net/"),
    ];
    let stage = Stage::of(&vaults, TRIP, Duration::ZERO, |call| {
        let hsm = call
            .url
            .host_str()
            .is_some_and(|host| host.contains("managedhsm"));
        match &call.token {
            None if hsm => Ok(Reply::new(401, "").with(
                "www-authenticate",
                r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://managedhsm.azure.net""#,
            )),
            None => Ok(Reply::challenge()),
            Some(_) => Ok(Reply::object(call)),
        }
    });
    let sources = [
        source_at("one", ObjectKind::Secret, "a"),
        source_at("one", ObjectKind::Key, "b"),
        source_at("two", ObjectKind::Secret, "c"),
        source_at("hsm", ObjectKind::Key, "d"),
    ];
    for result in join_all(sources.iter().map(|source| stage.fetch(source))).await {
        result.expect("fetched");
    }
    assert_eq!(stage.counts(), (3, 4));
    let scopes = stage.minted().scopes;
    assert!(
        scopes.contains(&"https://managedhsm.azure.net/.default".to_owned()),
        "{scopes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn those_who_waited_for_a_failing_first_call_share_its_failure() {
    let stage = Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        TRIP,
        Duration::ZERO,
        |_| {
            Err(azure_core::Error::new(
                ErrorKind::Connection,
                io::Error::from(io::ErrorKind::ConnectionRefused),
            ))
        },
    );
    let sources = mixed_sources(20);
    let results = join_all(sources.iter().map(|source| stage.fetch(source))).await;
    assert!(
        results
            .iter()
            .all(|r| r.as_ref().is_err_and(|f| f.reason == Reason::Unreachable))
    );
    // One call per round of attempts, and not one per object.
    assert_eq!(stage.counts(), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn those_who_waited_share_an_answer_that_throttles() {
    let stage = Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        TRIP,
        Duration::ZERO,
        |_| Ok(Reply::new(429, error("Throttled", None, "Too many requests.")).with("retry-after", "5")),
    );
    let sources = mixed_sources(30);
    let results = join_all(sources.iter().map(|source| stage.fetch(source))).await;
    assert!(
        results
            .iter()
            .all(|r| r.as_ref().is_err_and(|f| f.reason == Reason::Throttled))
    );
    assert_eq!(stage.counts(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_vault_in_a_black_hole_costs_one_time_limit_for_a_pass_of_many_objects() {
    let limit = Duration::from_secs(5);
    let stage = Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        limit,
        Duration::ZERO,
        |_| {
            Err(azure_core::Error::new(
                ErrorKind::Connection,
                io::Error::from(io::ErrorKind::TimedOut),
            ))
        },
    );
    let sources = mixed_sources(500);
    let start = Instant::now();
    let results = join_all(sources.iter().map(|source| stage.fetch(source))).await;
    assert!(
        results
            .iter()
            .all(|r| r.as_ref().is_err_and(|f| f.reason == Reason::TimedOut))
    );
    assert_eq!((stage.counts(), start.elapsed()), ((1, 0), limit));

    tokio::time::advance(Duration::from_secs(1)).await;
    stage.fetch(&secret("a")).await.expect_err("still no answer");
    assert_eq!(stage.counts(), (2, 0), "the next pass asks again");
}

#[tokio::test(start_paused = true)]
async fn a_first_call_that_is_given_up_leaves_the_next_in_line_to_try() {
    let calls = AtomicUsize::new(0);
    let stage = Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        TRIP,
        Duration::ZERO,
        move |call| {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(usual(call))
        },
    );
    let (a, b) = (secret("a"), secret("b"));
    let given_up = tokio::time::timeout(TRIP / 2, stage.fetch(&a));
    let (given_up, fetched) = tokio::join!(given_up, stage.fetch(&b));
    assert!(given_up.is_err());
    assert!(fetched.is_ok(), "{fetched:?}");
    assert_eq!(stage.counts(), (2, 1));
}

#[tokio::test]
async fn a_vault_that_asks_for_no_token_gets_none() {
    let stage = Stage::of(
        &[spec("app", "https://localhost:8443/")],
        Duration::ZERO,
        Duration::ZERO,
        |call| Ok(Reply::object(call)),
    );
    stage.fetch(&secret("a")).await.expect("fetched");
    assert_eq!(stage.counts(), (1, 0));
}
