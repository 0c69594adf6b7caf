//! A volume of either layout in a temporary directory, and what a reader sees of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::statfs;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::steps::AnyObserver;
use crate::domain::desired::{Layout, VolumeSpec};
use crate::domain::mode::FileMode;
use crate::domain::payload::Payload;
use crate::ports::VolumeFailure;
use crate::volume::{AnyVolume, AtomicVolume, BlockingVolume as _, FlatVolume, lock, tree};

/// Path to bytes and mode.
pub(in crate::volume::tests) type Files = BTreeMap<String, (Vec<u8>, u32)>;

/// What a test volume is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::volume::tests) enum Place {
    Memory,
    Disk,
}

/// Directory of a test volume, and the specification that it is opened with.
pub(in crate::volume::tests) struct TestVolume {
    _above: Option<TempDir>,
    pub(in crate::volume::tests) spec: VolumeSpec,
    /// The time by which it is opened: one at which everything on it is old.
    pub(in crate::volume::tests) clock: OffsetDateTime,
}

/// Making and opening it.
impl TestVolume {
    /// In memory where there is a memory file system: the many volumes of a test need not wait for a disk.
    pub(in crate::volume::tests) fn new(layout: Layout) -> Self {
        Self::in_directory(layout, TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()))
    }

    /// Where Cargo builds, which usually is on a disk; else in the directory for temporary files.
    pub(in crate::volume::tests) fn on_disk(layout: Layout) -> Self {
        let binary = std::env::current_exe().expect("test binary");
        let target = binary.ancestors().nth(3).expect("target directory");
        Self::in_directory(
            layout,
            TempDir::new_in(target.join("tmp")).or_else(|_| TempDir::new()),
        )
    }

    /// On that, as far as this machine has it.
    pub(in crate::volume::tests) fn on(place: Place, layout: Layout) -> Self {
        let test = match place {
            Place::Memory => Self::new(layout),
            Place::Disk => Self::on_disk(layout),
        };
        test.tell_file_system(place);
        test
    }

    fn in_directory(layout: Layout, above: std::io::Result<TempDir>) -> Self {
        let above = above.expect("temporary directory");
        let path = above.path().join("akv");
        fs::create_dir(&path).expect("root");
        set_mode(&path, 0o755);
        Self {
            _above: Some(above),
            ..Self::at(layout, path)
        }
    }

    /// A volume in a directory that somebody else made.
    pub(in crate::volume::tests) fn at(layout: Layout, path: PathBuf) -> Self {
        let spec = VolumeSpec {
            path,
            layout,
            dir_mode: FileMode::from_bits(0o755),
            owner: None,
            group: None,
        };
        Self {
            _above: None,
            spec,
            clock: later(),
        }
    }

    /// Says which file system it is on, where that is not what the test means.
    fn tell_file_system(&self, place: Place) {
        let found = statfs::statfs(self.root()).expect("statfs").filesystem_type();
        if (found == statfs::TMPFS_MAGIC) != (place == Place::Memory) {
            println!(
                "{place:?} was asked for, and {} is on {found:?}",
                self.root().display()
            );
        }
    }

    /// Opens it with a clock so far ahead of the files' stamps that each file is read once.
    pub(in crate::volume::tests) fn open(&self) -> AnyVolume {
        self.open_at(self.clock)
    }

    /// Opens it with a clock that stands at `now`.
    pub(in crate::volume::tests) fn open_at(&self, now: OffsetDateTime) -> AnyVolume {
        crate::volume::open(&self.spec, Arc::new(now)).expect("opens")
    }

    /// Opens it with somebody who is asked before each step.
    pub(in crate::volume::tests) fn open_observed(&self, steps: impl AnyObserver) -> AnyVolume {
        let (spec, clock) = (&self.spec, Arc::new(self.clock));
        let volume = match spec.layout {
            Layout::Atomic => {
                AtomicVolume::open_observed(spec, clock, Arc::new(steps)).map(AnyVolume::Atomic)
            }
            Layout::Flat => FlatVolume::open_observed(spec, clock, Arc::new(steps)).map(AnyVolume::Flat),
        };
        volume.expect("opens")
    }

    /// Why it cannot be opened.
    pub(in crate::volume::tests) fn refusal(&self) -> VolumeFailure {
        crate::volume::open(&self.spec, Arc::new(later())).expect_err("must not open")
    }

    /// Publishes with a volume of its own.
    pub(in crate::volume::tests) fn publish(&self, payload: &Payload) {
        self.open().publish(payload).expect("publishes");
    }

    /// Why it cannot be published to.
    pub(in crate::volume::tests) fn publish_failure(&self, payload: &Payload) -> VolumeFailure {
        self.open().publish(payload).expect_err("must not publish")
    }
}

