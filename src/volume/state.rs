//! The state file `..akv-sync.json`: what was published, without values.
//!
//! In the layout `atomic` it is inside each generation, and the mark by which that is known as ours, so it is the first
//! file made and the last removed. In `flat` it is in the root. A state file that cannot be understood costs a rewrite of
//! all files and never a failure.
//!
//! The format only grows: a program ignores what it does not know, and keeps it where what it stands beside stays. So
//! one volume can be written by an older and a newer program in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use nix::unistd::Uid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digest::{Digest, DigestKey};
use super::directory::Directory;
use super::failure::failed;
use super::file::FileWriter;
use super::owner::Ownership;
use super::stat::{Kind, Stat};
use super::tree;
use crate::domain::hook::Outbox;
use crate::domain::mode::FileMode;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileRecord, PayloadFile};
use crate::ports::VolumeFailure;

/// Name of the state file. Payload paths never start with `..`, so it cannot meet one.
pub(super) const FILE: &str = "..akv-sync.json";

/// Name under which it is written before it takes its own.
const STAGED: &str = "..akv-sync.json_tmp";

/// The format this code reads and writes. Another number is another format; one that only grows keeps its number.
const FORMAT: u32 = 2;

/// A state file longer than this is not ours: 100,000 files stay below it.
const LONGEST: u64 = 64 << 20;

/// Only this process reads it: the digests' key is in it.
const MODE: FileMode = FileMode::from_bits(0o600);

/// What is recorded of a generation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    format: u32,
    /// Key of the digests, the same for all generations of a volume.
    pub(super) digest_key: DigestKey,
    /// What is recorded of each file.
    pub(super) files: BTreeMap<RelativePath, FileEntry>,
    /// Layout `flat`: the directories that were made for the files.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) directories: BTreeSet<RelativePath>,
    /// Layout `flat`: the inode of each. A directory with another one was put there by somebody else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    directory_inodes: BTreeMap<RelativePath, u64>,
    /// Layout `flat`: what is being published, until it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<Intent>,
    /// Layout `atomic`: the name of the generation that this one replaced, which may still be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaces: Option<String>,
    /// What is still to be told.
    #[serde(default, skip_serializing_if = "Outbox::is_empty")]
    pub(super) outbox: Outbox,
    /// What a newer program knows.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// A publish that is under way. All of its new files are written; whoever finds it can finish it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Intent {
    /// Every file that shall be there, those that stay included.
    pub(super) files: BTreeMap<RelativePath, FileEntry>,
    /// Those of them that are written, and wait to be renamed into place.
    pub(super) staged: BTreeMap<RelativePath, Staged>,
    /// The directories that have to be made for them.
    pub(super) directories: BTreeSet<RelativePath>,
    /// What is to be told then.
    #[serde(default, skip_serializing_if = "Outbox::is_empty")]
    pub(super) outbox: Outbox,
}

/// A file that is written, and waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Staged {
    /// Its number among those that wait.
    pub(super) number: usize,
    /// Whether a file of ours stood in its place. If none did, whatever stands there now is somebody else's.
    pub(super) replaces: bool,
    /// The published file that its bytes were taken from; that one stays until this one is in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy_of: Option<RelativePath>,
}

/// What is recorded of one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileEntry {
    /// Where its bytes come from.
    pub(super) record: Arc<FileRecord>,
    /// Of its bytes.
    pub(super) digest: Digest,
    /// Number of its bytes.
    pub(super) length: u64,
    /// As published.
    pub(super) mode: FileMode,
    /// As published.
    pub(super) uid: u32,
    /// As published.
    pub(super) gid: u32,
    /// What a newer program knows.
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Staged {
    /// The name under which it waits.
    pub(super) fn name(&self) -> String {
        self.number.to_string()
    }
}

impl FileEntry {
    /// Of a file that was written for `owner`.
    pub(super) fn new(file: &PayloadFile, digest: Digest, length: u64, owner: &Ownership) -> Self {
        Self {
            record: Arc::clone(&file.record),
            digest,
            length,
            mode: file.mode,
            uid: owner.uid(),
            gid: owner.gid(),
            other: Map::new(),
        }
    }

