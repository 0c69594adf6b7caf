//! A volume to look at: what is published, what stands in the way, what a publish would do.
//!
//! Invariant: nothing on the volume changes, not even by a recovery or a lock. So it can be looked at while another
//! process writes to it, and where this one may not write.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};

use super::atomic::{self, look};
use super::blocking::BlockingVolume;
use super::compare::{check_paths, compare};
use super::directory::Directory;
use super::failure::restless;
use super::flat::onlooker::Onlooker;
use super::inspect::{Inspection, Inspector};
use super::owner::{Declared, Ownership};
use super::root;
use super::stat::Signature;
use super::state;
use crate::domain::desired::{Layout, VolumeSpec};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::{Clock, VolumeFailure, VolumeFailureKind};

/// How often everything is read, at most, because it changed while it was read. A publish takes little longer than that,
/// and the next one is seconds away.
const ATTEMPTS: usize = 100;

/// A volume that is never written to. A root that is missing is an empty volume.
pub struct ReadOnlyVolume {
    spec: VolumeSpec,
    declared: Declared,
    inspector: Mutex<Inspector>,
}

/// What a publish changes, as an onlooker sees it.
#[derive(PartialEq, Eq)]
struct Mark {
    /// Of the layout `atomic`: the published generation. Its files are removed only when this names another one.
    generation: Option<OsString>,
    /// Of the layout `flat`: the state file, written anew before the first file is put into place and after the last.
    state: Option<Signature>,
}

/// What is looked at.
struct Sight<'a> {
    root: &'a Directory,
    owner: &'a Ownership,
    inspector: &'a mut Inspector,
}

impl ReadOnlyVolume {
    /// Resolves owner and group. The volume itself is opened by each call.
    pub fn new(spec: &VolumeSpec, clock: Arc<dyn Clock>) -> Result<Self, VolumeFailure> {
        Ok(Self {
            spec: spec.clone(),
            declared: Declared::resolve(spec)?,
            inspector: Mutex::new(Inspector::new(clock)),
        })
    }

    /// Looks until nothing changes meanwhile. `look` gets nothing when there is no root.
    fn look<T>(
        &self,
        look: impl Fn(Option<Sight<'_>>) -> Result<T, VolumeFailure>,
    ) -> Result<T, VolumeFailure> {
        let mut inspector = self.inspector.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            let Some(root) = root::look_at(&self.spec)? else {
                return look(None);
            };
            let before = Mark::of(&root)?;
            let owner = self.declared.on(&root.stat()?, self.spec.dir_mode);
            let seen = look(Some(Sight {
                root: &root,
                owner: &owner,
                inspector: &mut inspector,
            }));
            let moved = matches!(&seen, Err(failure) if failure.kind() == VolumeFailureKind::InUse);
            if !moved && Mark::of(&root)? == before {
                return seen;
            }
        }
        Err(restless(&self.spec.path))
    }
}

impl Mark {
    fn of(root: &Directory) -> Result<Self, VolumeFailure> {
        Ok(Self {
            generation: root.read_link(atomic::DATA)?,
            state: root.stat_of(state::FILE)?.map(|found| found.signature),
        })
    }
}

impl<'a> Sight<'a> {
    fn onlooker(self) -> Onlooker<'a> {
        Onlooker {
            root: self.root,
            owner: self.owner,
            inspector: self.inspector,
        }
    }
}

impl BlockingVolume for ReadOnlyVolume {
    /// What is there; what a crash left is looked past.
    fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.look(|sight| match (sight, self.spec.layout) {
            (None, _) => Ok(Observation::default()),
            (Some(sight), Layout::Atomic) => look::observe(sight.root, sight.owner, sight.inspector),
            (Some(sight), Layout::Flat) => sight.onlooker().observe(),
        })
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.look(|sight| match (sight, self.spec.layout) {
            (None, _) => Ok(Vec::new()),
            (Some(sight), Layout::Atomic) => look::foreign(sight.root, paths),
            (Some(sight), Layout::Flat) => sight.onlooker().refused(paths),
        })
    }

    /// Publishes nothing, and says what a publish would do to what is there.
    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.look(|sight| match (sight, self.spec.layout) {
            (None, _) => {
                check_paths(payload, &self.spec.path)?;
                let difference = compare(payload, None, &Inspection::default(), &self.spec.path)?;
                Ok(difference.publication)
            }
            (Some(sight), Layout::Atomic) => {
                look::foretell(sight.root, sight.owner, sight.inspector, payload)
            }
            (Some(sight), Layout::Flat) => sight.onlooker().foretell(payload),
        })
    }
}
