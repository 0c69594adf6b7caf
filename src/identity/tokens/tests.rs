//! Over a scripted exchange, on paused time.

mod status;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::acquire::TokenLimits;
use super::super::exchange::{Asked, Exchange};
use super::super::refusal::{Refusal, Retry, failure_in};
use super::super::testing::{Log, TokioClock};
use super::*;
use crate::ports::Clock;

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// What one exchange does: how long it takes, and the lifetime of its token.
type Step = (Duration, Result<Duration, Refusal>);

struct Script {
    clock: Arc<dyn Clock>,
    steps: Mutex<VecDeque<Step>>,
    /// What happens when the steps are used up.
    then: Step,
    calls: AtomicUsize,
}

#[async_trait]
impl Exchange for Script {
    async fn exchange(&self, _scope: Scope) -> Result<AccessToken, Refusal> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let step = self.steps.lock().expect("no panic").pop_front();
        let (takes, outcome) = step.unwrap_or_else(|| self.then.clone());
        sleep(takes).await;
        let lifetime = outcome?;
        Ok(AccessToken::new(
            format!("token-{call}"),
            self.clock.now() + lifetime,
        ))
    }

    fn asked(&self) -> Asked {
        Asked {
            name: "login.microsoftonline.com".to_owned(),
            hint: "look".into(),
        }
    }
}

struct Bench {
    tokens: Tokens,
    script: Arc<Script>,
}

impl Bench {
    /// Readers with more patience than any exchange needs.
    fn new(steps: Vec<Step>, then: Step) -> Self {
        Self::with_patience(steps, then, HOUR)
    }

    fn with_patience(steps: Vec<Step>, then: Step, patience: Duration) -> Self {
        let clock = TokioClock::start();
        let script = Arc::new(Script {
            clock: clock.clone(),
            steps: Mutex::new(steps.into()),
            then,
            calls: AtomicUsize::new(0),
        });
        let tokens = Tokens::of(Acquirer {
            identity: "test identity".to_owned(),
            exchange: script.clone(),
            clock,
            jitter: Arc::new(0.5),
            limits: TokenLimits {
                patience,
                ..TokenLimits::default()
            },
            told_of_a_long_wait: AtomicBool::default(),
        });
        Self { tokens, script }
    }

    fn calls(&self) -> usize {
        self.script.calls.load(Ordering::Relaxed)
    }

    /// A read that must not wait.
    async fn read_at_once(&self) -> Result<String, Failure> {
        let began = Instant::now();
        let outcome = self.read().await;
        assert_eq!(began.elapsed(), Duration::ZERO, "a read waited");
        outcome
    }

    async fn read(&self) -> Result<String, Failure> {
        let token = self.tokens.token(scope()).await?;
        Ok(token.token.secret().to_owned())
    }
}

fn scope() -> Scope {
    Scope::parse("https://vault.azure.net/.default").expect("a Key Vault scope")
}

fn good(takes_seconds: u64) -> Step {
    (Duration::from_secs(takes_seconds), Ok(HOUR))
}

fn bad(retry: Retry) -> Step {
    let refusal = Refusal::new(
        Reason::IdentityUnavailable,
        retry,
        "marker outage".to_owned(),
        "wait",
    );
    (Duration::ZERO, Err(refusal))
}

fn hanging() -> Step {
    (Duration::from_secs(1_000_000), Ok(HOUR))
}

