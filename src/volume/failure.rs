//! Turns what the system said into a [`VolumeFailure`] with a way out.

use std::error::Error;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::{Gid, Uid};

use super::stat::{Kind, Stat};
use crate::domain::hint::Hint;
use crate::ports::{VolumeFailure, VolumeFailureKind};

/// A system call failed: what was tried, on what, and what the system said.
pub(super) fn failed(
    action: &'static str,
    path: impl AsRef<Path>,
    source: impl Into<io::Error>,
) -> VolumeFailure {
    let source = source.into();
    let hint = hint(&source);
    failed_with_hint(action, path, source, hint)
}

/// As [`failed`], where the caller knows better what to do next.
pub(super) fn failed_with_hint(
    action: &'static str,
    path: impl AsRef<Path>,
    source: impl Into<io::Error>,
    hint: impl Into<Hint>,
) -> VolumeFailure {
    let source = source.into();
    VolumeFailure::new(kind(&source), action, text(path), hint, source)
}

/// No system call failed, but what was found is somebody else's, and not what the volume may work on.
pub(super) fn refused(
    action: &'static str,
    path: impl AsRef<Path>,
    found: impl Into<String>,
    hint: impl Into<Hint>,
) -> VolumeFailure {
    let found = io::Error::other(found.into());
    VolumeFailure::new(VolumeFailureKind::Foreign, action, text(path), hint, found)
}

/// What is published there is not of this user's akv-sync. `found` is its state file, if there is one.
pub(super) fn published_by_another(
    action: &'static str,
    path: impl AsRef<Path>,
    found: Option<&Stat>,
) -> VolumeFailure {
    let own = Uid::effective().as_raw();
    match found.filter(|found| found.kind == Kind::File && found.uid != own) {
        Some(Stat { uid, .. }) => refused(
            action,
            path,
            format!("published by user {uid}, and akv-sync runs as user {own}"),
            format!("run akv-sync as user {uid} (`runAsUser`), or empty the volume"),
        ),
        None => refused(
            action,
            path,
            "it has no state file of akv-sync",
            "another program published the files there: give akv-sync a volume of its own, or empty this one",
        ),
    }
}

/// No system call failed, but the volume cannot be what is asked of it.
pub(super) fn unusable(
    action: &'static str,
    path: impl AsRef<Path>,
    found: impl Into<String>,
    hint: impl Into<Hint>,
) -> VolumeFailure {
    failed_with_hint(action, path, io::Error::other(found.into()), hint)
}

/// With the declared owner and mode, the process would lock itself out.
pub(super) fn no_way_back(path: impl AsRef<Path>) -> VolumeFailure {
    unusable(
        "read back",
        path,
        "with the declared owner and mode, akv-sync could not read or replace it any more",
        "let the mode give its owner read access (directories: read and search), and share files with another \
         user through `group` instead of `owner`",
    )
}

/// What was looked at changed meanwhile, because another akv-sync publishes there.
pub(super) fn restless(path: impl AsRef<Path>) -> VolumeFailure {
    VolumeFailure::new(
        VolumeFailureKind::InUse,
        "read",
        text(path),
        "another akv-sync publishes there just now; try again",
        "it changed while it was read",
    )
}

/// The number that the system gave with a failure, if it gave one.
pub(super) fn error_number(failure: &VolumeFailure) -> Option<Errno> {
    let source = failure.source()?.downcast_ref::<io::Error>()?;
    source.raw_os_error().map(Errno::from_raw)
}

/// Whether this process had not the rights.
pub(super) fn is_denied(failure: &VolumeFailure) -> bool {
    matches!(error_number(failure), Some(Errno::EACCES | Errno::EPERM))
}

/// Whether a failure is about one name and what stands there, and not about the volume.
pub(super) fn is_about_one_name(failure: &VolumeFailure) -> bool {
    matches!(
        error_number(failure),
        Some(
            Errno::EACCES
                | Errno::EPERM
                | Errno::EXDEV
                | Errno::EBUSY
                | Errno::EISDIR
                | Errno::ENOTDIR
                | Errno::ENOTEMPTY
                | Errno::EEXIST
                | Errno::ENOENT
        )
    )
}

/// A path, as messages show it.
pub(super) fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

fn kind(error: &io::Error) -> VolumeFailureKind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG) => VolumeFailureKind::Full,
        Some(Errno::EROFS) => VolumeFailureKind::ReadOnly,
        Some(Errno::EACCES | Errno::EPERM) => VolumeFailureKind::Denied,
        Some(Errno::ENOTDIR | Errno::ELOOP) => VolumeFailureKind::Foreign,
        _ => VolumeFailureKind::Other,
    }
}

/// What a person does next about an error number.
fn hint(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC | Errno::EDQUOT) => {
            "make the volume larger (`sizeLimit` of an emptyDir): while a set is replaced, the old and the new one \
             need room side by side"
                .to_owned()
        }
        Some(Errno::EFBIG) => too_large(getrlimit(Resource::RLIMIT_FSIZE).map_or(RLIM_INFINITY, |(soft, _)| soft)),
        Some(Errno::EROFS) => {
            "mount the volume writable for akv-sync (no `readOnly: true` on its own volumeMount)".to_owned()
        }
        Some(Errno::EACCES | Errno::EPERM) => format!(
            "the process runs as user {} and group {}: let that user read and write there (`runAsUser`, `fsGroup`)",
            Uid::effective(),
            Gid::effective()
        ),
        Some(Errno::ENOTDIR | Errno::ELOOP) => {
            "something else than a directory stands there; remove it or choose another path".to_owned()
        }
        Some(Errno::ENOENT) => {
            "it disappeared while it was in use; if the volume was unmounted or emptied, start akv-sync again"
                .to_owned()
        }
        Some(Errno::EMFILE | Errno::ENFILE) => "raise the limit of open files".to_owned(),
        Some(Errno::EOPNOTSUPP | Errno::ENOSYS) => {
            "the file system cannot do this; use an emptyDir or another local file system".to_owned()
        }
        Some(Errno::EIO | Errno::ESTALE) => "check the disk or the server that holds the volume".to_owned(),
        _ => "check the mount of the volume".to_owned(),
    }
}

fn too_large(limit: u64) -> String {
    if limit == RLIM_INFINITY {
        return "the file system takes no file of that size; use another for the volume".to_owned();
    }
    format!(
        "this process may write files of {limit} bytes: raise that limit (`ulimit -f`, `LimitFSIZE=` of systemd)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_names_the_limit_if_there_is_one() {
        let failure = failed("write", "/mnt/akv/a", Errno::EFBIG);
        assert_eq!(failure.kind(), VolumeFailureKind::Full);
        assert!(
            too_large(2_000).contains("files of 2000 bytes"),
            "{}",
            too_large(2_000)
        );
        assert!(too_large(RLIM_INFINITY).contains("file system"));
    }

    #[test]
    fn a_full_volume_points_at_its_size() {
        let failure = failed("write", "/mnt/akv/a", Errno::ENOSPC);
        assert!(
            failure.hint().action().contains("sizeLimit"),
            "{}",
            failure.hint()
        );
        assert_eq!(failure.to_string(), "write /mnt/akv/a failed");
        assert_eq!(failure.kind(), VolumeFailureKind::Full);
    }

    #[test]
    fn every_error_number_gets_a_hint() {
        for number in 1..134 {
            let failure = failed("write", "a", io::Error::from_raw_os_error(number));
            assert!(!failure.hint().action().is_empty(), "{number}");
            assert!(
                !failure.hint().action().ends_with('.'),
                "{number}: {}",
                failure.hint()
            );
        }
    }
}
