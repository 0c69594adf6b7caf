//! What became of the manifest since the start.

use serde::Serialize;
use time::OffsetDateTime;

use super::Status;
use crate::desired::SyncSpec;
use crate::event::Event;

/// How changes of the manifest are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WatchMode {
    /// They are not: it came from stdin, or the program ends soon.
    #[default]
    Off,
    /// The kernel tells.
    Events,
    /// By looking every ten seconds.
    Polling,
}

impl WatchMode {
    /// The word for it in metrics and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Events => "events",
            Self::Polling => "polling",
        }
    }
}

/// What became of the manifest since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReloadStatus {
    /// How changes are found.
    pub watching: WatchMode,
    /// When a changed manifest was read last; none since the start.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// What is wrong with it; then the one before it is still what counts.
    pub problems: Vec<String>,
    /// Whether it was taken, and some of what it requires is not there yet. The files of the one before it stay until then.
    pub pending: bool,
    /// How many were taken.
    pub taken: u64,
    /// How many were refused.
    pub refused: u64,
}

impl Status {
    /// Another manifest counts from now on; gives what there is to tell of that.
    pub fn reloaded(&mut self, at: OffsetDateTime, spec: &SyncSpec) -> Vec<Event> {
        self.on_start = spec.refresh.on_start;
        let forgotten = self.hooks.declare(&spec.hooks).into_iter();
        self.reload = ReloadStatus {
            at: Some(at),
            problems: Vec::new(),
            pending: true,
            taken: self.reload.taken + 1,
            ..self.reload
        };
        let reloaded = Event::Reloaded {
            objects: spec.objects(),
            files: spec.files(),
        };
        std::iter::once(reloaded)
            .chain(forgotten.map(Event::HookForgotten))
            .collect()
    }

    /// Another manifest was refused as a whole.
    pub fn reload_refused(&mut self, at: OffsetDateTime, problems: Vec<String>) -> Event {
        self.reload = ReloadStatus {
            at: Some(at),
            problems,
            refused: self.reload.refused + 1,
            ..self.reload
        };
        Event::ReloadRefused {
            problems: self.reload.problems.clone(),
        }
    }

    /// Notes that all that the new manifest requires is there, if it is.
    pub(super) fn finish_reload(&mut self) {
        self.reload.pending = self.reload.pending && !self.is_served();
    }

    /// Whether a pod with these files may be sent requests: it was ready once, and no required file has gone since. An
    /// outage is no cause, and neither is a new manifest whose objects are on their way.
    pub fn serves(&self) -> bool {
        self.is_ready() && (self.reload.pending || self.incomplete().next().is_none())
    }
}