/// Where things are.
impl TestVolume {
    pub(in crate::volume::tests) fn root(&self) -> &Path {
        &self.spec.path
    }

    /// A path beside the root, outside the volume.
    pub(in crate::volume::tests) fn beside(&self, name: &str) -> PathBuf {
        self.root().with_file_name(name)
    }

    /// The directory that holds the published files themselves: the generation, or the root.
    pub(in crate::volume::tests) fn top(&self) -> PathBuf {
        match self.spec.layout {
            Layout::Atomic => {
                let name = fs::read_link(self.root().join("..data")).expect("..data");
                self.root().join(name)
            }
            Layout::Flat => self.root().to_owned(),
        }
    }

    pub(in crate::volume::tests) fn state_file(&self) -> PathBuf {
        self.top().join("..akv-sync.json")
    }

    pub(in crate::volume::tests) fn state(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.state_file()).expect("readable")).expect("JSON")
    }

    /// Whether there is a published set, be it empty.
    pub(in crate::volume::tests) fn is_published(&self) -> bool {
        let mark = match self.spec.layout {
            Layout::Atomic => "..data",
            Layout::Flat => "..akv-sync.json",
        };
        self.root().join(mark).exists()
    }

    /// The directories that akv-sync made for the files, relative to [`TestVolume::top`].
    pub(in crate::volume::tests) fn directories(&self) -> Vec<String> {
        let below = everything_below(&self.top()).into_iter();
        let below = below.filter(|(_, kind)| *kind == "directory");
        let generation = (self.spec.layout == Layout::Atomic).then(String::new);
        generation
            .into_iter()
            .chain(below.map(|(path, _)| path))
            .collect()
    }
}

/// What is there.
impl TestVolume {
    /// What a reader finds under the user-visible names.
    pub(in crate::volume::tests) fn visible(&self) -> Files {
        // Between commit and clean-up a link to a name that is gone leads nowhere, which is how a reader sees it.
        files_in(self.root(), |name| {
            !name.starts_with("..") && self.root().join(name).exists()
        })
    }

    /// What a reader finds that resolves `..data` once.
    pub(in crate::volume::tests) fn files_of_set(&self) -> Files {
        files_in(&self.top(), |name| !name.starts_with(".."))
    }

    /// Fails unless the volume holds what the layout makes of `payload`, all of it recorded, and nothing else.
    pub(in crate::volume::tests) fn assert_tidy(&self, payload: &Payload) {
        let directories = tree::directories(payload.files.keys());
        let directories = directories.into_iter().map(|path| (path.to_owned(), "directory"));
        let files = payload.files.keys().map(|path| (path.to_string(), "file"));
        let mut expected: BTreeMap<_, _> = directories.chain(files).collect();
        expected.insert("..akv-sync.json".to_owned(), "file");
        assert_eq!(everything_below(&self.top()), expected);

        let state = self.state();
        assert!(state.get("intent").is_none(), "the intent is not done");
        let recorded: BTreeSet<_> = state["files"].as_object().expect("files").keys().collect();
        let wanted: Vec<_> = payload.files.keys().map(ToString::to_string).collect();
        assert!(recorded.into_iter().eq(&wanted), "other files are recorded");
        if self.spec.layout == Layout::Atomic {
            self.assert_only_links(payload);
        }
    }

