//! Attempts of one fetch: which failures get another, how many, and for how long.

use std::io;
use std::time::Duration;

use azure_core::error::ErrorKind;
use tokio::time::Instant;

use super::stage::*;
use crate::domain::failure::Reason;
use crate::ports::{Attempts, Vault as _};

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
async fn a_question_is_repeated_as_often_as_it_was_granted_and_no_more() {
    let stage = Stage::answering([Reply::new(503, "")]);
    stage.fetch(&secret("first")).await.expect_err("down");
    for granted in 0..4 {
        let (before, start, attempts) = (stage.counts(), Instant::now(), Attempts::new(granted));
        let fetched = stage.vault.fetch(&secret("a"), &attempts).await;
        fetched.expect_err("down");
        let made = usize::try_from(attempts.made()).expect("few");
        assert_eq!(stage.counts(), (before.0, before.1 + made));
        assert_eq!((attempts.made(), attempts.unused()), (1 + granted, 0));
        assert_eq!(start.elapsed().is_zero(), granted == 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pages_of_a_list_share_what_was_granted() {
    let again = [
        Reply::new(503, ""),
        page(&[], Some("/secrets?p=1")),
        Reply::new(503, ""),
    ];
    let stage = Stage::answering(again);
    let attempts = Attempts::new(2);
    let app = secret("a").object.vault;
    let listed = stage.vault.secrets(&app, &attempts).await;
    assert_eq!(listed.expect_err("down").reason, Reason::Unavailable);
    // The challenge, the first page twice, and the second page with the one repeat that is left.
    assert_eq!((attempts.made(), stage.counts()), (5, (1, 4)));
}

/// The SDK's clients ask for the challenge and repeat what was refused with a token; that is not hidden from the count.
#[tokio::test(start_paused = true)]
async fn every_request_that_leaves_is_counted_whoever_repeats_it() {
    let refused = Reply::new(401, "").with("www-authenticate", CHALLENGE);
    let object = format!(r#"{{"id":"https://{HOST}/secrets/a/{VERSION}","value":"x"}}"#);
    let stage = Stage::answering([refused, Reply::new(200, object)]);
    for expected in [3, 1] {
        let (before, attempts) = (stage.calls().len(), Attempts::new(0));
        let fetched = stage.vault.fetch(&secret("a"), &attempts).await;
        fetched.expect("fetched with another token");
        assert_eq!(attempts.made(), expected);
        assert_eq!(
            stage.calls().len() - before,
            usize::try_from(expected).expect("few")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_call_of_another_makes_none() {
    let stage = Stage::of(
        &[spec("app", &format!("https://{HOST}/"))],
        Duration::from_millis(20),
        Duration::ZERO,
        |call| {
            Ok(if call.token.is_none() {
                Reply::challenge()
            } else {
                Reply::object(call)
            })
        },
    );
    let attempts = [Attempts::new(0), Attempts::new(0)];
    let (a, b) = (secret("a"), secret("b"));
    let (one, other) = tokio::join!(
        stage.vault.fetch(&a, &attempts[0]),
        stage.vault.fetch(&b, &attempts[1])
    );
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(attempts.map(|attempts| attempts.made()), [2, 1]);
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
