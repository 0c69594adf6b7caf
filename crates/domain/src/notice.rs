//! What a person should know of an entry although nothing failed.

use std::fmt;

use super::object::ObjectName;
use super::path::RelativePath;

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
    /// The secret of a certificate is written as it is: the base64 text of a PFX.
    PfxAsText {
        /// Its name.
        name: ObjectName,
        /// The first file that has it.
        path: RelativePath,
    },
    /// A template has the secret of a certificate as it is: the base64 text of a PFX.
    PfxInTemplate {
        /// Its name.
        name: ObjectName,
    },
    /// A combined file has the secret of a certificate as it is: the base64 text of a PFX.
    PfxInValues {
        /// Its name.
        name: ObjectName,
        /// The key of the value.
        key: String,
    },
    /// A selection that picks none of the secrets of its vault.
    NothingSelected {
        /// How many secrets the list has.
        looked_at: usize,
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
            Self::MissingIssuer { intermediates: 0, .. }
                | Self::AuthorityAsLeaf
                | Self::NothingSelected { .. }
                | Self::PfxAsText { .. }
                | Self::PfxInTemplate { .. }
                | Self::PfxInValues { .. }
        )
    }
}

impl Notice {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::PfxAsText { name, path } => format!(
                "for files that programs read, write under `certificates` `- {{ name: {name}, files: [{{ path: {path}, content: \
                 bundle }}] }}` (or `pkcs12`) in place of the entry under `secrets`"
            ),
            Self::PfxInTemplate { name } => format!(
                "for PEM, write `certificate(\"{name}\")` and one of its parts, such as `.fullChain` or `.privateKey`"
            ),
            Self::PfxInValues { name, .. } => format!(
                "write the certificate to a file of its own, under `certificates` `- {{ name: {name}, files: [{{ path: PATH, \
                 content: bundle }}] }}` (or `pkcs12`), and give the program that path"
            ),
            Self::NothingSelected { .. } => {
                "compare the rule with `az keyvault secret list`; the case of a tag matters, disabled secrets and those of \
                 certificates are not picked"
                    .to_owned()
            }
            Self::AuthorityAsLeaf => {
                "ask for `ca` if an authority is wanted, else store the leaf too".to_owned()
            }
            Self::MissingIssuer { .. } | Self::UnrelatedCertificates { .. } => return None,
        })
    }
}

/// What was seen, for a person.
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
            Self::PfxAsText { path, .. } => write!(
                f,
                "`{path}` is the base64 text of a PFX, and the secret is that of a certificate"
            ),
            Self::PfxInTemplate { name } => write!(
                f,
                "`secret(\"{name}\")` is the base64 text of a PFX, and the secret is that of a certificate"
            ),
            Self::PfxInValues { name, key } => write!(
                f,
                "the value `{key}` is the base64 text of a PFX, and the secret `{name}` is that of a certificate"
            ),
            Self::NothingSelected { looked_at } => {
                write!(f, "the rule picks none of the {looked_at} secrets of the vault")
            }
            Self::AuthorityAsLeaf => f.write_str(
                "the value holds no private key, and the certificate that is served as its leaf is one of an authority",
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
