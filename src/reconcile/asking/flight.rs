//! One question under way, from its first request to its answer or its deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::domain::answers::Answer;
use crate::domain::call::Call;
use crate::domain::failure::{Failure, Reason};
use crate::domain::hint::Hint;
use crate::domain::moment::Moment;
use crate::domain::query::Query;
use crate::ports::{Attempts, Vault};
use crate::reconcile::passwords::PasswordReads;

/// What a question needs on its way.
pub(super) struct Flight<V> {
    pub(super) vault: Arc<V>,
    pub(super) passwords: Arc<PasswordReads>,
    pub(super) attempts: Attempts,
    pub(super) left: Moment,
    pub(super) began: Instant,
    pub(super) limit: Duration,
}

/// A question that came back.
pub(super) struct Landed {
    pub(super) query: Query,
    pub(super) left: Moment,
    pub(super) answer: Result<Answer, Failure>,
    /// What is counted of it, if a vault was asked.
    pub(super) call: Option<Call>,
    pub(super) unused: u32,
    pub(super) cut_off: bool,
}

impl<V: Vault> Flight<V> {
    /// Asks, and waits for the answer until the time is over.
    pub(super) async fn land(self, query: Query) -> Landed {
        let answer = timeout_at(self.began + self.limit, self.answer(&query)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&query, self.limit)));
        let failure = answer.as_ref().err().map(|failure| failure.reason);
        Landed {
            call: Call::new(&query, self.attempts.made(), self.began.elapsed(), failure),
            answer,
            unused: self.attempts.unused(),
            cut_off: self.attempts.was_cut_off(),
            left: self.left,
            query,
        }
    }

    async fn answer(&self, query: &Query) -> Result<Answer, Failure> {
        let (vault, attempts) = (&*self.vault, &self.attempts);
        match query {
            Query::Object(source) => vault
                .fetch(source, attempts)
                .await
                .map(|object| Answer::Object(Arc::new(object))),
            Query::Versions(object) => vault.versions(object, attempts).await.map(Answer::Versions),
            Query::Secrets(of) => vault.secrets(of, attempts).await.map(Answer::Secrets),
            Query::File(path) => {
                let deadline = self.began + self.limit;
                self.passwords.read(path, deadline).await.map(Answer::File)
            }
        }
    }
}

/// Whether an answer may lead to questions that nobody could ask before.
pub(super) fn leads_on(query: &Query, answer: &Result<Answer, Failure>) -> bool {
    match answer {
        Ok(Answer::Versions(_) | Answer::Secrets(_)) => true,
        Ok(Answer::Object(_) | Answer::File(_)) => false,
        Err(failure) => matches!(query, Query::Object(_)) && failure.reason == Reason::Disabled,
    }
}

fn timed_out(query: &Query, waited: Duration) -> Failure {
    Failure::new(
        Reason::TimedOut,
        format!("{query} did not arrive within {} s", waited.as_secs()),
        Hint::act("check that the vault and the identity endpoint are reachable from here").or_wait(),
    )
}
