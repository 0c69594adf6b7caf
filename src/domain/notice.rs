//! What a person should know of an entry although nothing failed.

use std::fmt;

/// Something odd about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The value holds neither the issuer of the last certificate of the chain nor a root.
    MissingIssuer {
        /// The missing issuer's name.
        subject: String,
        /// How many intermediates the value does hold.
        intermediates: usize,
    },
    /// Certificates of the value that are not on the way from the leaf to its root, and were not written.
    UnrelatedCertificates {
        /// How many.
        count: usize,
    },
    /// The rule of a selection picks none of the vault's secrets: a typing mistake gives no other sign.
    NothingSelected {
        /// How many secrets the vault has.
        looked_at: usize,
    },
}

impl Notice {
    /// Whether something is likely to be wrong: clients refuse the chain, or files are missing.
    ///
    /// A chain with intermediates that ends without its root is the common way to store one; a leaf alone that is not
    /// self-signed lacks at least one intermediate, unless a root issued it.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::MissingIssuer { intermediates: 0, .. } | Self::NothingSelected { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingIssuer {
                subject,
                intermediates: 0,
            } => {
                write!(
                    f,
                    "the value does not hold the certificate of the leaf's issuer, `{subject}`"
                )
            }
            Self::MissingIssuer {
                subject,
                intermediates,
            } => {
                write!(
                    f,
                    "the chain ends after {intermediates} intermediate(s), before `{subject}`"
                )
            }
            Self::NothingSelected { looked_at } => {
                write!(
                    f,
                    "the selection picks none of the vault's {looked_at} secret(s); check its prefix, pattern and tags"
                )
            }
            Self::UnrelatedCertificates { count } => {
                write!(
                    f,
                    "{count} certificate(s) of the value do not belong to the leaf's chain and were left out"
                )
            }
        }
    }
}
