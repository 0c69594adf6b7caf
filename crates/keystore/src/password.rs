//! The password of a key store: text, in the three encodings that the formats ask for.

use std::{fmt, str};

use encoding::SecretBytes;
use zeroize::Zeroizing;

/// A password that the formats can take: UTF-8 text without NUL.
pub struct StorePassword(Zeroizing<String>);

impl fmt::Debug for StorePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorePassword")
    }
}

/// Why a value cannot be the password of a key store. No variant holds a byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// It has no defined characters, and PKCS#12 and JKS encode characters.
    #[error("is not UTF-8 text")]
    NotText,
    /// C programs end a password there, and Java takes a single NUL for the absence of one.
    #[error("contains a NUL character")]
    Nul,
    /// Java checks the characters before it tries.
    #[error("has characters outside of printable ASCII, with which Java opens no PKCS#12 store")]
    NotForJava,
    /// A PEM key is encrypted because a password is asked for; an empty one is a mistake and protects nothing.
    #[error("is empty")]
    Empty,
}

impl StorePassword {
    /// The empty password.
    pub fn empty() -> Self {
        Self(Zeroizing::new(String::new()))
    }

    /// Takes a value that is text.
    pub fn parse(value: &SecretBytes) -> Result<Self, PasswordProblem> {
        let text = str::from_utf8(value.expose()).map_err(|_| PasswordProblem::NotText)?;
        if text.contains('\0') {
            return Err(PasswordProblem::Nul);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Whether there are no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether Java opens a PKCS#12 store with it: `com.sun.crypto.provider.PBEKey` takes U+0020 to U+007E only.
    pub fn is_for_java(&self) -> bool {
        self.0.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
    }

    /// As PBKDF2 takes it (RFC 8018, appendix B.1.1 leaves it open; OpenSSL and Java take UTF-8).
    pub(crate) fn utf8(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// UTF-16, big-endian, as JKS takes it.
    pub(crate) fn utf16(&self) -> Zeroizing<Vec<u8>> {
        // Room for the terminator too: growing would leave a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * self.0.len() + 2));
        bytes.extend(self.0.encode_utf16().flat_map(u16::to_be_bytes));
        bytes
    }

    /// As the derivation of PKCS#12 takes it (RFC 7292, appendix B.1): terminated, also when empty.
    ///
    /// A `BMPString` has no characters beyond U+FFFF. OpenSSL and Java both write their surrogates, and so does this.
    pub(crate) fn terminated_utf16(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = self.utf16();
        bytes.extend([0, 0]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &[u8]) -> Result<StorePassword, PasswordProblem> {
        StorePassword::parse(&SecretBytes::new(value.to_vec()))
    }

    #[test]
    fn a_password_is_text_without_nul() {
        assert!(parse(b"changeit").is_ok());
        assert_eq!(parse(&[0xff, 0xfe]).err(), Some(PasswordProblem::NotText));
        assert_eq!(parse(b"a\0b").err(), Some(PasswordProblem::Nul));
    }

    #[test]
    fn characters_outside_of_the_basic_plane_are_two_surrogates() {
        let password = parse("a\u{1f511}".as_bytes()).expect("text");
        assert_eq!(password.utf16().as_slice(), [0, b'a', 0xd8, 0x3d, 0xdd, 0x11]);
        assert_eq!(
            StorePassword::empty().terminated_utf16().as_slice(),
            [0, 0],
            "the empty password is terminated too"
        );
    }

    #[test]
    fn java_takes_printable_ascii() {
        assert!(parse(b"a ~").expect("text").is_for_java());
        for other in ["\u{e4}", "a\tb", "\u{7f}"] {
            assert!(!parse(other.as_bytes()).expect("text").is_for_java(), "{other:?}");
        }
    }
}