#[tokio::test(start_paused = true)]
async fn all_who_ask_share_one_exchange() {
    let bench = Bench::new(vec![], good(2));
    let reads = futures::future::join_all((0..50).map(|_| bench.read())).await;
    assert!(reads.iter().all(|it| it.as_deref() == Ok("token-1")), "{reads:?}");
    assert_eq!(bench.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_prefetched_token_is_not_fetched_again() {
    let bench = Bench::new(vec![], good(2));
    bench.tokens.prefetch(scope());
    bench.tokens.prefetch(scope());
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    assert_eq!(bench.read().await.as_deref(), Ok("token-1"));
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert_eq!(bench.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_gives_up_does_not_stop_the_exchange_for_others() {
    let bench = Bench::new(vec![], good(5));
    let impatient = tokio::time::timeout(Duration::from_secs(1), bench.read()).await;
    assert!(impatient.is_err());
    assert_eq!(bench.read().await.as_deref(), Ok("token-1"));
    assert_eq!(bench.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_read_waits_while_the_token_is_renewed_for_a_day() {
    let bench = Bench::new(vec![], good(20));
    bench.read().await.expect("a token");
    for _ in 0..24 * 60 {
        sleep(MINUTE).await;
        bench.read_at_once().await.expect("a token");
    }
    // Every 70 % of an hour, less half of the jitter, plus the exchange itself.
    assert!((35..40).contains(&bench.calls()), "{}", bench.calls());
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_the_old_token_serves_until_it_ends_and_is_told_about_once() {
    let (log, _guard) = Log::listen();
    let bench = Bench::new(vec![good(0)], bad(Retry::Never));
    bench.read().await.expect("a token");
    let began = Instant::now();
    while began.elapsed() < HOUR.checked_sub(MINUTE).unwrap() {
        sleep(MINUTE / 2).await;
        assert_eq!(bench.read_at_once().await.as_deref(), Ok("token-1"));
    }
    assert!((4..60).contains(&bench.calls()), "{}", bench.calls());
    sleep(MINUTE).await;
    let failure = bench.read().await.expect_err("expired");
    assert_eq!(failure.detail, "marker outage");
    assert_eq!(log.lines("WARN").len(), 1, "{}", log.text());
    assert!(log.lines("INFO").is_empty());
    sleep(MINUTE).await;
    bench.script.steps.lock().expect("no panic").push_back(good(0));
    bench.read().await.expect("recovered");
    assert_eq!(log.lines("INFO").len(), 1, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_cut_short_and_tried_again() {
    let short = Duration::from_secs(400);
    let bench = Bench::new(vec![(Duration::ZERO, Ok(short)), hanging()], good(1));
    bench.read().await.expect("a token");
    // Renewal starts at 190 s and is cut after 45 s.
    sleep(Duration::from_secs(200)).await;
    assert_eq!(bench.calls(), 2);
    assert_eq!(bench.read_at_once().await.as_deref(), Ok("token-1"));
    sleep(Duration::from_secs(50)).await;
    assert_eq!(bench.read_at_once().await.as_deref(), Ok("token-3"));
}

#[tokio::test(start_paused = true)]
async fn readers_who_joined_a_failing_renewal_get_the_acquisition_that_follows() {
    let bench = Bench::new(
        vec![
            (Duration::ZERO, Ok(HOUR)),
            (Duration::from_secs(10), bad(Retry::Never).1),
        ],
        good(1),
    );
    assert_eq!(bench.read().await.as_deref(), Ok("token-1"));
    // 42 minutes less half of a tenth: the renewal runs, and just then the vault rejects the token.
    sleep(Duration::from_secs(2_394 + 2)).await;
    assert_eq!(bench.calls(), 2);
    assert!(bench.tokens.reject("token-1"));
    let began = Instant::now();
    assert_eq!(bench.read().await.as_deref(), Ok("token-3"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_by_one_exchange_for_all() {
    let bench = Bench::new(vec![], good(1));
    bench.read().await.expect("a token");
    for _ in 0..20 {
        assert!(bench.tokens.reject("token-1"));
    }
    let reads = futures::future::join_all((0..20).map(|_| bench.read())).await;
    assert!(reads.iter().all(|it| it.as_deref() == Ok("token-2")), "{reads:?}");
    assert_eq!(bench.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_rejects_every_token_causes_no_storm() {
    let bench = Bench::new(vec![], good(0));
    for _ in 0..600 {
        let token = bench.read().await.expect("a token");
        bench.tokens.reject(&token);
        sleep(Duration::from_millis(100)).await;
    }
    // A minute of rejections: one exchange at once, one per ten seconds after it.
    assert!((5..=8).contains(&bench.calls()), "{}", bench.calls());
    let token = bench.read().await.expect("a token");
    sleep(Duration::from_secs(11)).await;
    assert!(bench.tokens.reject(&token));
    assert!(bench.tokens.reject("another token"));
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_tried_again_within_the_budget() {
    let bench = Bench::new(vec![bad(Retry::Backoff), bad(Retry::Backoff)], good(0));
    assert_eq!(bench.read().await.as_deref(), Ok("token-3"));

    let bench = Bench::new(vec![], bad(Retry::Backoff));
    let began = Instant::now();
    let failure = bench.read().await.expect_err("an outage");
    assert!(failure.detail.starts_with("marker outage ("), "{failure}");
    assert!(began.elapsed() <= MINUTE, "{:?}", began.elapsed());
    assert!((5..20).contains(&bench.calls()), "{}", bench.calls());
}

#[tokio::test(start_paused = true)]
async fn an_updating_imds_is_waited_for_longer_than_the_budget() {
    let bench = Bench::new(vec![], bad(Retry::InstanceMetadataGone));
    let began = Instant::now();
    bench.read().await.expect_err("gone");
    assert!(
        began.elapsed() >= Duration::from_secs(70),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(bench.calls(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_setting_fails_at_once_and_for_all_until_it_has_rested() {
    let bench = Bench::new(vec![], bad(Retry::Never));
    let failure = bench.read_at_once().await.expect_err("refused");
    assert_eq!(failure.detail, "marker outage");
    for _ in 0..100 {
        assert_eq!(bench.read_at_once().await, Err(failure.clone()));
    }
    assert_eq!(bench.calls(), 1);
    sleep(Duration::from_secs(6)).await;
    bench.read().await.expect_err("refused again");
    assert_eq!(bench.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_budget_ends_the_wait_and_is_kept() {
    let (takes, refused) = bad(Retry::Backoff);
    let long = refused.map_err(|it| it.after(Some(Duration::from_secs(90))));
    let bench = Bench::new(vec![(takes, long)], good(0));
    let failure = bench.read_at_once().await.expect_err("throttled");
    assert_eq!(failure.retry_after, Some(Duration::from_secs(90)));
    sleep(Duration::from_secs(87)).await;
    let failure = bench.read_at_once().await.expect_err("still resting");
    assert_eq!(
        failure.retry_after,
        Some(Duration::from_secs(3)),
        "the rest of the wait"
    );
    assert_eq!(bench.calls(), 1);
    // The gate adds its jitter; a second one on top of it would refuse the probe.
    sleep(Duration::from_secs(3)).await;
    bench.read().await.expect("a token");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_waited_is_told_the_rest_of_a_retry_after() {
    let patience = TokenLimits::default().patience;
    let asked = Duration::from_secs(30);
    let (takes, refused) = bad(Retry::Backoff);
    let throttled = (takes, refused.map_err(|it| it.after(Some(asked))));
    let bench = Bench::with_patience(vec![throttled], good(0), patience);
    let failure = bench.read().await.expect_err("throttled");
    assert_eq!(failure.retry_after, Some(asked.saturating_sub(patience)));
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_a_day_is_kept_for_five_minutes_and_told_once() {
    let (log, _guard) = Log::listen();
    let (takes, refused) = bad(Retry::Backoff);
    let day = (takes, refused.map_err(|it| it.after(Some(HOUR * 24))));
    let kept = Duration::from_mins(5);
    let steps = vec![day.clone(), day.clone(), good(0), day];
    let bench = Bench::new(steps, good(0));
    for _ in 0..2 {
        let failure = bench.read_at_once().await.expect_err("throttled");
        assert_eq!(failure.retry_after, Some(kept));
        sleep(kept * 11 / 10).await;
    }
    assert_eq!(bench.read().await.as_deref(), Ok("token-3"));
    let told = log.lines("WARN");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("asked_seconds=86400") && told[0].contains("kept_seconds=300"),
        "{told:?}"
    );
    // After a token, the next such wait is news again, and the renewal is put off no longer than that.
    sleep(MINUTE * 41).await;
    assert_eq!(bench.calls(), 4);
    sleep(kept * 11 / 10).await;
    assert_eq!(bench.calls(), 5);
    let told = log.lines("Asked to wait longer");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_ends_with_the_last_refusal_before_its_own_time_limit_would_hide_it() {
    let patience = TokenLimits::default().patience;
    let mut steps = vec![bad(Retry::Backoff); 6];
    steps.push(good(20));
    let bench = Bench::with_patience(steps, good(0), patience);
    let began = Instant::now();
    let failure = bench.read().await.expect_err("no token yet");
    assert_eq!(failure.detail, "marker outage");
    assert_eq!(began.elapsed(), patience);
    bench
        .read_at_once()
        .await
        .expect_err("who asks right after it does not wait again");
    // The attempts went on, and the next read finds what they brought.
    sleep(MINUTE).await;
    assert_eq!(bench.read_at_once().await.as_deref(), Ok("token-7"));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_an_exchange_that_hangs_names_the_identity_and_who_does_not_answer() {
    let bench = Bench::with_patience(vec![], hanging(), Duration::from_secs(10));
    let failure = bench.read().await.expect_err("no token yet");
    assert_eq!(failure.reason, Reason::IdentityUnavailable);
    assert!(failure.detail.contains("test identity"), "{failure}");
    assert!(
        failure
            .detail
            .ends_with("login.microsoftonline.com did not answer"),
        "{failure}"
    );
    assert_eq!(bench.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_hangs_ends_with_the_budget() {
    let bench = Bench::new(vec![], hanging());
    let began = Instant::now();
    let failure = bench.read().await.expect_err("a deadline");
    assert_eq!(failure.reason, Reason::IdentityUnavailable);
    assert!(failure.detail.contains("test identity"), "{failure}");
    assert!(began.elapsed() <= MINUTE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_already_is_never_handed_out() {
    let bench = Bench::new(vec![], (Duration::ZERO, Ok(Duration::ZERO)));
    let failure = bench.read().await.expect_err("expired");
    assert!(failure.hint.action().contains("clock"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn dropped_tokens_are_renewed_no_more() {
    let Bench { tokens, script } = Bench::new(vec![], good(0));
    tokens.token(scope()).await.expect("a token");
    drop(tokens);
    sleep(HOUR * 3).await;
    assert_eq!(script.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_sdk_gets_tokens_and_failures_of_ours() {
    let bench = Bench::new(vec![good(0)], bad(Retry::Never));
    let credential = bench.tokens.as_credential();
    let token = credential.get_token(&[scope().as_str()], None).await;
    assert_eq!(token.expect("a token").token.secret(), "token-1");

    for scopes in [&["https://graph.microsoft.com/.default"][..], &[], &["a", "b"]] {
        let error = credential.get_token(scopes, None).await.expect_err("refused");
        assert_eq!(failure_in(&error).expect("ours").reason, Reason::Unauthorized);
    }
    assert_eq!(bench.calls(), 1);

    bench.tokens.reject("token-1");
    let error = credential
        .get_token(&[scope().as_str()], None)
        .await
        .expect_err("refused");
    assert_eq!(*error.kind(), ErrorKind::Credential);
    assert_eq!(failure_in(&error).expect("ours").detail, "marker outage");
    assert!(!error.to_string().contains("marker"), "the source is told twice");
}

#[tokio::test(start_paused = true)]
async fn no_token_is_logged_or_shown() {
    let (log, _guard) = Log::listen();
    let bench = Bench::new(vec![], good(0));
    bench.read().await.expect("a token");
    bench.tokens.reject("token-1");
    bench.read().await.expect("a token");
    assert!(log.text().contains("Obtained a token"), "the log was not heard");
    assert!(!log.text().contains("token-"), "{}", log.text());
    assert!(!format!("{:?}", bench.tokens).contains("token-"));
}
