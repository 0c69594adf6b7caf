//! Asks for a sign that a signal had its effect: a signal has no answer.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::domain::desired::Verify;
use crate::domain::hook::HookFailure;
use crate::hooks::failure;
use crate::hooks::request::Server;
use crate::transport::AuthorityOptions;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// Asks until the answer is good, or the time is over.
pub(super) async fn until_good(verify: &Verify, authorities: &AuthorityOptions) -> Result<(), HookFailure> {
    let server = Server {
        url: &verify.url,
        unix_socket: None,
        authorities: authorities.clone(),
        longest: verify.within,
    };
    let deadline = Instant::now() + verify.within;
    let client = server.client().await?;
    let mut seen = "it did not answer".to_owned();
    loop {
        let any = BTreeSet::new();
        let asked = server.ask(client.get(verify.url.clone()), &any);
        match timeout_at(deadline, asked).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => seen = failure.error,
            // What was seen before says more than that.
            Err(_) => {}
        }
        let next = Instant::now() + PAUSE;
        if next >= deadline {
            return Err(failure(
                format!(
                    "the signal was sent, and `verify` had no good answer within {} s: {seen}",
                    verify.within.as_secs_f64()
                ),
                "find out from the application's log whether it reloaded; raise `within` of `verify` if it needs longer",
            ));
        }
        sleep_until(next).await;
    }
}
