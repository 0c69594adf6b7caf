//! Which parts of a certificate a file is made of, and in which form.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::password::PasswordSource;

/// Parts of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateContent {
    /// Leaf, then its intermediates, PEM.
    FullChain {
        /// Whether the root comes last, if the value holds it.
        root: bool,
    },
    /// Leaf, PEM.
    Leaf,
    /// Intermediates without the leaf, PEM.
    Chain {
        /// Whether the root comes last, if the value holds it.
        root: bool,
    },
    /// The certificate at the top of the chain, PEM: what a client has to trust.
    Ca,
    /// Private key, PEM.
    PrivateKey {
        /// Its structure.
        form: KeyForm,
        /// Encrypts it (PKCS#8 only).
        password: Option<PasswordSource>,
    },
    /// Private key and full chain in one PEM file.
    Bundle {
        /// Which comes first.
        order: BundleOrder,
        /// Structure of the key.
        form: KeyForm,
        /// Whether the root comes last in the chain, if the value holds it.
        root: bool,
    },
    /// Leaf, DER.
    Der,
    /// Private key, leaf and chain as PKCS#12 (RFC 7292).
    Pkcs12 {
        /// Its password; the empty one when absent.
        password: Option<PasswordSource>,
        /// Friendly name of the entry.
        alias: Alias,
        /// 3DES and SHA-1, for readers that know nothing newer.
        legacy: bool,
        /// Whether the root is in it, if the value holds it.
        root: bool,
    },
    /// Private key, leaf and chain as a Java key store (JKS).
    Jks {
        /// Password of store and key; the empty one when absent.
        password: Option<PasswordSource>,
        /// Alias of the entry.
        alias: Alias,
    },
    /// The certificate at the top of the chain, as a store of trusted certificates for Java.
    Truststore {
        /// Which sort of store.
        format: StoreFormat,
        /// Password of the store; the empty one when absent.
        password: Option<PasswordSource>,
        /// Alias of the entry.
        alias: Alias,
    },
}

impl CertificateContent {
    /// Where its password comes from, if it needs one.
    pub const fn password(&self) -> Option<&PasswordSource> {
        match self {
            Self::PrivateKey { password, .. }
            | Self::Pkcs12 { password, .. }
            | Self::Jks { password, .. }
            | Self::Truststore { password, .. } => password.as_ref(),
            Self::FullChain { .. }
            | Self::Leaf
            | Self::Chain { .. }
            | Self::Ca
            | Self::Bundle { .. }
            | Self::Der => None,
        }
    }
}

/// Structure of a private key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyForm {
    /// `PRIVATE KEY` (RFC 5208), any algorithm.
    #[default]
    Pkcs8,
    /// `RSA PRIVATE KEY` (RFC 8017), RSA only.
    Pkcs1,
    /// `EC PRIVATE KEY` (RFC 5915), EC only.
    Sec1,
}

/// Which comes first in a bundle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BundleOrder {
    /// Private key, leaf, intermediates.
    #[default]
    KeyFirst,
    /// Leaf, intermediates, private key.
    KeyLast,
}

/// Sorts of a store of trusted certificates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StoreFormat {
    /// PKCS#12, which Java has read since version 8.
    #[default]
    Pkcs12,
    /// Java key store.
    Jks,
}

/// Name of an entry of a key store: 1 to 128 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Alias(String);

/// Why a text is not an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an alias must have 1 to 128 characters, and no control characters")]
pub struct AliasError;

impl Alias {
    /// Takes a text that follows the rule of the type.
    pub fn parse(text: &str) -> Result<Self, AliasError> {
        let count = text.chars().take(129).count();
        if (1..=128).contains(&count) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AliasError)
        }
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Alias {
    type Error = AliasError;
    fn try_from(text: String) -> Result<Self, AliasError> {
        Self::parse(&text)
    }
}

impl From<Alias> for String {
    fn from(alias: Alias) -> Self {
        alias.0
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_a_short_line_of_text() {
        assert!(Alias::parse("web-tls ä").is_ok());
        for bad in ["", "a\nb", &"x".repeat(129)] {
            assert_eq!(Alias::parse(bad), Err(AliasError), "{bad:?}");
        }
    }
}
