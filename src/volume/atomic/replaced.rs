//! The generation that was replaced last, and how long it is kept.
//!
//! A program may be listing its directories while `..data` moves on. Were it removed at once, the listing would end early,
//! and a program that loads all of `conf.d` would load a part. At most one is kept, and it goes before a new one is filled,
//! so that the volume never needs room for three sets.

use std::time::Duration;

use super::generation::GenerationName;
use super::look::{self, Current};
use super::{DATA, Step, Writer};
use crate::ports::VolumeFailure;
use crate::volume::state::State;

/// A generation that was published before the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaced {
    pub(super) name: GenerationName,
    /// For how long it has been replaced.
    age: Duration,
}

impl Replaced {
    /// Whether it is kept still, when it is kept for `limit`; gives what is left of that.
    pub(super) fn left_of(&self, limit: Duration) -> Option<Duration> {
        limit.checked_sub(self.age).filter(|left| !left.is_zero())
    }
}

impl Writer {
    /// The generation that the published one replaced, if it is still there.
    ///
    /// The link `..data` is as old as its last rename, which the link was made for. A link of the future says nothing of
    /// an age: what it replaced counts as old.
    pub(super) fn replaced(&self, state: Option<&State>) -> Result<Option<Replaced>, VolumeFailure> {
        let root = &self.root.dir;
        let name = state.and_then(|state| state.replaces.as_deref());
        let Some(name) = name.and_then(|name| GenerationName::parse(name.as_ref())) else {
            return Ok(None);
        };
        let (Some(link), Some(_)) = (root.stat_of(DATA)?, root.stat_of(name.as_str())?) else {
            return Ok(None);
        };
        let elapsed = self.clock.now() - link.signature.modified();
        let age = if elapsed < -time::Duration::SECOND {
            Duration::MAX
        } else {
            Duration::try_from(elapsed).unwrap_or_default()
        };
        Ok(Some(Replaced { name, age }))
    }

    /// See [`crate::ports::Volume::tidy`].
    pub(super) fn tidy(&mut self, kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        self.root.check()?;
        let Some((_, dir)) = look::published(&self.root.dir)? else {
            return Ok(None);
        };
        let state = self.inspector.recorded(&dir)?;
        let Some(replaced) = self.replaced(state.as_ref())? else {
            return Ok(None);
        };
        let left = replaced.left_of(kept);
        if left.is_none() {
            self.announce(Step::Recover, &self.root.dir.path_of(replaced.name.as_str()))?;
            self.remove_generation(&replaced.name);
        }
        Ok(left)
    }

    /// Removes what is kept for readers, to make room.
    pub(super) fn remove_replaced(&self, current: Option<&Current>) -> Result<(), VolumeFailure> {
        let state = current.and_then(|current| current.state.as_ref());
        if let Some(replaced) = self.replaced(state)? {
            let path = self.root.dir.path_of(replaced.name.as_str());
            self.announce(Step::RemoveReplaced, &path)?;
            self.remove_generation(&replaced.name);
        }
        Ok(())
    }
}