    /// With what a newer program recorded of the file that was there, if the bytes are the same.
    pub(super) fn after(mut self, earlier: Option<&Self>) -> Self {
        if let Some(earlier) = earlier.filter(|earlier| earlier.digest == self.digest) {
            self.other.clone_from(&earlier.other);
        }
        self
    }
}

impl State {
    /// A state without files.
    pub(super) fn new(digest_key: DigestKey) -> Self {
        Self {
            format: FORMAT,
            digest_key,
            files: BTreeMap::new(),
            directories: BTreeSet::new(),
            directory_inodes: BTreeMap::new(),
            intent: None,
            replaces: None,
            outbox: Outbox::default(),
            other: Map::new(),
        }
    }

    /// The next state of the same volume, without files and with nothing to be told.
    pub(super) fn next(&self) -> Self {
        Self {
            other: self.other.clone(),
            ..Self::new(self.digest_key.clone())
        }
    }

    /// The directories that were made for the files, relative to the root.
    pub(super) fn directory_names(&self) -> BTreeSet<&str> {
        self.directories.iter().map(RelativePath::as_str).collect()
    }

    /// Whether the directory that is found at a name is the one that was made for the files. A state file of an older
    /// program does not tell which one that was; any is taken for it then.
    pub(super) fn is_own_directory(&self, name: &str, found: &Stat) -> bool {
        let Ok(path) = RelativePath::parse(name) else {
            return false;
        };
        let inode = self.directory_inodes.get(&path);
        self.directories.contains(&path) && inode.is_none_or(|inode| *inode == found.signature.inode())
    }

    /// The inode that is recorded of a directory.
    pub(super) fn directory_inode(&self, path: &RelativePath) -> Option<u64> {
        self.directory_inodes.get(path).copied()
    }

    /// Records the directories that were made for the files, each with its inode where that is known.
    pub(super) fn set_directories(&mut self, directories: BTreeMap<RelativePath, Option<u64>>) {
        self.directories = directories.keys().cloned().collect();
        let known = directories.into_iter();
        self.directory_inodes = known.filter_map(|(path, inode)| Some((path, inode?))).collect();
    }

    /// Forgets directories in which no file is any more.
    pub(super) fn drop_unused_directories(&mut self) {
        let used = tree::directories(self.files.keys());
        self.directories.retain(|path| used.contains(path.as_str()));
        self.directory_inodes
            .retain(|path, _| used.contains(path.as_str()));
    }

    /// Understands the text of a state file in `directory`; `None`, with a warning, when this code cannot.
    pub(super) fn of_text(text: &[u8], directory: &Directory) -> Option<Self> {
        let state = Self::parse(text);
        if state.is_none() {
            let path = directory.path_of(FILE);
            tracing::warn!(path = %path.display(), "The state file is damaged or of another version of akv-sync; files are written again when every object has been fetched");
        }
        state
    }

    fn parse(text: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let header: Header = serde_json::from_slice(text).ok()?;
        if header.format != FORMAT {
            return None;
        }
        serde_json::from_slice(text).ok()
    }

    /// Writes the state under another name than its own; gives its text. Recovery has removed what an interrupted call may
    /// have left there.
    pub(super) fn stage(
        &self,
        (directory, name): (&Directory, &str),
        writer: &FileWriter<'_>,
    ) -> Result<Vec<u8>, VolumeFailure> {
        let text = serde_json::to_vec(self)
            .map_err(|error| failed("write", directory.path_of(name), io::Error::from(error)))?;
        writer.write_own(directory, name, MODE, |file| file.write_all(&text))?;
        Ok(text)
    }

    /// Puts the state into a generation that is not published, in place of what is there; gives its text.
    pub(super) fn write(
        &self,
        generation: &Directory,
        writer: &FileWriter<'_>,
    ) -> Result<Vec<u8>, VolumeFailure> {
        let text = self.stage((generation, STAGED), writer)?;
        generation.rename(STAGED, FILE)?;
        Ok(text)
    }

