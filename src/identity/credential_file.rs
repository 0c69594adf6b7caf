//! Reads a file that holds a credential: small, a regular file, wiped from memory, and read anew at every exchange.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::settings::Setting;
use crate::domain::placeholder::Placeholder;
use crate::domain::unread;
use crate::encoding::typed;

/// Federated tokens take 1 to 3 KiB, a certificate with its chain and key up to about 20 KiB.
const SIZE_LIMIT: u64 = 64 * 1024;

/// The value that the file holds, as [`typed::text`] means it: neither a byte order mark nor the end of the line is sent.
/// Never blank.
pub(super) async fn read(file: &Setting<PathBuf>) -> Result<Zeroizing<String>, Unread> {
    let bytes = read_bytes(file).await?;
    let wrong = |what: &str| Unread::new(file, io::Error::new(io::ErrorKind::InvalidData, what));
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8 text"))?;
    let value = typed::text(text);
    if value.trim().is_empty() {
        return Err(wrong("the file is empty"));
    }
    if let Some(placeholder) = Placeholder::whole(value) {
        return Err(wrong(&placeholder.told_of(&"the file")));
    }
    Ok(Zeroizing::new(value.to_owned()))
}

/// The file as it is.
pub(super) async fn read_bytes(file: &Setting<PathBuf>) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let owned = file.value.clone();
    let read = tokio::task::spawn_blocking(move || read_blocking(&owned)).await;
    let bytes = read.unwrap_or_else(|_| Err(io::Error::other("the read was abandoned")));
    bytes.map_err(|source| Unread::new(file, source))
}

fn read_blocking(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Asked before opening: opening a named pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "over 64 KiB"));
    }
    Ok(bytes)
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) struct Unread {
    file: Setting<PathBuf>,
    source: io::Error,
}

impl Unread {
    fn new(file: &Setting<PathBuf>, source: io::Error) -> Self {
        let file = file.clone();
        Self { file, source }
    }

    pub(super) fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// As a refusal; `hint` says where the file should have come from.
    pub(super) fn refusal(self, hint: &str) -> Refusal {
        let Self { file, source } = self;
        let (path, setting) = (file.value.display(), file.name);
        let hint = unread::hint(source.kind(), hint);
        Refusal::misconfigured(format!("{path} ({setting}) cannot be read: {source}"), hint).caused_by(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_0600_of_another_user_is_a_matter_of_run_as_user_and_fs_group() {
        let file = Setting::new("/run/token", "AZURE_FEDERATED_TOKEN_FILE");
        let hint = |kind: io::ErrorKind| {
            Unread::new(&file, kind.into())
                .refusal("mount it")
                .failure
                .hint
                .at_the_end()
        };
        let denied = hint(io::ErrorKind::PermissionDenied);
        assert!(
            denied.contains("runAsUser") && denied.contains("fsGroup"),
            "{denied}"
        );
        assert_eq!(hint(io::ErrorKind::NotFound), "mount it");
    }
}
