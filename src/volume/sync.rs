//! Makes what was written outlive a power cut, for about the price of one file however many there are.
//!
//! A layout writes all of its files first and waits for none; the system is only asked to begin ([`begin`]). Then every file
//! and every directory gets an fsync(2) of its own ([`all`]), several at a time: the first makes the file system commit its
//! journal, which takes the others along, and the disk serves those that wait side by side with one flush. Why it is not
//! one syncfs(2): `docs/adr/0015-written-then-synced-then-swapped.md`.

use std::fs::File;
use std::panic::resume_unwind;
use std::thread::{self, Builder};

use nix::errno::Errno;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::unistd;

use super::directory::Directory;
use super::failure::failed;
use super::tree::{self, Tree};
use crate::ports::VolumeFailure;

/// How many are synced side by side. Measured: 4 take twice as long, 32 are little faster.
const LANES: usize = 16;

/// Of the thread of a lane. It opens and syncs, and holds nothing.
const STACK: usize = 128 << 10;

/// Has the bytes of a file begin their way to the disk. That is a hint: without it, each sync would have to find room on the
/// disk first, and with that a journal entry to commit of its own.
pub(super) fn begin(file: &File) {
    // A system that cannot do it only takes longer.
    let _ = posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

/// Syncs files and directories below `top`, all named relative to it; `""` is `top`. A directory that is not there, or cannot
/// be entered, needs none: nothing was changed in it.
pub(super) fn all<'n>(
    top: &Directory,
    files: impl IntoIterator<Item = &'n str>,
    directories: impl IntoIterator<Item = &'n str>,
) -> Result<(), VolumeFailure> {
    let files = files.into_iter().map(Item::File);
    let items: Vec<_> = files
        .chain(directories.into_iter().map(Item::Directory))
        .collect();
    let mut lanes = items.chunks(items.len().div_ceil(LANES).max(1));
    let own = lanes.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = lanes
            .map(|lane| {
                let builder = Builder::new().name("sync".to_owned()).stack_size(STACK);
                (lane, builder.spawn_scoped(scope, move || each(top, lane)))
            })
            .collect();
        let own = each(top, own);
        let others = others.into_iter().map(|(lane, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No further thread is to be had: it is done here.
            Err(_) => each(top, lane),
        });
        others.fold(own, Result::and)
    })
}

/// Something to be synced, relative to the top.
#[derive(Debug, Clone, Copy)]
enum Item<'n> {
    File(&'n str),
    Directory(&'n str),
}

fn each(top: &Directory, items: &[Item<'_>]) -> Result<(), VolumeFailure> {
    let mut tree = Tree::new(top);
    for item in items {
        match *item {
            Item::File(path) => file(&mut tree, path)
                .and_then(|file| file.ok_or_else(|| failed("flush", top.path_of(path), Errno::ENOENT)))
                .and_then(|file| {
                    unistd::fsync(&file).map_err(|error| failed("flush", top.path_of(path), error))
                })?,
            Item::Directory(path) => {
                if let Some(directory) = tree.open(path)? {
                    directory.flush()?;
                }
            }
        }
    }
    Ok(())
}

fn file(tree: &mut Tree<'_>, path: &str) -> Result<Option<File>, VolumeFailure> {
    let (above, name) = tree::split_name(path);
    match tree.open(above)? {
        Some(directory) => directory.open_file(name),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use nix::fcntl;
    use nix::sys::stat::Mode;
    use tempfile::TempDir;

    use super::*;
    use crate::volume::directory::DIRECTORY;

    fn open(path: &Path) -> Directory {
        let fd = fcntl::open(path, DIRECTORY, Mode::empty()).expect("opens");
        Directory::new(fd, path.to_owned())
    }

    #[test]
    fn more_files_than_lanes_are_synced_and_one_that_is_missing_is_named() {
        let place = TempDir::new().expect("temporary directory");
        fs::create_dir(place.path().join("d")).expect("directory");
        let names: Vec<_> = (0..=3 * LANES).map(|number| format!("d/{number}")).collect();
        for name in &names {
            fs::write(place.path().join(name), name).expect("writes");
        }
        let top = open(place.path());
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        all(&top, names.iter().copied(), ["", "d", "not/there"]).expect("syncs");
        for missing in [names[0], names[LANES], names[3 * LANES]] {
            fs::remove_file(place.path().join(missing)).expect("removes");
            let failure = all(&top, names.iter().copied(), []).expect_err("one is missing");
            let path = place.path().join(missing);
            assert_eq!(failure.to_string(), format!("flush {} failed", path.display()));
            fs::write(&path, "again").expect("writes");
        }
    }
}
