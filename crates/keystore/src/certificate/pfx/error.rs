//! Why a PFX could not be opened, and the names of the algorithms that one may use.

use der::asn1::ObjectIdentifier;

/// Why a PFX could not be opened. No variant holds a byte of it; algorithms are named by their object identifiers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PfxError {
    /// Not the structure that RFC 7292 describes.
    #[error("the PFX is damaged: {part} cannot be read")]
    Malformed {
        /// Which part of it.
        part: &'static str,
    },
    /// Nested deeper than any exporter writes.
    #[error("the PFX is nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// Its key derivation would take too long.
    #[error("the PFX asks for more than {limit} rounds of key derivation")]
    TooMuchWork {
        /// The most that is done for one value.
        limit: u64,
    },
    /// The MAC fits neither form of the empty password.
    #[error("the PFX is protected by a password that is not empty, or it was altered: its MAC does not fit")]
    Password,
    /// The password fits, or there was no MAC, and a part does not decrypt.
    #[error(
        "the PFX is protected by a password that is not empty, or it is damaged: {part} does not decrypt"
    )]
    Undecryptable {
        /// Which part of it.
        part: &'static str,
    },
    /// An algorithm or mode that this program does not read.
    #[error("the PFX uses {found} for {part}; supported are {supported}")]
    Unsupported {
        /// What for.
        part: &'static str,
        /// What was found: its name, if known, and its object identifier.
        found: String,
        /// What would have been read.
        supported: &'static str,
    },
}

/// An algorithm's name and object identifier, for messages.
pub(super) fn name_of(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    match NAMES.iter().find(|(known, _)| *known == dotted) {
        Some((_, name)) => format!("{name} ({dotted})"),
        None => format!("the unknown algorithm {dotted}"),
    }
}

/// Names of RFC 7292, RFC 8018 and the NIST algorithm register.
const NAMES: [(&str, &str); 24] = [
    ("1.2.840.113549.1.12.1.1", "pbeWithSHAAnd128BitRC4"),
    ("1.2.840.113549.1.12.1.2", "pbeWithSHAAnd40BitRC4"),
    ("1.2.840.113549.1.5.1", "pbeWithMD2AndDES-CBC"),
    ("1.2.840.113549.1.5.3", "pbeWithMD5AndDES-CBC"),
    ("1.2.840.113549.1.5.4", "pbeWithMD2AndRC2-CBC"),
    ("1.2.840.113549.1.5.6", "pbeWithMD5AndRC2-CBC"),
    ("1.2.840.113549.1.5.10", "pbeWithSHA1AndDES-CBC"),
    ("1.2.840.113549.1.5.11", "pbeWithSHA1AndRC2-CBC"),
    ("1.2.840.113549.1.5.12", "PBKDF2"),
    ("1.2.840.113549.1.5.14", "PBMAC1"),
    ("1.3.6.1.4.1.11591.4.11", "scrypt"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.3.14.3.2.7", "DES-CBC"),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ("1.2.392.200011.61.1.1.1.4", "CAMELLIA-256-CBC"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.2.840.113549.2.2", "MD2"),
    ("1.2.840.113549.2.6", "HMAC-MD5"),
    ("2.16.840.1.101.3.4.2.6", "SHA-512/256"),
    ("1.2.840.113549.2.13", "HMAC-SHA-512/256"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("1.2.840.113549.1.7.2", "signedData"),
    ("1.2.840.113549.1.7.3", "envelopedData"),
];
