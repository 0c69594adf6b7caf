//! File modes and owners, as the manifest declares them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Permission bits of a file or directory, `0000` to `0777`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileMode(u32);

/// Why a text is not a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mode must be three octal digits, or four that start with 0, such as \"0440\"")]
pub struct ModeError;

impl FileMode {
    /// Takes `"440"` or `"0440"`. Set-user-ID, set-group-ID and sticky bits are refused: a secret needs none.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        let digits = match text.len() {
            3 => text,
            4 => text.strip_prefix('0').ok_or(ModeError)?,
            _ => return Err(ModeError),
        };
        if !digits.bytes().all(|b| matches!(b, b'0'..=b'7')) {
            return Err(ModeError);
        }
        u32::from_str_radix(digits, 8).map(Self).map_err(|_| ModeError)
    }

    /// From permission bits; the rest is dropped.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0o777)
    }

    /// The permission bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for FileMode {
    type Error = ModeError;
    fn try_from(text: String) -> Result<Self, ModeError> {
        Self::parse(&text)
    }
}

impl From<FileMode> for String {
    fn from(mode: FileMode) -> Self {
        mode.to_string()
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A user or a group: numeric, or a name that the volume resolves when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A numeric id.
    Id(u32),
    /// A name of the user or group database.
    Name(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_mode_is_an_error_and_never_0000() {
        for bad in [
            "", "0", "44", "0o440", "448", "1777", "4755", "rw-", "00440", "+440", " 440",
        ] {
            assert_eq!(FileMode::parse(bad), Err(ModeError), "{bad:?}");
        }
        assert_eq!(FileMode::parse("0440").map(FileMode::bits), Ok(0o440));
        assert_eq!(
            FileMode::parse("600").map(|m| m.to_string()),
            Ok("0600".to_owned())
        );
    }
}
