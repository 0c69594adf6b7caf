//! What is under way, for a person who waits: one line of the terminal, drawn again in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::output;
use super::table::{Cut, shortened};
use crate::domain::entry::EntryId;
use crate::domain::event::Event;
use crate::domain::failure::Reason;
use crate::domain::object::{ObjectId, VaultId};
use crate::domain::query::Query;
use crate::domain::status::Status;
use crate::ports::{Clock, Observer};
use crate::reconcile::asking::AskProgress;

/// How often the times on the line change.
const REDRAWN: Duration = Duration::from_millis(500);

/// A question that takes longer is named.
const LONG: Duration = Duration::from_secs(1);

/// What is under way.
pub(super) struct Progress {
    known: Mutex<Known>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Known {
    /// What is asked for, however often.
    asked: BTreeSet<Query>,
    /// What of it is there.
    fetched: BTreeSet<Query>,
    open: BTreeMap<Query, Instant>,
    retries: Vec<Retry>,
}

/// What failed and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Retry {
    what: String,
    reason: Reason,
    at: OffsetDateTime,
    /// The objects that it is asked for by; none of a host.
    objects: Vec<ObjectId>,
    /// The vault whose list it is.
    list: Option<VaultId>,
}

impl Progress {
    /// Of something that did not begin yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            known: Mutex::default(),
            clock,
        })
    }

    fn draw(&self) {
        let text = self.known().text(Instant::now(), self.clock.now());
        // A terminal that has all places of a line filled may go on to the next.
        let room = output::stderr_width().saturating_sub(1);
        output::status_line(&shortened(&text, room, Cut::End));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws the line again and again, if there is one.
pub(super) async fn redraw(progress: Option<&Progress>) -> Infallible {
    loop {
        sleep(REDRAWN).await;
        if let Some(progress) = progress {
            progress.draw();
        }
    }
}

/// Takes the line from the terminal, if there is one: the last word is another's.
pub(super) fn clear(progress: Option<&Progress>) {
    if progress.is_some() {
        output::status_line("");
    }
}

impl AskProgress for Progress {
    fn asked(&self, query: &Query) {
        let mut known = self.known();
        known.asked.insert(query.clone());
        known.open.insert(query.clone(), Instant::now());
    }

    fn answered(&self, query: &Query, fetched: bool, waiting: &mut dyn Iterator<Item = &Query>) {
        self.known().answered(query, fetched, waiting);
        self.draw();
    }
}

/// Tells it what is tried again, and when.
pub(super) struct Retries(pub(super) Arc<Progress>);

impl Observer for Retries {
    fn tell(&mut self, status: &Status, _: &[Event]) {
        let retries = retries(status);
        self.0.known().retries = retries;
    }
}

/// The hosts that fail, then the entries that fail each for itself; what comes first is first.
fn retries(status: &Status) -> Vec<Retry> {
    let hosts = status.endpoints.iter().filter_map(|host| {
        let open = host.open.as_ref()?;
        Some(Retry {
            what: host.endpoint.to_string(),
            reason: open.reason,
            at: open.next_try,
            objects: Vec::new(),
            list: None,
        })
    });
    let alone = status.failing().filter_map(|(entry, failure)| {
        let is_alone = entry.stopped_by.is_none() && failure.reason.is_transient();
        Some(Retry {
            what: entry.id.to_string(),
            reason: failure.reason,
            at: entry.next_due.filter(|_| is_alone)?,
            objects: entry.objects.clone(),
            list: match &entry.id {
                EntryId::Selection { vault, .. } => Some(vault.clone()),
                EntryId::Object(_) | EntryId::Template(_) => None,
            },
        })
    });
    let mut retries: Vec<_> = hosts.chain(alone).collect();
    retries.sort_by_key(|retry| retry.at);
    retries
}

impl Retry {
    /// Whether this is a question of it.
    fn is_about(&self, query: &Query) -> bool {
        match query {
            Query::Secrets(vault) => self.list.as_ref() == Some(vault),
            _ => query.object().is_some_and(|object| self.objects.contains(object)),
        }
    }
}

impl Known {
    fn answered(&mut self, query: &Query, fetched: bool, waiting: &mut dyn Iterator<Item = &Query>) {
        self.open.remove(query);
        if fetched {
            self.fetched.insert(query.clone());
            // It is done before a pass says so.
            self.retries.retain(|retry| !retry.is_about(query));
        }
        for query in waiting {
            if !self.asked.contains(query) {
                self.asked.insert(query.clone());
            }
        }
    }

    /// The line; nothing when nothing is under way.
    fn text(&self, now: Instant, at: OffsetDateTime) -> String {
        let mut parts = Vec::new();
        let (fetched, asked) = (self.fetched.len(), self.asked.len());
        if fetched < asked {
            parts.push(format!("fetched {fetched} of {asked}"));
        }
        let mut hanging: Vec<_> = self
            .open
            .iter()
            .map(|(query, since)| (now.saturating_duration_since(*since), query))
            .filter(|(time, _)| *time >= LONG)
            .collect();
        hanging.sort_by(|one, other| other.cmp(one));
        if let [(time, query), rest @ ..] = hanging.as_slice() {
            parts.push(format!(
                "waiting for {query} ({} s){}",
                time.as_secs(),
                more(rest.len())
            ));
        }
        // The next try of what is being asked is not known before its answer.
        let mut waiting = self
            .retries
            .iter()
            .filter(|retry| !self.open.keys().any(|query| retry.is_about(query)));
        if let Some(Retry {
            what,
            reason,
            at: next,
            ..
        }) = waiting.next()
        {
            let wait = (*next - at).whole_seconds();
            let when = if wait > 0 {
                format!("in {wait} s")
            } else {
                "now".to_owned()
            };
            parts.push(format!(
                "{what}: {reason}, tried again {when}{}",
                more(waiting.count())
            ));
        }
        parts.join("; ")
    }
}

fn more(count: usize) -> String {
    let mut text = String::new();
    if count > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {count} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::desired::OnStart;
    use crate::domain::query::test_queries::secret;
    use crate::domain::status::test_passes::{failed, pass, second};

    #[tokio::test(start_paused = true)]
    async fn the_line_says_what_hangs_and_for_how_long_and_what_is_tried_again_and_when() {
        let began = Instant::now();
        let mut known = Known {
            asked: ["a", "b", "slow", "slower"].map(secret).into(),
            fetched: [secret("a")].into(),
            ..Known::default()
        };
        let text = |known: &Known, after| known.text(began + Duration::from_secs(after), second(0));
        assert_eq!(text(&known, 0), "fetched 1 of 4");
        known.open.insert(secret("slow"), began);
        known.open.insert(secret("slower"), began);
        assert_eq!(text(&known, 0), "fetched 1 of 4", "everything takes a moment");
        assert_eq!(
            text(&known, 12),
            "fetched 1 of 4; waiting for app/secrets/slower (12 s), 1 more"
        );
        known.open.clear();
        known.fetched.clone_from(&known.asked);
        assert_eq!(text(&known, 12), "");
        known.retries.push(Retry {
            what: "app".to_owned(),
            reason: Reason::Throttled,
            at: second(8),
            objects: Vec::new(),
            list: None,
        });
        assert_eq!(text(&known, 12), "app: throttled, tried again in 8 s");
    }

    #[tokio::test(start_paused = true)]
    async fn no_next_try_is_named_of_what_is_being_asked_or_is_done() {
        let began = Instant::now();
        let slow = secret("slow");
        let mut known = Known {
            asked: [slow.clone()].into(),
            open: [(slow.clone(), began)].into(),
            retries: vec![Retry {
                what: "app/secrets/slow".to_owned(),
                reason: Reason::TimedOut,
                at: second(330),
                objects: slow.object().cloned().into_iter().collect(),
                list: None,
            }],
            ..Known::default()
        };
        let text = |known: &Known| known.text(began + Duration::from_secs(13), second(0));
        assert_eq!(
            text(&known),
            "fetched 0 of 1; waiting for app/secrets/slow (13 s)"
        );
        known.answered(&slow, false, &mut [].into_iter());
        assert_eq!(
            text(&known),
            "fetched 0 of 1; app/secrets/slow: timedOut, tried again in 330 s"
        );
        known.answered(&slow, true, &mut [].into_iter());
        assert_eq!(text(&known), "");
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_that_is_asked_for_three_times_counts_once() {
        let (a, b) = (secret("a"), secret("b"));
        let mut known = Known {
            asked: [a.clone()].into(),
            ..Known::default()
        };
        let text = |known: &Known| known.text(Instant::now(), second(0));
        known.answered(&a, false, &mut [&b].into_iter());
        assert_eq!(text(&known), "fetched 0 of 2");
        known.answered(&b, true, &mut [&a].into_iter());
        assert_eq!(text(&known), "fetched 1 of 2");
        known.answered(&a, false, &mut [].into_iter());
        assert_eq!(text(&known), "fetched 1 of 2");
        known.answered(&a, true, &mut [].into_iter());
        assert_eq!(text(&known), "");
    }

    #[test]
    fn what_no_waiting_mends_is_not_tried_again() {
        let mut status = Status::new(OnStart::Fresh);
        status.fold(pass(vec![failed("a", Reason::Forbidden)]), 0.5);
        assert_eq!(retries(&status), []);
    }
}
