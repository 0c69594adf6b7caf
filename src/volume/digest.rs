//! Keyed digests: the state file can tell whether bytes changed, and not what they are.
//!
//! A plain digest of a short password can be found by trying passwords. The key is random, made once for each
//! volume, and readable only by whoever may read the state file.

use std::fmt;
use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Most bytes of a file that are read at a time.
const CHUNK: usize = 16 * 1024;

/// Fewest, lest a file that is longer than expected be read byte by byte.
const LEAST: usize = 512;

/// The key of a volume's digests.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct DigestKey([u8; 32]);

/// HMAC-SHA-256 (RFC 2104) of a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Digest([u8; 32]);

/// A text that is not 32 bytes in base64.
#[derive(Debug, thiserror::Error)]
#[error("not 32 bytes in base64")]
pub(super) struct NotADigest;

impl DigestKey {
    /// Makes a random key.
    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        fill_random(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The digest of bytes in memory.
    pub(super) fn digest(&self, bytes: &[u8]) -> Digest {
        let mut context = self.context();
        context.update(bytes);
        Digest::from(&context.sign())
    }

    /// The digest and the number of all bytes that `source` gives; `sink` sees each chunk.
    ///
    /// `length` is how many are expected. Others may come; but what is read has to be wiped, and most files are short.
    pub(super) fn digest_stream(
        &self,
        length: u64,
        mut source: impl Read,
        mut sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<(Digest, u64)> {
        let mut context = self.context();
        let size = usize::try_from(length).unwrap_or(CHUNK).clamp(LEAST, CHUNK);
        let mut chunk = Zeroizing::new(vec![0; size]);
        let mut length = 0;
        loop {
            let count = match source.read(chunk.as_mut_slice()) {
                Ok(0) => return Ok((Digest::from(&context.sign()), length)),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            context.update(&chunk[..count]);
            sink(&chunk[..count])?;
            length += count as u64;
        }
    }

    fn context(&self) -> hmac::Context {
        hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0))
    }
}

/// Fills `bytes` with chance from the system.
pub(super) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| io::Error::other("the system gives no random bytes"))
}

fn decode(text: &str) -> Result<[u8; 32], NotADigest> {
    let bytes = STANDARD.decode(text).map_err(|_| NotADigest)?;
    bytes.try_into().map_err(|_| NotADigest)
}

impl From<&hmac::Tag> for Digest {
    fn from(tag: &hmac::Tag) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Self(bytes)
    }
}

impl TryFrom<String> for DigestKey {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        decode(&text).map(Self)
    }
}

impl From<DigestKey> for String {
    fn from(key: DigestKey) -> Self {
        STANDARD.encode(key.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        decode(&text).map(Self)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        STANDARD.encode(digest.0)
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_hmac_sha_256() {
        // RFC 4231, test case 1, with the key padded to 32 bytes as HMAC itself pads it.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = [
            0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1,
            0x2b, //
            0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7,
        ];
        assert_eq!(DigestKey(key).digest(b"Hi There").0, expected);
    }

    #[test]
    fn a_stream_and_its_bytes_have_one_digest() {
        let key = DigestKey::random().expect("random");
        let bytes = vec![7; CHUNK * 2 + 3];
        for expected in [0, 1, CHUNK as u64, bytes.len() as u64, u64::MAX] {
            let mut seen = Vec::new();
            let (digest, length) = key
                .digest_stream(expected, bytes.as_slice(), |chunk| {
                    seen.extend_from_slice(chunk);
                    Ok(())
                })
                .expect("reads");
            assert_eq!(digest, key.digest(&bytes));
            assert_eq!(length, bytes.len() as u64);
            assert_eq!(seen, bytes);
        }
    }

    #[test]
    fn two_volumes_digest_the_same_bytes_differently() {
        let one = DigestKey::random().expect("random");
        let other = DigestKey::random().expect("random");
        assert_ne!(one.digest(b"same"), other.digest(b"same"));
    }
}