    /// Fails unless the root of the atomic layout holds `..data`, its generation, perhaps the one that this replaced, and the
    /// links of `payload`.
    fn assert_only_links(&self, payload: &Payload) {
        let paths = payload.files.keys();
        let mut expected: BTreeSet<_> = paths.map(|path| path.first_element().to_owned()).collect();
        for name in &expected {
            let target = fs::read_link(self.root().join(name)).expect("link");
            assert_eq!(target, Path::new("..data").join(name));
        }
        let generation = self.top();
        let generation = generation.file_name().expect("name").to_string_lossy();
        expected.extend(["..data".to_owned(), generation.into_owned()]);
        let mut found = names(self.root());
        if let Some(replaced) = self.replaced() {
            found.remove(&replaced);
        }
        assert_eq!(found, expected);
    }

    /// The name of the generation that the published one replaced.
    pub(in crate::volume::tests) fn replaced(&self) -> Option<String> {
        Some(self.state().get("replaces")?.as_str()?.to_owned())
    }

    /// The generations in the root, published or not.
    pub(in crate::volume::tests) fn generations(&self) -> BTreeSet<String> {
        let mut found = names(self.root());
        found.retain(|name| name.starts_with("..2"));
        found
    }

    /// Fails unless each directory that akv-sync made has this mode.
    pub(in crate::volume::tests) fn assert_directory_modes(&self, mode: u32) {
        for directory in self.directories() {
            assert_eq!(mode_of(&self.top().join(&directory)), mode, "{directory:?}");
        }
    }
}

/// A time at which the stamps of files just written are old.
pub(in crate::volume::tests) fn later() -> OffsetDateTime {
    OffsetDateTime::now_utc() + time::Duration::minutes(1)
}

/// Permission bits, with the special ones.
pub(in crate::volume::tests) fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

pub(in crate::volume::tests) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode");
}

/// Names in a directory, but for the file that is locked: it is made when a volume is opened, and stays.
pub(in crate::volume::tests) fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("directory");
    entries
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name != lock::FILE)
        .collect()
}

/// The files under some of the names in a directory.
fn files_in(directory: &Path, wanted: impl Fn(&str) -> bool) -> Files {
    let mut files = Files::new();
    for name in names(directory).into_iter().filter(|name| wanted(name)) {
        collect(&directory.join(&name), &name, &mut files);
    }
    files
}

fn collect(path: &Path, name: &str, found: &mut Files) {
    if path.is_dir() {
        for child in names(path) {
            collect(&path.join(&child), &format!("{name}/{child}"), found);
        }
    } else {
        found.insert(
            name.to_owned(),
            (fs::read(path).expect("readable"), mode_of(path)),
        );
    }
}

/// Every entry below a directory, and what it is.
fn everything_below(top: &Path) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        for name in names(&top.join(&directory)) {
            let path = directory.join(name);
            let metadata = fs::symlink_metadata(top.join(&path)).expect("there");
            let kind = if metadata.is_dir() {
                pending.push(path.clone());
                "directory"
            } else if metadata.is_file() {
                "file"
            } else {
                "something else"
            };
            found.insert(path.into_os_string().into_string().expect("UTF-8"), kind);
        }
    }
    found
}

/// Everything that tells whether something was touched: the name, kind, inode, mode and times of each entry of
/// the volume.
pub(in crate::volume::tests) fn fingerprint(root: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let mut lines = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let found = fs::symlink_metadata(&path).expect("there");
        lines.push(format!(
            "{} {:o} {} {}.{} {}.{}",
            path.display(),
            found.mode(),
            found.ino(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec()
        ));
        if found.is_dir() {
            pending.extend(names(&path).into_iter().map(|name| path.join(name)));
        }
    }
    lines.sort();
    lines
}
