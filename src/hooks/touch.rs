//! Writes the time to a file, for programs that look at its time or content.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::libc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure;
use crate::domain::hook::HookFailure;

/// Programs of other users look at it.
const MODE: u32 = 0o644;

/// Writes `now` to the file, which is made if it is not there. A link is not followed: who may put one there could have any
/// file of ours overwritten.
pub(super) fn write(path: &Path, now: OffsetDateTime) -> Result<(), HookFailure> {
    let now = now.format(&Rfc3339).expect("a year of four digits");
    let written = open(path).and_then(|file| put(file, &format!("{now}\n")));
    written.map_err(|error| refused(path, &error))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // A pipe without a reader is an error and not a wait.
    options
        .write(true)
        .mode(MODE)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            // Whatever the umask is.
            file.set_permissions(Permissions::from_mode(MODE))?;
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path),
        Err(error) => Err(error),
    }
}

/// In this order, a reader never finds the file empty.
fn put(mut file: File, line: &str) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::from_raw_os_error(libc::ENXIO));
    }
    file.write_all(line.as_bytes())?;
    file.set_len(u64::try_from(line.len()).unwrap_or(u64::MAX))
}

fn refused(path: &Path, error: &io::Error) -> HookFailure {
    let shown = path.display();
    let (seen, hint) = match (error.kind(), error.raw_os_error()) {
        (ErrorKind::NotFound | ErrorKind::NotADirectory, _) => (
            "its directory is not there".to_owned(),
            "mount a volume there in both containers, or correct `path` of the hook",
        ),
        (ErrorKind::PermissionDenied, _) => (
            "akv-sync may not write there".to_owned(),
            "let the directory be of the user that akv-sync runs as (`runAsUser`), or of a group of it (`fsGroup`)",
        ),
        (ErrorKind::ReadOnlyFilesystem, _) => (
            "the file system is mounted read-only".to_owned(),
            "mount a volume there without `readOnly: true`; an `emptyDir` will do",
        ),
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => (
            "the volume is full".to_owned(),
            "make room on it, or raise its size",
        ),
        (_, Some(libc::ELOOP)) => (
            "it is a symbolic link, which is not followed".to_owned(),
            "name the file itself in `path` of the hook",
        ),
        (_, Some(libc::EISDIR | libc::ENXIO)) => {
            ("it is not a file".to_owned(), "name a file in `path` of the hook")
        }
        _ => (error.to_string(), "check `path` of the hook"),
    };
    failure(format!("{shown} cannot be written: {seen}"), hint)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    #[test]
    fn the_file_is_made_for_all_to_read_and_then_written_again_in_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("changed");
        write(&path, NOON + time::Duration::nanoseconds(123_456_789)).expect("written");
        assert_eq!(
            fs::read(&path).expect("read"),
            b"2026-11-30T12:00:00.123456789Z\n"
        );
        let first = fs::metadata(&path).expect("there");
        assert_eq!(first.mode() & 0o7777, MODE);
        File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
            .expect("set");
        write(&path, NOON).expect("written");
        let second = fs::metadata(&path).expect("there");
        assert_eq!(fs::read(&path).expect("read"), b"2026-11-30T12:00:00Z\n");
        assert_eq!(second.ino(), first.ino(), "who watches the file sees it");
        assert!(second.mtime() > 0, "its time is new");
    }

    #[test]
    fn what_stands_in_the_way_of_the_file_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("other"), "precious").expect("written");
        symlink("other", at("link")).expect("a link");
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        for (path, said, advice) in [
            (at("missing/changed"), "its directory is not there", "mount"),
            (at("other/changed"), "its directory is not there", "mount"),
            (at("link"), "it is a symbolic link", "the file itself"),
            (at("pipe"), "it is not a file", "name a file"),
            (at(""), "it is not a file", "name a file"),
        ] {
            let failure = write(&path, NOON).expect_err("refused");
            assert!(failure.error.contains(said), "{failure:?}");
            assert!(failure.hint.contains(advice), "{failure:?}");
        }
        assert_eq!(fs::read(at("other")).expect("read"), b"precious");
    }

    #[test]
    fn who_may_not_write_there_is_told_by_the_field_of_the_pod() {
        for (number, said, advice) in [
            (libc::EACCES, "may not write", "runAsUser"),
            (libc::EROFS, "read-only", "readOnly"),
            (libc::ENOSPC, "full", "make room"),
        ] {
            let failure = refused(Path::new("/m/changed"), &io::Error::from_raw_os_error(number));
            assert!(
                failure.error.contains(said) && failure.hint.contains(advice),
                "{failure:?}"
            );
        }
    }
}
