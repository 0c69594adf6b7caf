//! Generations: the directories that `..data` points at, one after another.
//!
//! Invariant: a directory is ours when its name has the pattern of a generation and it holds our state file, or is
//! empty (the crash came before the first file). Only what is ours is ever removed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;

use nix::errno::Errno;
use nix::unistd::Uid;
use time::OffsetDateTime;

use crate::ports::VolumeFailure;
use crate::volume::digest::fill_random;
use crate::volume::directory::{Directory, PRIVATE};
use crate::volume::failure::failed;
use crate::volume::stat::{Kind, Signature};
use crate::volume::state;

/// Names tried before a volume is given up on which every random name is taken.
const ATTEMPTS: usize = 8;

/// Name of a generation: `..2026_11_23_05_48_45.0123456789abcdef`, as a Kubernetes projected volume writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GenerationName(String);

impl GenerationName {
    /// Takes an entry of the root, or the target of `..data`; `None` when it is no such name.
    pub(super) fn parse(name: &OsStr) -> Option<Self> {
        let text = name.to_str()?;
        let (time, random) = text.strip_prefix("..")?.split_once('.')?;
        let is_time = time.len() == 19
            && time.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 | 10 | 13 | 16 => byte == b'_',
                _ => byte.is_ascii_digit(),
            });
        let is_random =
            (1..=32).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_time && is_random).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn random(now: OffsetDateTime) -> io::Result<Self> {
        let mut random = [0; 8];
        fill_random(&mut random)?;
        Ok(Self(format!(
            "..{:04}_{:02}_{:02}_{:02}_{:02}_{:02}.{:016x}",
            now.year().clamp(0, 9999),
            u8::from(now.month()),
            now.day(),
            now.hour(),
            now.minute(),
            now.second(),
            u64::from_be_bytes(random)
        )))
    }
}

impl fmt::Display for GenerationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes an empty generation that only this process can enter.
pub(super) fn make(
    root: &Directory,
    now: OffsetDateTime,
) -> Result<(GenerationName, Directory), VolumeFailure> {
    for _ in 0..ATTEMPTS {
        let name = GenerationName::random(now).map_err(|error| failed("create", root.path(), error))?;
        match root.make(name.as_str(), PRIVATE) {
            Ok(()) => {
                let dir = root.open_made(name.as_str())?;
                return Ok((name, dir));
            }
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(failed("create", root.path_of(name.as_str()), error)),
        }
    }
    Err(failed("create", root.path(), Errno::EEXIST))
}

/// Whether the directory holds our state file, of whatever content.
pub(super) fn is_ours(dir: &Directory) -> Result<bool, VolumeFailure> {
    let marker = dir.stat_of(state::FILE)?;
    Ok(marker.is_some_and(|found| found.kind == Kind::File && found.uid == Uid::effective().as_raw()))
}

/// Removes a generation if it is ours, and says whether it did.
pub(super) fn remove(root: &Directory, name: &GenerationName) -> Result<bool, VolumeFailure> {
    let Some(dir) = root.open(name.as_str())? else {
        return Ok(false);
    };
    if dir.entries()?.is_empty() {
        root.remove_directory(name.as_str())?;
        return Ok(true);
    }
    if !is_ours(&dir)? {
        return Ok(false);
    }
    remove_directories(&dir)?;
    // The state file goes last: were the removal cut short, what is left must still be known as ours.
    dir.make_writable()?;
    for entry in dir.entries()? {
        if entry != state::FILE {
            dir.remove(entry)?;
        }
    }
    dir.remove(state::FILE)?;
    root.remove_directory(name.as_str())?;
    Ok(true)
}

/// Removes all directories below `top`, and what is in them.
///
/// It goes down and up again with two open descriptors, however deep the tree is.
fn remove_directories(top: &Directory) -> Result<(), VolumeFailure> {
    let mut below: Option<Directory> = None;
    let mut above: Vec<(OsString, Signature)> = Vec::new();
    loop {
        let here = below.as_ref().unwrap_or(top);
        if let Some((name, child)) = first_directory(here)? {
            above.push((name, here.stat()?.signature));
            below = Some(child);
            continue;
        }
        let Some((name, parent)) = above.pop() else {
            return Ok(());
        };
        here.make_writable()?;
        for entry in here.entries()? {
            here.remove(entry)?;
        }
        let up = here.open_parent(&parent)?;
        up.make_writable()?;
        up.remove_directory(name)?;
        below = (!above.is_empty()).then_some(up);
    }
}

fn first_directory(dir: &Directory) -> Result<Option<(OsString, Directory)>, VolumeFailure> {
    for name in dir.entries()? {
        let found = dir.stat_of(&name)?;
        if found.is_some_and(|found| found.kind == Kind::Directory)
            && let Some(child) = dir.open(&name)?
        {
            return Ok(Some((name, child)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn parse(text: &str) -> Option<GenerationName> {
        GenerationName::parse(OsStr::new(text))
    }

    #[test]
    fn a_name_says_when_it_was_made_and_is_read_back() {
        let name = GenerationName::random(datetime!(2026-01-02 03:04:05 UTC)).expect("random");
        assert!(name.as_str().starts_with("..2026_01_02_03_04_05."), "{name}");
        assert_eq!(parse(name.as_str()), Some(name));
    }

    #[test]
    fn names_of_others_are_not_generations() {
        for other in [
            "",
            "..",
            "..data",
            "..data_tmp",
            "2026_01_02_03_04_05.1",
            "..2026_01_02_03_04_05",
            "..2026_01_02_03_04_05.",
            "..2026_01_02_03_04_05./etc",
            "..2026-01-02_03_04_05.1",
            "../2026_01_02_03_04_05.1",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
