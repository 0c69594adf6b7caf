//! Makes volumes as a power cut may leave them.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::image::{Image, Inode, Names, Node};
use crate::domain::desired::Layout;
use crate::volume::tests::support::TestVolume;

/// A moment at which the power may go: what was synced, and what there is.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) synced: Image,
    pub(super) now: Image,
    pub(super) root: Inode,
    pub(super) about: String,
}

/// What a power cut leaves of what was not synced.
#[derive(Debug, Clone, Copy)]
pub(super) enum Luck {
    /// Nothing.
    None,
    /// All names, and no bytes.
    Names,
    /// Of each name and each file, this or that.
    Mixed(u64),
}

impl Luck {
    /// One of so many ways.
    fn one_of(self, ways: u64, what: &impl std::hash::Hash) -> u64 {
        match self {
            Self::None => 0,
            Self::Names => 1,
            Self::Mixed(seed) => {
                let mut hasher = DefaultHasher::new();
                (seed, what).hash(&mut hasher);
                hasher.finish() % ways
            }
        }
    }
}

/// The names in each directory.
type Left = BTreeMap<Inode, Names>;

/// What a power cut leaves.
impl Moment {
    /// The names in each directory after a power cut.
    fn names_left(&self, luck: Luck) -> Left {
        let empty = Names::new();
        let mut left = Left::new();
        for directory in self.now.names.keys().chain(self.synced.names.keys()) {
            let synced = self.synced.names.get(directory).unwrap_or(&empty);
            let now = self.now.names.get(directory).unwrap_or(&empty);
            let names = synced.keys().chain(now.keys()).filter_map(|name| {
                let is_synced = luck.one_of(2, &(directory, name)) == 0;
                let chosen = if is_synced { synced } else { now };
                Some((name.clone(), *chosen.get(name)?))
            });
            left.insert(*directory, names.collect());
        }
        self.make_renames_whole(&mut left);
        left
    }

    /// A rename happens or does not: what had a name before and has one now is at one of the two places. It did not
    /// happen when the directory that it leads to is not there.
    fn make_renames_whole(&self, left: &mut Left) {
        for inode in self.now.nodes.keys() {
            let (Some(now), Some(before)) = (self.now.place_of(*inode), self.synced.place_of(*inode)) else {
                continue;
            };
            if now == before {
                continue;
            }
            let happened = left[&now.0].get(now.1) == Some(inode) && self.is_there(left, now.0);
            let (from, (directory, name)) = if happened {
                (before.0, now)
            } else {
                (now.0, before)
            };
            left.entry(from).or_default().retain(|_, at| at != inode);
            left.entry(directory).or_default().insert(name.clone(), *inode);
        }
    }

    /// Whether a directory is the root or below it.
    fn is_there(&self, left: &Left, directory: Inode) -> bool {
        directory == self.root
            || left.iter().any(|(above, names)| {
                names.values().any(|inode| *inode == directory) && self.is_there(left, *above)
            })
    }

    /// What is left of the bytes of a file.
    fn bytes_left(&self, inode: Inode, luck: Luck) -> Vec<u8> {
        if let Some((Node::File(bytes), _)) = self.synced.nodes.get(&inode) {
            return bytes.clone();
        }
        let Some((Node::File(bytes), _)) = self.now.nodes.get(&inode) else {
            return Vec::new();
        };
        let left = match (luck, luck.one_of(3, &inode)) {
            (Luck::None | Luck::Names, _) | (Luck::Mixed(_), 0) => 0,
            (Luck::Mixed(_), 1) => bytes.len() / 2,
            (Luck::Mixed(_), _) => bytes.len(),
        };
        bytes[..left].to_vec()
    }
}

/// A volume of it.
impl Moment {
    /// A volume as a power cut leaves it.
    pub(super) fn after(&self, layout: Layout, luck: Luck) -> TestVolume {
        let test = TestVolume::new(layout);
        let mut inodes = BTreeMap::new();
        self.make(
            test.root(),
            self.root,
            (&self.names_left(luck), luck),
            &mut inodes,
        );
        if layout == Layout::Flat {
            record_inodes(&test.root().join("..akv-sync.json"), &inodes);
        }
        test
    }

    /// Makes what is in a directory; notes which inode each directory has there.
    fn make(
        &self,
        at: &Path,
        directory: Inode,
        (left, luck): (&Left, Luck),
        inodes: &mut BTreeMap<Inode, Inode>,
    ) {
        inodes.insert(directory, fs::metadata(at).expect("there").ino());
        for (name, inode) in left.get(&directory).into_iter().flatten() {
            let path = at.join(name);
            let node = self.now.nodes.get(inode).or_else(|| self.synced.nodes.get(inode));
            let (node, mode) = node.expect("known");
            match node {
                Node::Directory => {
                    let mut private = fs::DirBuilder::new();
                    private.mode(0o700).create(&path).expect("directory");
                    self.make(&path, *inode, (left, luck), inodes);
                }
                Node::Link(target) => symlink(target, &path).expect("link"),
                Node::File(_) => fs::write(&path, self.bytes_left(*inode, luck)).expect("file"),
            }
            if !matches!(node, Node::Link(_)) {
                fs::set_permissions(&path, Permissions::from_mode(*mode)).expect("mode");
            }
        }
    }
}

/// Has a state file name the same directories, under the numbers that they have here.
fn record_inodes(state: &Path, inodes: &BTreeMap<Inode, Inode>) {
    let text = fs::read(state).unwrap_or_default();
    let Ok(mut recorded) = serde_json::from_slice::<serde_json::Value>(&text) else {
        return;
    };
    let directories = recorded.get_mut("directoryInodes");
    for (_, inode) in directories
        .and_then(|found| found.as_object_mut())
        .into_iter()
        .flatten()
    {
        let here = inode.as_u64().and_then(|inode| inodes.get(&inode));
        *inode = here.copied().unwrap_or_default().into();
    }
    fs::write(state, recorded.to_string()).expect("writes");
}
