//! Values that must never be seen: zeroed when dropped, and with no way to print them.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a secret value, or of a file rendered from one.
///
/// It has no `Display` and no `Serialize`, its `Debug` shows the length only, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes the bytes over; the caller keeps no copy.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for rendering and writing only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_the_length_and_nothing_else() {
        let secret = SecretBytes::from("marker".to_owned());
        assert_eq!(
            format!("{secret:?} {secret:#?}"),
            "SecretBytes(6 bytes) SecretBytes(6 bytes)"
        );
    }
}
