//! A volume of either layout: one call at a time, and what the steps of a call work with.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::directory::Directory;
use super::failure::unusable;
use super::file::FileWriter;
use super::inspect::Inspector;
use super::owner::{Declared, Ownership};
use super::root::Root;
use super::steps::{Action, StepObserver, Unobserved, announce};
use super::sync;
use crate::domain::desired::VolumeSpec;
use crate::ports::{Clock, VolumeFailure};

/// A volume whose layout takes the steps `S`. While the value lives, no other process can open the same volume.
#[derive(Debug)]
pub struct LayoutVolume<S> {
    writer: Mutex<Writer<S>>,
}

/// What the steps work with.
pub(super) struct Writer<S> {
    spec: VolumeSpec,
    pub(super) root: Root,
    pub(super) owner: Ownership,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) steps: Arc<dyn StepObserver<S>>,
    pub(super) inspector: Inspector,
    pub(super) told: Told,
}

/// Names of what could not be removed, and of which a person was told.
#[derive(Debug, Default)]
pub(super) struct Told(RefCell<BTreeSet<String>>);

impl<S: 'static> LayoutVolume<S> {
    /// Opens and locks the volume, and resolves its owner and group. `clock` tells how old time stamps are, and dates
    /// what is published.
    ///
    /// The last element of the path is made if it is missing; nothing else is created or changed. Fails when the
    /// path is no directory or a link, when an owner has no number, and when another process has the volume open.
    pub fn open(spec: &VolumeSpec, clock: Arc<dyn Clock>) -> Result<Self, VolumeFailure> {
        Self::open_observed(spec, clock, Arc::new(Unobserved))
    }

    /// As [`LayoutVolume::open`], with somebody who is asked before each step: crash and fault tests.
    pub fn open_observed(
        spec: &VolumeSpec,
        clock: Arc<dyn Clock>,
        steps: Arc<dyn StepObserver<S>>,
    ) -> Result<Self, VolumeFailure> {
        let declared = Declared::resolve(spec)?;
        let (root, owner) = Root::open(spec, declared)?;
        let writer = Writer {
            spec: spec.clone(),
            root,
            owner,
            inspector: Inspector::new(Arc::clone(&clock)),
            clock,
            steps,
            told: Told::default(),
        };
        Ok(Self {
            writer: Mutex::new(writer),
        })
    }

    /// How many files need not be read again while they look the same.
    #[cfg(test)]
    pub(super) fn verified(&self) -> usize {
        self.writer().inspector.verified()
    }

    /// Syncs on a memory volume too, as on a disk.
    #[cfg(test)]
    pub(super) fn sync_in_memory(&self) {
        self.writer().root.durable = true;
    }

    /// A panic in an earlier call cannot have left anything that recovery does not repair.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer<S>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Writer<S> {
    /// Syncs files and directories below `top`, all named relative to it; `""` is `top`. Does nothing on a memory volume.
    pub(super) fn sync(
        &self,
        top: &Directory,
        files: &[&str],
        directories: &[&str],
    ) -> Result<(), VolumeFailure> {
        if !self.root.durable {
            return Ok(());
        }
        sync::all(top, files.iter().copied(), directories.iter().copied())?;
        for name in files.iter().chain(directories) {
            self.steps.synced(&top.path_of(name));
        }
        Ok(())
    }

    /// Syncs the names in the root.
    pub(super) fn sync_root(&self) -> Result<(), VolumeFailure> {
        self.sync(&self.root.dir, &[], &[""])
    }

    pub(super) const fn files(&self) -> FileWriter<'_> {
        FileWriter::new(&self.owner, self.root.durable)
    }

    /// Takes another owner, group or mode of directories. The lock is of this root and the links are of this layout, so
    /// neither can change while the volume is open.
    pub(super) fn declare(&mut self, spec: &VolumeSpec) -> Result<(), VolumeFailure> {
        check_same(&self.spec, spec)?;
        let declared = Declared::resolve(spec)?;
        self.owner = declared.on(&self.root.dir.stat()?, spec.dir_mode);
        self.spec = spec.clone();
        Ok(())
    }
}

/// Refuses to make another volume of this one.
pub(super) fn check_same(open: &VolumeSpec, next: &VolumeSpec) -> Result<(), VolumeFailure> {
    if (&open.path, open.layout) == (&next.path, next.layout) {
        return Ok(());
    }
    Err(unusable(
        "use",
        &next.path,
        "`volume.path` and `volume.layout` cannot change while akv-sync runs".to_owned(),
        "restart akv-sync".to_owned(),
    ))
}

impl<S: Action> Writer<S> {
    pub(super) fn announce(&self, step: S, path: &Path) -> Result<(), VolumeFailure> {
        announce(&*self.steps, step, path)
    }
}

impl<S> fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("root", &self.root)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Told {
    /// Whether nobody was told of this name yet; from now on somebody was.
    pub(super) fn is_news(&self, name: &impl ToString) -> bool {
        self.0.borrow_mut().insert(name.to_string())
    }
}
