//! Says when files may have changed: by the kernel's word, or by looking every ten seconds where that cannot be had.
//!
//! What is watched are the directories. A watch on a file of a Kubernetes volume sees the first swap and then nothing for
//! ever, because the swap replaces the directory that the file is in. Whoever hears of a change reads the file and
//! compares: a directory has other files too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::domain::status::WatchMode;

/// A change is told when nothing happened for this long: an editor and a swap take several steps.
const QUIET: Duration = Duration::from_millis(250);

/// A change is told after this long, whatever else happens.
const LATEST: Duration = Duration::from_secs(2);

/// From one look to the next where the kernel does not tell.
const POLL: Duration = Duration::from_secs(10);

/// Watches files.
pub struct FileWatch {
    files: BTreeSet<PathBuf>,
    changed: Arc<Notify>,
    /// None where the kernel gives no watch: it allows 128 of them to a user by default.
    watcher: Option<RecommendedWatcher>,
}

impl FileWatch {
    /// Watches these files, which need not be there.
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut watch = Self {
            files: files.into_iter().collect(),
            changed: Arc::default(),
            watcher: None,
        };
        watch.rewatch();
        watch
    }

    /// Watches these from now on.
    pub fn watch(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let files: BTreeSet<_> = files.into_iter().collect();
        if files != self.files {
            self.files = files;
            self.rewatch();
        }
    }

    /// How changes are found.
    pub const fn mode(&self) -> WatchMode {
        if self.watcher.is_some() {
            WatchMode::Events
        } else {
            WatchMode::Polling
        }
    }

    /// Returns when something may have changed. May be dropped and called again.
    pub async fn changed(&mut self) {
        if self.watcher.is_none() {
            sleep(POLL).await;
            self.rewatch();
            return;
        }
        self.changed.notified().await;
        let latest = Instant::now() + LATEST;
        while Instant::now() < latest && timeout(QUIET, self.changed.notified()).await.is_ok() {}
        // A link may lead to another directory now, and a directory that was watched may be gone.
        self.rewatch();
    }

    /// Begins anew; without the kernel's help where it gives none.
    fn rewatch(&mut self) {
        self.watcher = self.kernel_watch().ok();
    }

    fn kernel_watch(&self) -> notify::Result<RecommendedWatcher> {
        let changed = Arc::clone(&self.changed);
        let mut watcher = notify::recommended_watcher(move |event| {
            if is_change(&event) {
                changed.notify_one();
            }
        })?;
        for directory in directories(&self.files) {
            watcher.watch(&directory, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    }
}

/// Whether an event may be a change of a file. Reading one is none; we do that ourselves. A watch that is lost may be one.
fn is_change(event: &notify::Result<Event>) -> bool {
    !matches!(event, Ok(event) if matches!(event.kind, EventKind::Access(_)))
}

/// The directories that files are in: as they are named, and as links lead to them.
fn directories(files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let named = files
        .iter()
        .filter_map(|file| file.parent().map(Path::to_path_buf));
    let real = files
        .iter()
        .filter_map(|file| Some(file.canonicalize().ok()?.parent()?.to_path_buf()));
    // Behind a link, the directory that has the link says when it leads elsewhere.
    let above_links = files.iter().flat_map(|file| {
        let links = file.ancestors().filter(|ancestor| ancestor.is_symlink());
        links.filter_map(|link| link.parent().map(Path::to_path_buf))
    });
    let all = named.chain(real).chain(above_links);
    // The parent of a bare name is the empty path.
    let directories = all.map(|directory| {
        if directory.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            directory
        }
    });
    directories.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// Longest wait for the kernel; reached only where the test fails.
    const PATIENCE: Duration = Duration::from_secs(20);

    async fn told(watch: &mut FileWatch) -> bool {
        timeout(PATIENCE, watch.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn a_file_that_is_written_renamed_and_truncated_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("manifest.yaml");
        fs::write(&file, "one").expect("writable");
        let mut watch = FileWatch::new([file.clone()]);
        assert_eq!(watch.mode(), WatchMode::Events);
        fs::write(&file, "two").expect("writable");
        assert!(told(&mut watch).await, "written");
        let next = folder.path().join("next");
        fs::write(&next, "three").expect("writable");
        fs::rename(&next, &file).expect("renamed");
        assert!(told(&mut watch).await, "renamed");
        fs::write(&file, "").expect("writable");
        assert!(told(&mut watch).await, "truncated");
    }

    #[tokio::test]
    async fn every_swap_of_a_config_map_is_told_and_not_the_first_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let swap = |name: &str| {
            let set = folder.path().join(name);
            fs::create_dir(&set).expect("made");
            fs::write(set.join("manifest.yaml"), name).expect("writable");
            symlink(name, folder.path().join("..data_tmp")).expect("linked");
            fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).expect("swapped");
        };
        swap("..one");
        let file = folder.path().join("manifest.yaml");
        symlink("..data/manifest.yaml", &file).expect("linked");
        let mut watch = FileWatch::new([file.clone()]);
        for name in ["..two", "..three", "..four"] {
            swap(name);
            assert!(told(&mut watch).await, "{name}");
            assert_eq!(fs::read_to_string(&file).expect("readable"), name);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_directory_that_is_not_there_is_looked_at_every_ten_seconds() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("below");
        let mut watch = FileWatch::new([below.join("manifest.yaml")]);
        assert_eq!(watch.mode(), WatchMode::Polling);
        let began = Instant::now();
        watch.changed().await;
        assert_eq!(began.elapsed(), POLL);
        fs::create_dir(&below).expect("made");
        watch.changed().await;
        assert_eq!(watch.mode(), WatchMode::Events, "the kernel tells from now on");
    }

    #[tokio::test]
    async fn a_link_to_a_directory_that_leads_elsewhere_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["one", "two"] {
            fs::create_dir(folder.path().join(name)).expect("made");
            fs::write(folder.path().join(name).join("manifest.yaml"), name).expect("writable");
        }
        symlink("one", folder.path().join("current")).expect("linked");
        let mut watch = FileWatch::new([folder.path().join("current/manifest.yaml")]);
        symlink("two", folder.path().join("next")).expect("linked");
        fs::rename(folder.path().join("next"), folder.path().join("current")).expect("swapped");
        assert!(told(&mut watch).await, "swapped");
        fs::write(folder.path().join("two/manifest.yaml"), "three").expect("writable");
        assert!(told(&mut watch).await, "written where it leads now");
    }

    #[tokio::test]
    async fn reading_is_no_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("manifest.yaml");
        fs::write(&file, "one").expect("writable");
        let mut watch = FileWatch::new([file.clone()]);
        let _ = fs::read_to_string(&file).expect("readable");
        // The next that is told is the write: the read came before it, and would have been told alone.
        assert!(timeout(QUIET * 2, watch.changed()).await.is_err());
        fs::write(&file, "two").expect("writable");
        assert!(told(&mut watch).await);
    }
}
