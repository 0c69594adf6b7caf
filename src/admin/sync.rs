//! `POST /sync`: asks for a sync now, waits for its end, and tells what came of it.

mod outcome;
mod wanted;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use self::outcome::outcome;
use self::wanted::{closed, covers, wanted};
use super::answer::{Answer, later, text};
use super::board::Exposed;
use crate::domain::schedule::SyncScope;
use crate::reconcile::trigger::Waker;

/// From one sync that somebody asks for to the next.
const PAUSE: Duration = Duration::from_secs(5);

/// Longest wait for the end of a sync; a list of a vault may take 90 s.
const LONGEST: Duration = Duration::from_mins(2);

/// Who waits at a time. Each has a connection, of which there are to be enough for probes.
const WAITING: usize = 16;

/// The syncs that were asked for.
pub(super) struct Syncs {
    waker: Waker,
    last: Mutex<Option<Last>>,
    places: Semaphore,
}

/// The last one.
#[derive(Clone)]
struct Last {
    wanted: SyncScope,
    began: Instant,
    /// The same by the wall clock.
    at: OffsetDateTime,
    /// Whether it came to its end; `None` while it is under way.
    ended: watch::Receiver<Option<bool>>,
}

impl Syncs {
    pub(super) const fn new(waker: Waker) -> Self {
        Self {
            waker,
            last: Mutex::new(None),
            places: Semaphore::const_new(WAITING),
        }
    }

    /// Answers 200 when all that was asked for succeeded, else 502.
    pub(super) async fn answer(&self, exposed: &Exposed, query: Option<&str>) -> Answer {
        let Some(status) = exposed.status() else {
            return later(text(StatusCode::SERVICE_UNAVAILABLE, "starting"), PAUSE);
        };
        let wanted = match wanted(&status, query) {
            Ok(wanted) => wanted,
            Err(refused) => return refused.into(),
        };
        if let Some(closed) = closed(&status, &wanted) {
            return closed;
        }
        let Ok(_place) = self.places.try_acquire() else {
            return later(too_many("many wait for a sync already"), PAUSE);
        };
        let mut last = match self.begin(&wanted) {
            Ok(last) => last,
            Err(wait) => return later(too_many("a sync was asked for a moment ago"), wait),
        };
        let ended = last
            .ended
            .wait_for(Option::is_some)
            .await
            .is_ok_and(|ended| *ended == Some(true));
        match exposed.status() {
            Some(status) if ended => outcome(&status, &wanted, last.at),
            _ => text(
                StatusCode::GATEWAY_TIMEOUT,
                "the sync has not come to its end; see /status",
            ),
        }
    }

    /// Begins a sync, or joins the one that is under way; says how long to wait where it is too soon. It goes on when
    /// nobody waits for it any more.
    fn begin(&self, wanted: &SyncScope) -> Result<Last, Duration> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last {
            let under_way = last.ended.borrow().is_none();
            if under_way && covers(&last.wanted, wanted) {
                return Ok(last.clone());
            }
            let wait = PAUSE.saturating_sub(last.began.elapsed());
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        let answered = self.waker.sync(wanted.clone());
        let (end, ended) = watch::channel(None);
        tokio::spawn(async move {
            let ended = matches!(timeout(LONGEST, answered).await, Ok(Ok(_)));
            end.send_replace(Some(ended));
        });
        let begun = Last {
            wanted: wanted.clone(),
            began: Instant::now(),
            at: OffsetDateTime::now_utc(),
            ended,
        };
        Ok(last.insert(begun).clone())
    }
}

fn too_many(line: &str) -> Answer {
    text(StatusCode::TOO_MANY_REQUESTS, line)
}

#[cfg(test)]
mod tests;
