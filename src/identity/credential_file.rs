//! Reads a file that holds a credential: small, a regular file, wiped from memory, and read anew at every exchange.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use encoding::typed;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::settings::Setting;
use crate::domain::placeholder::Placeholder;
use crate::domain::unread;

/// Federated tokens take 1 to 3 KiB, a certificate with its chain and key up to about 20 KiB.
const SIZE_LIMIT: u64 = 64 * 1024;

/// The value that the file holds, as [`typed::text`] means it: neither a byte order mark nor the end of the line is sent.
/// Never blank.
pub(super) async fn read(file: &Setting<PathBuf>) -> Result<Zeroizing<String>, Unread> {
    let bytes = read_bytes(file).await?;
    let wrong = |what: &str, hint| Unread {
        hint: Some(hint),
        ..Unread::new(file, io::Error::new(io::ErrorKind::InvalidData, what))
    };
    if typed::is_utf16(&bytes) {
        return Err(wrong("text in UTF-16", UTF16_HINT));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8 text", NO_TEXT_HINT))?;
    let value = typed::text(text);
    if value.trim().is_empty() {
        return Err(wrong("the file is empty", EMPTY_HINT));
    }
    if let Some(placeholder) = Placeholder::whole(value) {
        return Err(wrong(&placeholder.told_of(&"the file"), placeholder.hint()));
    }
    Ok(Zeroizing::new(value.to_owned()))
}

const UTF16_HINT: &str = "save the file as UTF-8: PowerShell's `>` writes UTF-16";
const NO_TEXT_HINT: &str = "write the value alone into the file, as UTF-8 text";
pub(super) const EMPTY_HINT: &str = "write the value into the file, and look at what was to fill it";

/// The file as it is.
pub(super) async fn read_bytes(file: &Setting<PathBuf>) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let owned = file.value.clone();
    let read = tokio::task::spawn_blocking(move || read_blocking(&owned)).await;
    let bytes = read.unwrap_or_else(|_| Err(io::Error::other("the read was abandoned")));
    bytes.map_err(|source| Unread::new(file, source))
}

fn read_blocking(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = named_file::regular(path)?;
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
    /// What to do about what the file holds.
    hint: Option<&'static str>,
}

impl Unread {
    fn new(file: &Setting<PathBuf>, source: io::Error) -> Self {
        let file = file.clone();
        Self {
            file,
            source,
            hint: None,
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// As a refusal; `otherwise` says where the file should have come from.
    pub(super) fn refusal(self, otherwise: &str) -> Refusal {
        let Self { file, source, hint } = self;
        let (path, setting) = (file.value.display(), file.name);
        let hint = hint.unwrap_or_else(|| unread::hint(source.kind(), otherwise));
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

    #[tokio::test]
    async fn a_file_that_is_there_and_holds_no_value_is_not_to_be_mounted() {
        let place = tempfile::NamedTempFile::new().expect("a file");
        let file = Setting::new(place.path(), "identity.clientSecretFile");
        let utf16: Vec<_> = "\u{feff}marker\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, told, hint) in [
            (utf16.as_slice(), "text in UTF-16", "save the file as UTF-8"),
            (&utf16[2..], "text in UTF-16", "PowerShell's `>`"),
            (b"", "the file is empty", "write the value into the file"),
            (b"\n", "the file is empty", "write the value into the file"),
            (b"marker\xff", "not UTF-8 text", "as UTF-8 text"),
            (b"${SECRET}", "`${…}`", "envsubst"),
        ] {
            std::fs::write(place.path(), bytes).expect("written");
            let failure = read(&file).await.expect_err(told).refusal("mount it").failure;
            let text = format!("{} {}", failure.detail, failure.hint.action());
            assert!(text.contains(told) && text.contains(hint), "{text}");
            assert!(!text.contains("mount") && !text.contains("marker"), "{text}");
        }
    }
}
