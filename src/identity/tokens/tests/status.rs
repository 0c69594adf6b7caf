//! What is told of tokens.

use super::*;
use crate::ports::SignIn as _;

#[tokio::test(start_paused = true)]
async fn a_token_has_its_times_and_how_often_it_could_not_be_renewed() {
    let bench = Bench::new(vec![good(0)], bad(Retry::Never));
    assert_eq!(bench.tokens.tokens(), [], "none was asked for");
    let obtained = bench.tokens.0.acquirer.clock.now();
    bench.read().await.expect("a token");
    let seen = |bench: &Bench| bench.tokens.tokens().first().cloned().expect("one scope");
    let token = seen(&bench);
    assert_eq!(token.scope, "https://vault.azure.net/.default");
    assert_eq!(token.obtained, Some(obtained));
    assert_eq!(token.expires, Some(obtained + HOUR));
    assert_eq!(token.failed_renewals, 0);
    sleep(50 * MINUTE).await;
    let token = seen(&bench);
    assert!(token.failed_renewals > 0, "{token:?}");
    assert_eq!(token.expires, Some(obtained + HOUR), "it stays in use");
}
