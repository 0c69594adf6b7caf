//! The bytes of a file that a person named: not more than a limit, and without waiting for ever at a pipe.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a pipe may be without a writer, or a writer without an end.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// Up to `limit` bytes and one more, which says that the file is longer. A pipe that nobody writes to is an error after ten
/// seconds; the descriptors of a shell's `<(…)` are pipes too.
pub(crate) fn bytes(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.file_type().is_fifo() {
        return pipe(path.to_owned(), limit, PIPE_PATIENCE);
    }
    read(path, limit)
}

/// Opening a pipe waits in the kernel for a writer, so that only another thread can be waited for; it ends with the process.
fn pipe(path: PathBuf, limit: usize, patience: Duration) -> io::Result<Vec<u8>> {
    let (sender, answer) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        // Nobody waits any longer when this fails.
        drop(sender.send(read(&path, limit)));
    })?;
    answer.recv_timeout(patience).unwrap_or_else(|_| {
        let seconds = patience.as_secs();
        let message = format!("it is a pipe, and nobody wrote to it and closed it within {seconds} seconds");
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    })
}

fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    up_to(limit, File::open(path)?)
}

/// The same of what is open already.
pub(crate) fn up_to(limit: usize, source: impl Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_pipe() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest.yaml");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success());
        (folder, path)
    }

    #[test]
    fn a_pipe_without_a_writer_is_an_error_and_not_a_hang() {
        let (_folder, path) = named_pipe();
        let error = pipe(path, 100, Duration::from_millis(50)).expect_err("nobody writes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(
            error
                .to_string()
                .starts_with("it is a pipe, and nobody wrote to it"),
            "{error}"
        );
    }

    #[test]
    fn a_pipe_with_a_writer_is_read_to_its_end_or_limit() {
        let (_folder, path) = named_pipe();
        let written = path.clone();
        let writer = thread::spawn(move || fs::write(written, "kind: x"));
        assert_eq!(bytes(&path, 100).expect("read"), b"kind: x");
        assert!(writer.join().expect("no panic").is_ok());
    }
}
