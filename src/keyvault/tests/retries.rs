//! Attempts of one fetch: which failures get another, how many, and for how long.

use std::io;
use std::time::Duration;

use azure_core::error::ErrorKind;
use tokio::time::Instant;

use super::stage::*;
use crate::domain::failure::Reason;

async fn attempts_of(reply: Reply) -> (usize, Duration, Reason) {
    let stage = Stage::answering([reply]);
    let start = Instant::now();
    let failure = stage.fetch(&secret("a")).await.expect_err("refused");
    (stage.counts().1, start.elapsed(), failure.reason)
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_tried_three_times_within_seconds() {
    for status in [408, 500, 502, 503, 504] {
        let (attempts, took, _) = attempts_of(Reply::new(status, "")).await;
        assert_eq!(attempts, 3, "{status}");
        assert!(took < Duration::from_secs(3), "{status}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_must_change_is_tried_once() {
    for status in [400, 403, 404, 405, 409, 429, 501] {
        let (attempts, took, _) = attempts_of(Reply::new(status, "")).await;
        assert_eq!((attempts, took), (1, Duration::ZERO), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_is_left_to_the_loop() {
    let reply = Reply::new(503, "").with("retry-after", "Mon, 23 Nov 2026 12:01:00 GMT");
    let stage = Stage::answering([reply]);
    let start = Instant::now();
    let failure = stage.fetch(&secret("a")).await.expect_err("refused");
    assert_eq!(failure.retry_after, Some(Duration::from_mins(1)));
    assert_eq!((stage.counts().1, start.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_short_retry_after_is_waited_for() {
    let (attempts, took, _) = attempts_of(Reply::new(503, "").with("retry-after", "1")).await;
    assert_eq!(attempts, 3);
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(5)).contains(&took),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_is_tried_again() {
    let dropped = std::sync::atomic::AtomicBool::new(false);
    let stage = Stage::new(move |call| {
        if call.token.is_none() {
            return Ok(Reply::challenge());
        }
        if dropped.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Ok(Reply::object(call));
        }
        Err(azure_core::Error::new(
            ErrorKind::Io,
            io::Error::from(io::ErrorKind::ConnectionReset),
        ))
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    assert_eq!(stage.counts(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_down_gets_few_more_calls_than_objects() {
    let stage = Stage::answering([Reply::new(503, "")]);
    for n in 0..200 {
        stage.fetch(&secret(&format!("s{n}"))).await.expect_err("down");
    }
    assert_eq!(stage.counts().1, 250);
}

/// The SDK's clients drop a token when another request of theirs gets a 401; who comes between finds none.
#[tokio::test(start_paused = true)]
async fn a_token_lost_to_another_request_is_asked_for_again_at_once() {
    let stage = Stage::answering([]);
    stage.lose_tokens(2);
    let start = Instant::now();
    stage.fetch(&secret("a")).await.expect("fetched");
    assert_eq!((stage.counts(), start.elapsed()), ((1, 1), Duration::ZERO));

    let stage = Stage::answering([]);
    stage.lose_tokens(3);
    let failure = stage.fetch(&secret("a")).await.expect_err("no token");
    assert_eq!(failure.reason, Reason::IdentityUnavailable);
}
