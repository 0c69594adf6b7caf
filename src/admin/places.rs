//! The connections of a listener: how many there are at a time, and which one goes for another.
//!
//! Whoever connects and says nothing must not keep a probe out. So nobody is turned away: when every place is taken, the
//! connection that has been there longest goes, unless it waits for a sync.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Connections at a time: a scrape, some probes, some people, and many who only hold one.
pub(super) const MOST: usize = 128;

/// A connection has this long before it may have to go: long enough to ask, and to read an answer.
const CHANCE: Duration = Duration::from_millis(100);

/// All places of a listener.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The oldest first.
    taken: Mutex<VecDeque<Arc<Place>>>,
    freed: Notify,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Place {
    since: Instant,
    asked: AtomicBool,
    waits: AtomicBool,
    gone: Notify,
}

/// A connection's hold on its place.
pub(super) struct Held {
    place: Arc<Place>,
    places: Arc<Places>,
}

impl Places {
    /// Takes a place; where there is none, waits for one, or for the moment when the oldest connection may be sent away.
    pub(super) async fn take(self: &Arc<Self>) -> Held {
        loop {
            let wait = match self.try_take() {
                Ok(place) => {
                    let places = Arc::clone(self);
                    return Held { place, places };
                }
                Err(wait) => wait,
            };
            tokio::select! {
                () = self.freed.notified() => {}
                () = sleep(wait) => {}
            }
        }
    }

    fn try_take(&self) -> Result<Arc<Place>, Duration> {
        let mut taken = self.taken();
        if taken.len() >= MOST {
            let oldest = taken.iter().position(|place| !place.waits());
            let age = oldest.map_or(Duration::ZERO, |at| taken[at].since.elapsed());
            let wait = CHANCE.saturating_sub(age);
            if !wait.is_zero() {
                return Err(wait);
            }
            if let Some(place) = oldest.and_then(|at| taken.remove(at)) {
                place.gone.notify_one();
            }
        }
        let place = Arc::new(Place {
            since: Instant::now(),
            asked: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            gone: Notify::new(),
        });
        taken.push_back(Arc::clone(&place));
        Ok(place)
    }

    /// Returns when no place is taken.
    pub(super) async fn all_free(&self) {
        while !self.taken().is_empty() {
            self.freed.notified().await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, VecDeque<Arc<Place>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that its request is there.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether it is.
    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Notes whether it waits for a sync now.
    pub(super) fn wait(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Whether it does.
    pub(super) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Returns when its connection has to go.
    pub(super) async fn gone(&self) {
        self.gone.notified().await;
    }
}

impl Held {
    /// The place.
    pub(super) const fn place(&self) -> &Arc<Place> {
        &self.place
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.places
            .taken()
            .retain(|place| !Arc::ptr_eq(place, &self.place));
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    async fn full() -> (Arc<Places>, VecDeque<Held>) {
        let places = Arc::<Places>::default();
        let mut held = VecDeque::new();
        for _ in 0..MOST {
            held.push_back(places.take().await);
        }
        (places, held)
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_connection_goes_for_a_new_one_but_not_before_it_had_its_chance() {
        let (places, held) = full().await;
        let came = Instant::now();
        let _new = places.take().await;
        assert_eq!(came.elapsed(), CHANCE);
        assert!(held[0].place().gone().now_or_never().is_some(), "the oldest");
        assert!(held[1].place().gone().now_or_never().is_none(), "no other");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_sync_keeps_the_place() {
        let (places, held) = full().await;
        held[0].place().wait(true);
        let _new = places.take().await;
        assert!(held[0].place().gone().now_or_never().is_none());
        assert!(held[1].place().gone().now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_becomes_free_is_taken_at_once() {
        let (places, mut held) = full().await;
        let came = Instant::now();
        let (_new, ()) = tokio::join!(places.take(), async { drop(held.pop_back()) });
        assert_eq!(came.elapsed(), Duration::ZERO);
        assert!(held[0].place().gone().now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_free_when_the_last_connection_ended() {
        let (places, held) = full().await;
        assert!(places.all_free().now_or_never().is_none());
        drop(held);
        places.all_free().await;
    }
}
