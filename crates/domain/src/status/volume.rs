//! What is known of the volume.

use serde::Serialize;
use time::OffsetDateTime;

use crate::event::Event;
use crate::hint::Hint;
use crate::lasting::Lasting;
use crate::moment::Moment;
use crate::volume_failure::{VolumeFailure, VolumeFailureKind};

/// What the volume did last.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatus {
    /// When something was published last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub published: Option<OffsetDateTime>,
    /// How often in a row it failed.
    pub failures: u32,
    /// How it failed last, while it does.
    pub failure: Option<VolumeTrouble>,
    /// Since when, while it does.
    #[serde(skip)]
    lasting: Option<Lasting>,
}

/// How the volume failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeTrouble {
    /// From a closed set.
    pub kind: VolumeFailureKind,
    /// What was tried.
    pub error: String,
    /// What the system said.
    pub cause: String,
    /// What to do.
    pub hint: Hint,
}

impl From<&VolumeFailure> for VolumeTrouble {
    fn from(failure: &VolumeFailure) -> Self {
        Self {
            kind: failure.kind(),
            error: failure.to_string(),
            cause: failure.cause().to_string(),
            hint: failure.hint().clone(),
        }
    }
}

impl VolumeStatus {
    /// It failed in a pass that began at `now`.
    pub(super) fn fail(&mut self, failure: &VolumeFailure, now: Moment, events: &mut Vec<Event>) {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(failure.into());
        let lasting = *self.lasting.get_or_insert_with(|| Lasting::begun(now));
        // What is due is told as a reminder in the same pass.
        if now < lasting.due() {
            events.extend(self.failing(lasting, now, false));
        }
    }

    /// It worked.
    pub(super) fn work(&mut self, events: &mut Vec<Event>) {
        if self.failures > 0 {
            events.push(Event::VolumeRecovered {
                failures: self.failures,
            });
        }
        self.failures = 0;
        self.failure = None;
        self.lasting = None;
    }

    /// Tells that it fails, if that is due.
    pub(super) fn remind(&mut self, now: Moment, events: &mut Vec<Event>) {
        let Some(mut lasting) = self.lasting.filter(|lasting| now >= lasting.due()) else {
            return;
        };
        events.extend(self.failing(lasting, now, true));
        lasting.tell(now);
        self.lasting = Some(lasting);
    }

    /// When that is due.
    pub(super) fn reminder_due(&self) -> Option<Moment> {
        self.lasting.map(|lasting| lasting.due())
    }

    fn failing(&self, lasting: Lasting, now: Moment, news: bool) -> Option<Event> {
        let trouble = self.failure.as_ref()?;
        Some(Event::VolumeFailing {
            error: trouble.error.clone(),
            cause: trouble.cause.clone(),
            hint: trouble.hint.clone(),
            times: self.failures,
            age: lasting.age(now),
            news,
        })
    }
}
