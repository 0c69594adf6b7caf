//! Metrics for Prometheus.
//!
//! What the status has is read from it when somebody asks, so that a series goes with what it is of; only what the status
//! does not have is counted here. Labels are of closed sets or name what the manifest names: no value, and nothing that
//! grows for ever.

mod counts;
mod family;
mod histogram;
mod hooks;
mod kinds;
mod objects;
mod program;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod rules;
mod scrape;
mod sign_in;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod vaults;
mod volume;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use self::counts::Counts;
use self::family::Family;
use self::scrape::{Manifest, Scrape};
use self::text::Page;
use crate::domain::desired::SyncSpec;
use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::ports::{Clock, Exposition, ExpositionForm, Observer, SignIn, Usage};

/// Every family, by what it is about.
static PARTS: [(&str, &[Family]); 7] = [
    ("The whole set", &summary::FAMILIES),
    ("Single objects", &objects::FAMILIES),
    ("Vaults", &vaults::FAMILIES),
    ("Sign-in", &sign_in::FAMILIES),
    ("The volume", &volume::FAMILIES),
    ("Hooks", &hooks::FAMILIES),
    ("The program", &program::FAMILIES),
];

/// Counts what happens, and tells it with what is so. Clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

/// What metrics ask when they are asked.
pub struct Outside {
    /// The time at which manifests take effect.
    pub clock: Arc<dyn Clock>,
    /// What the process takes of the machine.
    pub usage: Arc<dyn Usage>,
}

struct Shared {
    outside: Outside,
    began: OffsetDateTime,
    known: Mutex<Known>,
}

struct Known {
    counts: Counts,
    manifest: Manifest,
    /// The tokens that are held.
    sign_in: Arc<dyn SignIn>,
}

impl Metrics {
    /// Of a process that begins with this manifest, and signs in so.
    pub fn new(spec: &SyncSpec, sign_in: Arc<dyn SignIn>, outside: Outside) -> Self {
        let began = outside.clock.now();
        let known = Known {
            counts: Counts::default(),
            manifest: Manifest::of(spec, began),
            sign_in,
        };
        Self(Arc::new(Shared {
            outside,
            began,
            known: Mutex::new(known),
        }))
    }

    /// Another manifest takes effect. What was counted of vaults that it does not name goes.
    pub fn declare(&self, spec: &SyncSpec) {
        let manifest = Manifest::of(spec, self.0.outside.clock.now());
        let mut known = self.known();
        known.counts.keep(&manifest.vaults);
        known.manifest = manifest;
    }

    /// Requests are signed in so from now on.
    pub fn sign_in_with(&self, sign_in: Arc<dyn SignIn>) {
        self.known().sign_in = sign_in;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Metrics {
    fn tell(&mut self, _: &Status, events: &[Event]) {
        let mut known = self.known();
        let Known { counts, manifest, .. } = &mut *known;
        for event in events {
            counts.take(event);
        }
        // An answer may be of a vault that has left the manifest since it was asked.
        counts.keep(&manifest.vaults);
    }
}

impl Exposition for Metrics {
    fn text(&self, status: Option<&Status>, form: ExpositionForm) -> String {
        let usage = self.0.outside.usage.now();
        let sign_in = Arc::clone(&self.known().sign_in);
        let tokens = sign_in.tokens();
        let known = self.known();
        let scrape = Scrape {
            status,
            counts: &known.counts,
            manifest: &known.manifest,
            usage,
            tokens,
            began: self.0.began,
        };
        let page = page(&scrape);
        drop(known);
        page.written(form)
    }
}

/// Every family that is wanted and has series.
fn page(scrape: &Scrape<'_>) -> Page {
    let wanted = scrape.manifest.per_object;
    let families = PARTS.iter().flat_map(|(_, families)| families.iter());
    let shown = families.filter(|family| family.detail.is_in(wanted));
    let with_series = shown.map(|family| (family, (family.series)(scrape)));
    Page(with_series.filter(|(_, series)| !series.is_empty()).collect())
}