    /// Removes what a crash or a failure within [`State::write`] left.
    pub(super) fn discard_staged(generation: &Directory) -> Result<(), VolumeFailure> {
        match generation.stat_of(STAGED)? {
            Some(_) => while_writable(generation, || generation.remove(STAGED)),
            None => Ok(()),
        }
    }

    /// Puts the state into a published generation, whose declared mode may forbid even its owner to write. `sync` makes the
    /// file of that name outlive a power cut, before it takes the place of the one that is there.
    pub(super) fn replace(
        &self,
        generation: &Directory,
        writer: &FileWriter<'_>,
        sync: impl FnOnce(&str) -> Result<(), VolumeFailure>,
    ) -> Result<Vec<u8>, VolumeFailure> {
        while_writable(generation, || {
            let text = self.stage((generation, STAGED), writer)?;
            sync(STAGED)?;
            generation.rename(STAGED, FILE)?;
            Ok(text)
        })
    }
}

/// The state file in a directory, open.
pub(super) struct StateFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl StateFile {
    /// Opens it; `None`, with a warning if it is another's, when there is none of ours.
    pub(super) fn open(directory: &Directory) -> Result<Option<Self>, VolumeFailure> {
        let path = directory.path_of(FILE);
        let Some(found) = directory.stat_of(FILE)? else {
            return Ok(None);
        };
        let is_ours = found.kind == Kind::File && found.uid == Uid::effective().as_raw();
        if !is_ours || found.signature.length > LONGEST {
            tracing::warn!(path = %path.display(), "The state file is not akv-sync's own; all files are written again");
            return Ok(None);
        }
        let file = directory.open_file(FILE)?;
        Ok(file.map(|file| Self {
            file,
            path,
            length: found.signature.length,
        }))
    }

    /// Whether its text is this one. It is read piece by piece: most looks find what is known, and then its text is in memory
    /// only once.
    pub(super) fn has(&mut self, known: &[u8]) -> Result<bool, VolumeFailure> {
        if usize::try_from(self.length) != Ok(known.len()) {
            return Ok(false);
        }
        let mut rest = known;
        let mut piece = [0; 16 * 1024];
        loop {
            let read = self.file.read(&mut piece);
            let count = read.map_err(|error| failed("read", &self.path, error))?;
            match rest.split_at_checked(count) {
                Some(([], [])) => return Ok(true),
                Some((expected, after)) if count > 0 && *expected == piece[..count] => rest = after,
                _ => return Ok(false),
            }
        }
    }

    /// Its text.
    pub(super) fn read(mut self) -> Result<Vec<u8>, VolumeFailure> {
        let mut text = Vec::new();
        self.file
            .rewind()
            .and_then(|()| self.file.take(LONGEST).read_to_end(&mut text))
            .map_err(|error| failed("read", &self.path, error))?;
        Ok(text)
    }
}

/// Lets the owner write to a generation while `change` is made.
fn while_writable<T>(
    generation: &Directory,
    change: impl FnOnce() -> Result<T, VolumeFailure>,
) -> Result<T, VolumeFailure> {
    let before = generation.stat()?;
    generation.make_writable()?;
    let changed = change();
    if generation.stat()?.mode != before.mode {
        generation.set_mode(before.mode)?;
    }
    changed
}

/// Marks a new generation as ours.
pub(super) fn mark(generation: &Directory, writer: &FileWriter<'_>) -> Result<(), VolumeFailure> {
    writer.write_own(generation, FILE, MODE, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_another_format_is_no_state() {
        let state = State::new(DigestKey::random().expect("random"));
        let text = serde_json::to_string(&state).expect("serialises");
        assert!(State::parse(text.as_bytes()).is_some());
        let newer = text.replace("\"format\":2", "\"format\":3");
        assert!(State::parse(newer.as_bytes()).is_none());
        assert!(State::parse(&text.as_bytes()[..text.len() - 1]).is_none());
        assert!(State::parse(b"").is_none());
    }
}
