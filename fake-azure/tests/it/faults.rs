//! Fault switches as a client meets them.

use std::time::{Duration, Instant};

use fake_azure::{CallKind, Effect, FakeAzure, FakeOptions, Fault, Service};
use reqwest::Method;

use crate::client::Session;

const PATIENCE: Duration = Duration::from_millis(300);

fn start(http2: bool) -> FakeAzure {
    let fake = FakeAzure::start(FakeOptions {
        http2,
        ..FakeOptions::default()
    })
    .expect("loopback has free ports");
    fake.vault("app").set_secret("db", "one");
    fake
}

fn vault(effect: Effect) -> Fault {
    Fault::new(Service::Vault, effect)
}

/// Whether a GET of the secret fails as a connection or a body, and not with a status.
async fn breaks(session: &Session<'_>) -> bool {
    match session.request(Method::GET, "/secrets/db").send().await {
        Err(error) => !error.is_timeout(),
        Ok(answer) => answer.bytes().await.is_err(),
    }
}

#[tokio::test]
async fn throttling_says_retry_after_only_when_told_to() {
    let fake = start(true);
    let session = Session::signed_in(&fake).await;
    for retry_after_seconds in [None, Some(7)] {
        fake.faults()
            .inject(vault(Effect::Throttled { retry_after_seconds }).times(1));
        let answer = session
            .request(Method::GET, "/secrets/db")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 429);
        let header = answer
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header, retry_after_seconds.map(|seconds| seconds.to_string()));
    }
    assert_eq!(session.get("/secrets/db").await.0, 200);
    assert_eq!(fake.calls().of(CallKind::GetSecret), 3);
}

#[tokio::test]
async fn a_reset_and_a_truncated_body_break_the_answer_and_the_next_one_is_whole() {
    for http2 in [false, true] {
        let fake = start(http2);
        let session = Session::signed_in(&fake).await;
        for effect in [Effect::Reset, Effect::TruncatedBody] {
            // A client may ask again by itself when a connection breaks.
            fake.faults().inject(vault(effect));
            assert!(breaks(&session).await);
            fake.faults().clear();
            assert_eq!(session.get("/secrets/db").await.0, 200);
        }
    }
}

#[tokio::test]
async fn a_garbage_body_is_a_success_that_is_no_json() {
    let fake = start(true);
    let session = Session::signed_in(&fake).await;
    fake.faults().inject(vault(Effect::GarbageBody).times(1));
    let answer = session
        .request(Method::GET, "/secrets/db")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<serde_json::Value>().await.is_err());
}

#[tokio::test]
async fn a_hanging_request_leaves_the_connection_to_others_and_a_silent_one_does_not() {
    let fake = start(true);
    let session = Session::signed_in(&fake).await;
    for (effect, others_are_answered) in [(Effect::Hang, true), (Effect::Silence, false)] {
        fake.faults().inject(vault(effect).times(1));
        let hanging = session
            .request(Method::GET, "/secrets/db")
            .timeout(PATIENCE)
            .send();
        assert!(hanging.await.expect_err("no answer").is_timeout());
        // An answer may take its time on a busy machine; for no answer, any time will do.
        let patience = if others_are_answered {
            PATIENCE * 100
        } else {
            PATIENCE
        };
        let other = session
            .request(Method::GET, "/secrets/db")
            .timeout(patience)
            .send()
            .await;
        assert_eq!(other.is_ok(), others_are_answered);
    }
}

#[tokio::test]
async fn silenced_connections_stay_silent_while_new_ones_work() {
    let fake = start(true);
    let session = Session::signed_in(&fake).await;
    assert_eq!(session.get("/secrets/db").await.0, 200);
    fake.faults().silence_connections(Service::Vault);
    let silent = session
        .request(Method::GET, "/secrets/db")
        .timeout(PATIENCE)
        .send()
        .await;
    assert!(silent.expect_err("no answer").is_timeout());
    let fresh = Session::signed_in(&fake).await;
    assert_eq!(fresh.get("/secrets/db").await.0, 200);
    assert_eq!(fake.calls().connections(Service::Vault), 2);
}

#[tokio::test]
async fn an_untrusted_certificate_also_ends_the_connections_that_were_trusted() {
    let fake = start(true);
    let session = Session::signed_in(&fake).await;
    assert_eq!(session.get("/secrets/db").await.0, 200);
    fake.faults().present_untrusted_certificate(Service::Vault, true);
    assert!(breaks(&session).await);
    fake.faults().present_untrusted_certificate(Service::Vault, false);
    assert_eq!(session.get("/secrets/db").await.0, 200);
}

#[tokio::test]
async fn the_round_trip_time_is_paid_for_the_connection_and_for_each_request() {
    let round_trip = Duration::from_millis(30);
    let fake = FakeAzure::start(FakeOptions {
        round_trip,
        ..FakeOptions::default()
    })
    .expect("loopback has free ports");
    let session = Session::anonymous(&fake);
    let begun = Instant::now();
    assert_eq!(session.get("/secrets/db").await.0, 401);
    // TCP, TLS 1.3 and the request. Only lower bounds: a busy machine may be slower.
    assert!(begun.elapsed() >= round_trip * 3, "{:?}", begun.elapsed());
    println!("first request: {:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(session.get("/secrets/db").await.0, 401);
    assert!(begun.elapsed() >= round_trip, "{:?}", begun.elapsed());
    println!("second request: {:?}", begun.elapsed());
}
