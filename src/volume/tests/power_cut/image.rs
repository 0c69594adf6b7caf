//! What is on a volume, as names and what they are names of.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::volume::tests::support::names;

/// Number of an inode. In memory, none is used twice.
pub(super) type Inode = u64;

/// The names in a directory.
pub(super) type Names = BTreeMap<String, Inode>;

/// What is at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    File(Vec<u8>),
    Directory,
    Link(PathBuf),
}

/// What is on a volume: the names in each directory, and what they are names of.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    pub(super) names: BTreeMap<Inode, Names>,
    pub(super) nodes: BTreeMap<Inode, (Node, u32)>,
}

impl Image {
    pub(super) fn of(root: &Path) -> Self {
        let mut image = Self::default();
        image.add(root);
        image
    }

    fn add(&mut self, path: &Path) -> Inode {
        let found = fs::symlink_metadata(path).expect("there");
        let node = if found.is_dir() {
            let below = names(path).into_iter();
            let below = below.map(|name| (name.clone(), self.add(&path.join(name))));
            let below = below.collect();
            self.names.insert(found.ino(), below);
            Node::Directory
        } else if found.is_symlink() {
            Node::Link(fs::read_link(path).expect("link"))
        } else {
            Node::File(fs::read(path).expect("readable"))
        };
        self.nodes.insert(found.ino(), (node, found.mode() & 0o7777));
        found.ino()
    }

    /// Where an inode is: its directory and its name there.
    pub(super) fn place_of(&self, inode: Inode) -> Option<(Inode, &String)> {
        self.names.iter().find_map(|(directory, names)| {
            let (name, _) = names.iter().find(|(_, found)| **found == inode)?;
            Some((*directory, name))
        })
    }
}
