//! Volumes whose state files are damaged again and again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use akv_sync::domain::desired::{Content, Layout, SecretForm, VolumeSpec};
use akv_sync::domain::hook::{Outbox, Telling};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultHost, VaultId, VaultName, VersionId, VersionSelector,
};
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::payload::{FileBytes, FileRecord, Input, InputRecord, Payload, PayloadFile, Validity};
use akv_sync::domain::secret::SecretBytes;
use akv_sync::volume::flat::Step;
use akv_sync::volume::{AtomicVolume, BlockingVolume as _, FlatVolume, StepObserver};
use tempfile::TempDir;
use time::OffsetDateTime;

fn place() -> TempDir {
    let place = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new());
    place.expect("a directory")
}

fn spec(place: &TempDir, layout: Layout) -> VolumeSpec {
    VolumeSpec {
        path: place.path().to_owned(),
        layout,
        dir_mode: FileMode::from_bits(0o750),
        owner: None,
        group: None,
    }
}

fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).expect("a path")
}

fn payload(files: &[(&str, FileBytes)]) -> Payload {
    let source = Source {
        object: ObjectId {
            vault: VaultId {
                name: VaultName::parse("app").expect("a name"),
                host: VaultHost::parse("app.vault.azure.net").expect("a host"),
            },
            kind: ObjectKind::Secret,
            name: ObjectName::parse("a").expect("a name"),
        },
        version: VersionSelector::Latest,
    };
    let record = FileRecord {
        content: Content::Secret(SecretForm::default()),
        inputs: vec![InputRecord {
            input: Input::Object(source),
            version: VersionId::parse(&"0".repeat(32)).expect("a version"),
            digest: None,
            confirmed: None,
        }],
        validity: Validity::default(),
        fetched: OffsetDateTime::UNIX_EPOCH,
        selected: None,
    };
    let files = files.iter().map(|(name, bytes)| {
        let file = PayloadFile {
            bytes: bytes.clone(),
            mode: FileMode::from_bits(0o440),
            record: record.clone().into(),
        };
        (path(name), file)
    });
    Payload {
        files: files.collect(),
        telling: Telling::only(Outbox::from(vec![serde_json::json!({ "told": ["a/b"] })])),
        ..Payload::default()
    }
}

fn text(bytes: &str) -> FileBytes {
    FileBytes::Write(SecretBytes::from(bytes.to_owned()))
}

/// A published volume of the layout `atomic`.
pub(crate) struct Atomic {
    place: TempDir,
    volume: AtomicVolume,
}

impl Atomic {
    pub(crate) fn publish() -> Self {
        let place = place();
        let spec = spec(&place, Layout::Atomic);
        let volume = AtomicVolume::open(&spec, Arc::new(OffsetDateTime::now_utc())).expect("opens");
        volume
            .publish(&payload(&[("a/b", text("value"))]))
            .expect("publishes");
        Self { place, volume }
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("..data/..akv-sync.json")
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        fs::read(self.path()).expect("readable")
    }

    pub(crate) fn observe_with(&self, state: &[u8]) {
        fs::write(self.path(), state).expect("written");
        // Whatever the state says, looking is no failure and the file stays.
        let observed = self.volume.observe().expect("observes");
        assert!(observed.files.len() <= 1);
        assert_eq!(fs::read(self.place.path().join("a/b")).expect("there"), b"value");
    }
}

/// Somebody else's files. Their names are so long that chance does not write them into a state file, which would make
/// them ours. The last is a link at a path of ours, which no state file can make ours.
const THEIRS: [&str; 3] = ["somebody-elses-file", "a/somebody-elses-file", "link"];

/// The state file of the layout `flat`.
const STATE: &str = "..akv-sync.json";

/// A volume of the layout `flat` on which a publish was stopped after its commit.
pub(crate) struct Flat {
    place: TempDir,
    volume: FlatVolume,
    /// The state file when nothing was under way.
    settled: Vec<u8>,
    /// All files of ours as they were then.
    stopped: BTreeMap<PathBuf, Vec<u8>>,
    /// Inode, time of modification and time of change of somebody else's files.
    theirs: Vec<[i64; 3]>,
    wanted: Payload,
}

struct StopAtClearWay;

impl StepObserver<Step> for StopAtClearWay {
    fn before(&self, step: Step) -> io::Result<()> {
        if step == Step::ClearWay {
            return Err(io::Error::other("stopped"));
        }
        Ok(())
    }
}

