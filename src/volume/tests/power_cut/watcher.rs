//! Writes down, at each step and each sync of a writer, what there is and what of it was synced.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::image::{Image, Inode, Names, Node};
use super::moment::Moment;
use crate::volume::StepObserver;
use crate::volume::tests::support::AnyStep;

/// Watches a writer.
#[derive(Clone)]
pub(super) struct Watcher(Arc<Mutex<Watched>>);

struct Watched {
    root: PathBuf,
    /// Whether what is synced is so: a disk may lie.
    honest: bool,
    /// After how many moments the process is gone, if it is: it takes no further step, and no sync is done.
    ends_after: Option<usize>,
    synced: Image,
    moments: Vec<Moment>,
}

impl Watcher {
    /// Takes what is there for synced.
    pub(super) fn new(root: &Path, honest: bool) -> Self {
        Self(Arc::new(Mutex::new(Watched {
            root: root.to_owned(),
            honest,
            ends_after: None,
            synced: Image::of(root),
            moments: Vec::new(),
        })))
    }

    /// The moments since it was asked last. Sets after how many more the process is gone.
    pub(super) fn moments(&self, ends_after: Option<usize>) -> Vec<Moment> {
        let mut watched = self.0.lock().expect("not poisoned");
        watched.ends_after = ends_after;
        std::mem::take(&mut watched.moments)
    }
}

impl Watched {
    fn is_gone(&self) -> bool {
        self.ends_after.is_some_and(|count| self.moments.len() >= count)
    }

    fn note(&mut self, about: String) {
        self.moments.push(Moment {
            synced: self.synced.clone(),
            now: Image::of(&self.root),
            root: fs::metadata(&self.root).expect("there").ino(),
            about,
        });
    }

    fn sync(&mut self, path: &Path) {
        let now = Image::of(&self.root);
        // A directory that was removed needs no sync.
        let Ok(found) = fs::symlink_metadata(path) else {
            return;
        };
        let inode = found.ino();
        // A directory has names, and those of links and directories come with what they are names of.
        for below in now.names.get(&inode).into_iter().flat_map(BTreeMap::values) {
            if !matches!(now.nodes[below].0, Node::File(_)) {
                self.synced.nodes.insert(*below, now.nodes[below].clone());
            }
        }
        if let Some(names) = now.names.get(&inode) {
            self.sync_names(&now, inode, names);
        }
        self.synced.nodes.insert(inode, now.nodes[&inode].clone());
    }

    /// What was renamed into a directory or out of it has moved for good, in the other directory too.
    fn sync_names(&mut self, now: &Image, directory: Inode, names: &Names) {
        for (other, at) in &mut self.synced.names {
            let now = now.names.get(other);
            at.retain(|name, inode| {
                let came = names.values().any(|here| here == inode);
                !came || now.is_some_and(|now| now.get(name) == Some(inode))
            });
        }
        let before = self
            .synced
            .names
            .insert(directory, names.clone())
            .unwrap_or_default();
        for inode in before.into_values() {
            if let Some((other, name)) = now.place_of(inode) {
                let at = self.synced.names.entry(other).or_default();
                at.insert(name.clone(), inode);
            }
        }
    }
}

impl<S: Into<AnyStep>> StepObserver<S> for Watcher {
    fn before(&self, step: S) -> io::Result<()> {
        let mut watched = self.0.lock().expect("not poisoned");
        if watched.is_gone() {
            return Err(io::Error::from(Errno::EIO));
        }
        watched.note(format!("before {:?}", step.into()));
        Ok(())
    }

    fn synced(&self, path: &Path) {
        let mut watched = self.0.lock().expect("not poisoned");
        if watched.is_gone() {
            return;
        }
        watched.note(format!("before the sync of {}", path.display()));
        if watched.honest && !watched.is_gone() {
            watched.sync(path);
        }
    }
}
