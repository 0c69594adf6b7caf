//! A volume to look at: what is published, what stands in the way, what a publish would do.
//!
//! Invariant: nothing on the volume changes, not even by a recovery or a lock. So it can be looked at while another
//! process writes to it, and where this one may not write.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::atomic::{self, look};
use super::blocking::BlockingVolume;
use super::compare::{check_paths, compare};
use super::directory::Directory;
use super::failure::restless;
use super::flat::look::Onlooker;
use super::inspect::{Inspection, Inspector};
use super::owner::{Declared, Ownership};
use super::root;
use super::stat::Signature;
use super::state;
use super::writer::check_same;
use crate::domain::desired::{Layout, VolumeSpec};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::{Clock, VolumeFailure, VolumeFailureKind};

/// How often everything is read, at most, because it changed while it was read. A publish takes little longer than that,
/// and the next one is seconds away.
const ATTEMPTS: usize = 100;

/// A volume that is never written to. A root that is missing is an empty volume.
pub struct ReadOnlyVolume {
    looked_at: Mutex<LookedAt>,
}

/// What every look goes by.
struct LookedAt {
    spec: VolumeSpec,
    declared: Declared,
    inspector: Inspector,
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
            looked_at: Mutex::new(LookedAt {
                spec: spec.clone(),
                declared: Declared::resolve(spec)?,
                inspector: Inspector::new(clock),
            }),
        })
    }

    /// Looks until nothing changes meanwhile. `look` gets nothing when there is no root.
    fn look<T>(
        &self,
        look: impl Fn(&VolumeSpec, Option<Sight<'_>>) -> Result<T, VolumeFailure>,
    ) -> Result<T, VolumeFailure> {
        let mut looked_at = self.looked_at();
        let LookedAt {
            spec,
            declared,
            inspector,
        } = &mut *looked_at;
        for _ in 0..ATTEMPTS {
            let Some(root) = root::look_at(spec)? else {
                return look(spec, None);
            };
            let before = Mark::of(&root)?;
            let owner = declared.on(&root.stat()?, spec.dir_mode);
            let sight = Sight {
                root: &root,
                owner: &owner,
                inspector: &mut *inspector,
            };
            let seen = look(spec, Some(sight));
            let moved = matches!(&seen, Err(failure) if failure.kind() == VolumeFailureKind::InUse);
            if !moved && Mark::of(&root)? == before {
                return seen;
            }
        }
        Err(restless(&spec.path))
    }

    fn looked_at(&self) -> MutexGuard<'_, LookedAt> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.look(|spec, sight| match (sight, spec.layout) {
            (None, _) => Ok(Observation::nothing()),
            (Some(sight), Layout::Atomic) => look::observe(sight.root, sight.owner, sight.inspector),
            (Some(sight), Layout::Flat) => sight.onlooker().observe(),
        })
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.look(|spec, sight| match (sight, spec.layout) {
            (None, _) => Ok(Vec::new()),
            (Some(sight), Layout::Atomic) => look::foreign(sight.root, paths),
            (Some(sight), Layout::Flat) => sight.onlooker().refused(paths),
        })
    }

    /// Publishes nothing, and says what a publish would do to what is there.
    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.look(|spec, sight| match (sight, spec.layout) {
            (None, _) => {
                check_paths(payload, &spec.path)?;
                let difference = compare(payload, None, &Inspection::default(), &spec.path)?;
                Ok(difference.publication)
            }
            (Some(sight), Layout::Atomic) => {
                look::foretell(sight.root, sight.owner, sight.inspector, payload)
            }
            (Some(sight), Layout::Flat) => sight.onlooker().foretell(payload),
        })
    }

    fn declare(&self, spec: &VolumeSpec) -> Result<(), VolumeFailure> {
        let mut looked_at = self.looked_at();
        check_same(&looked_at.spec, spec)?;
        looked_at.declared = Declared::resolve(spec)?;
        looked_at.spec = spec.clone();
        Ok(())
    }
}