impl Flat {
    pub(crate) fn stop_a_publish() -> Self {
        let place = place();
        let spec = spec(&place, Layout::Flat);
        let clock = Arc::new(OffsetDateTime::now_utc());
        let old = [("a/b", text("value")), ("c", text("moves")), ("d", text("goes"))];
        let new = [
            ("a/b", text("other")),
            ("c/e", FileBytes::Published(path("c"))),
            ("f", text("new")),
            ("link", text("new")),
        ];
        let stops = FlatVolume::open_observed(&spec, clock.clone(), Arc::new(StopAtClearWay)).expect("opens");
        stops.publish(&payload(&old)).expect("publishes");
        let settled = fs::read(place.path().join(STATE)).expect("readable");
        stops.publish(&payload(&new)).expect_err("stopped");
        drop(stops);
        let mut stopped = BTreeMap::new();
        read(place.path(), &mut stopped);
        let [target, below, link] = THEIRS.map(|name| place.path().join(name));
        fs::write(&target, "theirs").expect("written");
        fs::write(below, "theirs").expect("written");
        symlink(target, link).expect("linked");
        let volume = FlatVolume::open(&spec, clock).expect("opens");
        let wanted = payload(&[
            ("a/b", text("other")),
            ("c/e", text("moves")),
            ("f", text("new")),
            ("link", text("new")),
        ]);
        let mut flat = Self {
            place,
            volume,
            settled,
            stopped,
            theirs: Vec::new(),
            wanted,
        };
        flat.theirs = flat.look_at_theirs();
        flat
    }

    /// State files to begin with: of a publish that is under way, also as chance would hardly alter it, and of none.
    pub(crate) fn texts(&self) -> Vec<Vec<u8>> {
        let under_way = self.stopped[&self.place.path().join(STATE)].clone();
        let under_way = String::from_utf8(under_way).expect("JSON");
        assert!(under_way.contains("\"intent\""));
        let altered = [
            ("\"replaces\":true", "\"replaces\":false"),
            ("\"replaces\":false", "\"replaces\":true"),
            // A file where a directory is, a file below another one, one path for two.
            ("\"c/e\"", "\"a\""),
            ("\"f\"", "\"a/b/c\""),
            ("\"f\"", "\"c/e\""),
            ("\"d\"", "\"c/e/g\""),
        ];
        let mut texts: Vec<_> = altered
            .iter()
            .map(|(from, to)| under_way.replace(from, to).into_bytes())
            .collect();
        texts.extend([under_way.into_bytes(), self.settled.clone()]);
        texts
    }

    /// Whatever the state says, looking and publishing are no failures and leave somebody else's files alone.
    pub(crate) fn go_on_with(&self, state: &[u8]) {
        self.clear(self.place.path());
        for (at, bytes) in &self.stopped {
            fs::create_dir_all(at.parent().expect("a directory")).expect("made");
            fs::write(at, bytes).expect("written");
        }
        fs::write(self.place.path().join(STATE), state).expect("written");
        let wanted = self.wanted.files.keys().cloned().collect();
        self.volume.refused(&wanted).expect("looks");
        self.volume.observe().expect("observes");
        assert_eq!(self.look_at_theirs(), self.theirs);
        self.volume.publish(&self.wanted).expect("publishes");
        assert_eq!(self.look_at_theirs(), self.theirs);
    }

    fn look_at_theirs(&self) -> Vec<[i64; 3]> {
        let looks = THEIRS.map(|name| {
            let at = self.place.path().join(name);
            assert_eq!(fs::read(&at).expect("there"), b"theirs");
            let found = fs::symlink_metadata(at).expect("there");
            let inode = i64::try_from(found.ino()).expect("a number");
            [inode, found.mtime_nsec(), found.ctime_nsec()]
        });
        looks.to_vec()
    }

    /// Removes all but somebody else's files and their directories.
    fn clear(&self, directory: &Path) {
        for entry in fs::read_dir(directory).expect("readable") {
            let at = entry.expect("readable").path();
            let theirs = THEIRS.map(|name| self.place.path().join(name));
            if theirs.contains(&at) {
                continue;
            }
            if at.is_dir() {
                self.clear(&at);
                // Fails where one of theirs is.
                fs::remove_dir(&at).unwrap_or_default();
            } else {
                fs::remove_file(&at).expect("removes");
            }
        }
    }
}

/// Reads all files below a directory.
fn read(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let at = entry.expect("readable").path();
        if at.is_dir() {
            read(&at, files);
        } else {
            files.insert(at.clone(), fs::read(&at).expect("readable"));
        }
    }
}
