//! What a person should know of an object although it was rendered.

use std::fmt;

/// Something odd about an object that was rendered.
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
    /// A value without a private key whose leaf is the certificate of an authority.
    AuthorityAsLeaf,
}

impl Notice {
    /// Whether clients are likely to refuse what is served.
    ///
    /// A chain with intermediates that ends without its root is the common way to store one; a leaf alone that is not
    /// self-signed lacks at least one intermediate, unless a root issued it.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::MissingIssuer { intermediates: 0, .. } | Self::AuthorityAsLeaf
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
            Self::AuthorityAsLeaf => f.write_str(
                "the value holds no private key, and the certificate that is served as its leaf is one of an authority: \
                 ask for `ca` if an authority is wanted, else store the leaf too",
            ),
            Self::UnrelatedCertificates { count } => {
                write!(
                    f,
                    "{count} certificate(s) of the value do not belong to the leaf's chain and were left out"
                )
            }
        }
    }
}
