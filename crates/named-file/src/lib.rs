//! The bytes of a file that a person named: not more than a limit, and without waiting for ever at a pipe.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long a pipe may be without a writer, or a writer without an end.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// Up to `limit` bytes and one more, which says that the file is longer. A pipe that nobody writes to is an error after ten
/// seconds; the descriptors of a shell's `<(…)` are pipes too.
pub fn bytes(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() {
        return pipe(file, limit, PIPE_PATIENCE);
    }
    if kind.is_char_device() {
        // A terminal is waited for: a person types.
        fcntl(&file, FcntlArg::F_SETFL(OFlag::empty()))?;
    }
    up_to(limit, file)
}

/// The same of what is read again and again for as long as the program runs. So it must be a file: a pipe gives its bytes
/// once, and whoever waits at one holds a thread.
pub fn bytes_of_regular(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    up_to(limit, regular(path)?)
}

/// That file, open.
pub fn regular(path: &Path) -> io::Result<File> {
    // Before it is opened: a writer that waits at a pipe would write to nobody.
    if fs::metadata(path)?.is_file() {
        let file = open(path)?;
        if file.metadata()?.is_file() {
            return Ok(file);
        }
    }
    let message = "it is a directory, a pipe or a device, and not a regular file";
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

/// Asked of what is open, and not of the path before, which may lead elsewhere a moment later. Without the flag, opening a pipe
/// waits in the kernel for a writer.
fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

/// Until its writers closed it. Until there is one, reading would look like the end.
fn pipe(mut pipe: File, limit: usize, patience: Duration) -> io::Result<Vec<u8>> {
    let latest = Instant::now() + patience;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() <= limit {
        let left = latest.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let seconds = patience.as_secs();
            let message =
                format!("it is a pipe, and nobody wrote to it and closed it within {seconds} seconds");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let waited = poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], timeout);
        let read = match waited {
            Ok(0) => continue,
            Ok(_) => pipe.read(&mut chunk),
            Err(error) => Err(error.into()),
        };
        match read {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(limit.saturating_add(1));
    Ok(bytes)
}

/// The same of what is open already.
pub fn up_to(limit: usize, source: impl Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::thread;

    use super::*;

    fn named_pipe() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest.yaml");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        (folder, path)
    }

    /// Opening a pipe to write fails at once where nobody has it open to read.
    fn has_reader(path: &Path) -> bool {
        let writer = File::options()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path);
        writer.is_ok()
    }

    #[test]
    fn a_pipe_without_a_writer_is_an_error_and_nobody_waits_at_it_any_longer() {
        let (_folder, path) = named_pipe();
        let opened = open(&path).expect("opened without a writer");
        let error = pipe(opened, 100, Duration::from_millis(50)).expect_err("nobody writes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(
            error
                .to_string()
                .starts_with("it is a pipe, and nobody wrote to it"),
            "{error}"
        );
        assert!(!has_reader(&path), "no thread is left that waits");
        let _another = open(&path).expect("opened again");
        assert!(has_reader(&path), "a reader would be seen");
    }

    #[test]
    fn a_pipe_with_a_writer_is_read_to_its_end_or_limit() {
        let (_folder, path) = named_pipe();
        for (limit, read) in [(100, &b"kind: x"[..]), (3, b"kind")] {
            let written = path.clone();
            let writer = thread::spawn(move || fs::write(written, "kind: x"));
            assert_eq!(bytes(&path, limit).expect("read"), read);
            assert!(writer.join().expect("no panic").is_ok());
        }
    }

    #[test]
    fn a_pipe_whose_writer_is_slow_or_gone_already_is_read_to_its_end() {
        let (_folder, path) = named_pipe();
        let opened = open(&path).expect("opened");
        let mut writer = File::options().write(true).open(&path).expect("opened");
        let slow = thread::spawn(move || pipe(opened, 1 << 20, PIPE_PATIENCE));
        for _ in 0..100 {
            io::Write::write_all(&mut writer, &[b'x'; 1000]).expect("written");
        }
        drop(writer);
        assert_eq!(slow.join().expect("no panic").expect("read").len(), 100_000);
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(writer);
        let descriptor = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert_eq!(bytes(Path::new(&descriptor), 100).expect("read"), b"");
    }

    #[test]
    fn what_is_read_again_and_again_is_a_file_and_a_pipe_is_refused_at_once() {
        let (folder, path) = named_pipe();
        let error = bytes_of_regular(&path, 100).expect_err("a pipe");
        assert!(error.to_string().contains("not a regular file"), "{error}");
        assert!(bytes_of_regular(folder.path(), 100).is_err());
        assert!(bytes_of_regular(Path::new("/dev/null"), 100).is_err());
        let file = folder.path().join("file");
        fs::write(&file, "text").expect("written");
        assert_eq!(bytes_of_regular(&file, 3).expect("read"), b"text");
    }
}
