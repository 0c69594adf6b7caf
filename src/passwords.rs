//! Reads passwords of key stores from files that somebody mounted.
//!
//! Invariant: no more than `LIMIT` bytes are ever read, and what is read is wiped.

use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;

use encoding::typed;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::domain::answers::PasswordFile;
use crate::domain::object::VersionId;
use crate::domain::secret::SecretBytes;
use crate::ports::PasswordFiles;

/// Longest password file, in bytes.
const LIMIT: usize = 4096;

/// Reads password files; tells by a digest under a key of this process whether a password changed.
pub struct PasswordFileReader {
    key: hmac::Key,
}

impl PasswordFileReader {
    /// Makes the key of the digests. Fails when the system gives no random bytes.
    pub fn new() -> io::Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(key.as_mut_slice())
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()),
        })
    }

    fn version(&self, password: &[u8]) -> VersionId {
        let tag = hmac::sign(&self.key, password);
        let start = tag.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
        let digits = format!("{:032x}", u128::from_be_bytes(*start));
        VersionId::parse(&digits).expect("16 bytes are 32 hexadecimal digits")
    }
}

impl PasswordFiles for PasswordFileReader {
    fn read(&self, path: &Path) -> io::Result<PasswordFile> {
        let file = named_file::regular(path)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
        file.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > LIMIT {
            return Err(io::Error::other(format!("it has more than {LIMIT} bytes")));
        }
        let password = typed::value(&bytes);
        Ok(PasswordFile {
            version: self.version(password),
            password: SecretBytes::new(password.to_vec()),
        })
    }
}

impl fmt::Debug for PasswordFileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordFileReader")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<PasswordFile> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        PasswordFileReader::new().expect("random").read(file.path())
    }

    #[test]
    fn a_byte_order_mark_and_one_line_end_are_not_part_of_the_password() {
        for (written, password) in [
            (&b"pass"[..], &b"pass"[..]),
            (b"pass\n", b"pass"),
            (b"pass\r\n", b"pass"),
            (b"\xef\xbb\xbfpass\n", b"pass"),
            (b"pass \n\n", b"pass \n"),
            (b"pass\r", b"pass\r"),
            (b"", b""),
        ] {
            assert_eq!(read(written).expect("readable").password.expose(), password);
        }
        assert!(read(&[b'x'; LIMIT]).is_ok());
        assert!(read(&[b'x'; LIMIT + 1]).is_err());
    }

    #[test]
    fn a_version_tells_passwords_apart_and_no_two_processes_agree_on_one() {
        let [one, other] = [(); 2].map(|()| PasswordFileReader::new().expect("random"));
        assert_eq!(one.version(b"a"), one.version(b"a"));
        assert_ne!(one.version(b"a"), one.version(b"b"));
        assert_ne!(one.version(b"a"), other.version(b"a"));
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = PasswordFileReader::new().expect("random");
        assert!(reader.read(folder.path()).is_err());
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        assert!(reader.read(&pipe).is_err());
    }
}
