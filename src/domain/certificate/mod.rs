//! From the secret behind a certificate to its parts: private key, leaf, intermediates in order.
//!
//! What is given out belongs together: the leaf has the public half of the key, and each certificate of the chain
//! issued the one before it.

mod chain;
mod contents;
mod leaf;
mod pem;
mod pfx;
mod private_key;
mod public_key;
#[cfg(test)]
pub(crate) mod test_certificates;
#[cfg(test)]
mod tests;
mod x509;

use base64::engine::general_purpose::STANDARD;
use base64::{Engine, decoded_len_estimate};
use zeroize::Zeroizing;

use self::contents::Contents;
pub use self::pem::PemError;
pub use self::pfx::PfxError;
#[cfg(test)]
pub(crate) use self::pfx::test_encoder::MODERN;
use self::private_key::PrivateKey;
use self::x509::Certificate;

/// Most certificates that one value may hold; chains have two to five.
const MAX_CERTIFICATES: usize = 32;

const PFX_TYPE: &str = "application/x-pkcs12";
const PEM_TYPE: &str = "application/x-pem-file";

/// A certificate with what the same secret says of it.
pub struct IssuedCertificate {
    /// The certificate itself, DER.
    pub leaf: Vec<u8>,
    /// Its issuers, nearest first, without the root, DER.
    pub intermediates: Vec<Vec<u8>>,
    /// Its private key, `PrivateKeyInfo` (RFC 5208) in DER; `None` when the key is not exportable.
    pub private_key: Option<Zeroizing<Vec<u8>>>,
    /// The name of the issuer at which the value's chain ends without a root.
    pub missing_issuer: Option<String>,
    /// How many certificates of the value are not on the way from the leaf to its root.
    pub left_out: usize,
}

/// Why a value is not a certificate that can be published. No variant holds a byte of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// `contentType` says PFX, and the value is no base64.
    #[error("contentType is `application/x-pkcs12`, and the value is not the base64 text of a PFX")]
    NotBase64,
    /// `contentType` says PEM, and there is no PEM block.
    #[error("contentType is `application/x-pem-file`, and the value has no PEM block")]
    NotPem,
    /// Nothing says what it is, and it looks like neither.
    #[error(
        "the value is neither PEM text nor the base64 text of a PFX, and contentType does not name one of them"
    )]
    UnknownFormat,
    /// It says PFX and is none.
    #[error(transparent)]
    Pfx(#[from] PfxError),
    /// It says PEM and is none.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Nothing to publish.
    #[error("the value holds {keys} private keys and no certificate")]
    NoCertificate {
        /// How many keys it holds.
        keys: usize,
    },
    /// More than any chain has.
    #[error("the value holds {found} certificates, more than {limit}")]
    TooManyCertificates {
        /// How many it holds.
        found: usize,
        /// How many are read.
        limit: usize,
    },
    /// One cannot be parsed.
    #[error("certificate {number} of {of} is not a valid X.509 certificate")]
    MalformedCertificate {
        /// Which, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A key cannot be parsed.
    #[error(
        "private key {number} of {of} is damaged, or of a form that is not supported (named curves, two-prime RSA)"
    )]
    MalformedKey {
        /// Which, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// The keys belong to other certificates.
    #[error("none of the {keys} private keys in the value belongs to one of its {certificates} certificates")]
    KeyWithoutCertificate {
        /// How many keys.
        keys: usize,
        /// How many certificates.
        certificates: usize,
    },
    /// Several could be the leaf, and no key tells.
    #[error(
        "the value holds {certificates} certificates and no private key, and more than one could be the leaf"
    )]
    LeafUnclear {
        /// How many certificates.
        certificates: usize,
    },
}

impl CertificateError {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pfx(error) => error.hint(),
            Self::Pem(error) => error.hint(),
            Self::NotBase64 | Self::NotPem => {
                "set the secret's contentType to what the value is, or remove it: without one the value decides"
            }
            Self::UnknownFormat => "list the object under `secrets` if it is not a certificate",
            Self::NoCertificate { .. } => "store the certificate beside its key, in the same value",
            Self::TooManyCertificates { .. } => "store the certificate with its own chain only",
            Self::MalformedCertificate { .. } | Self::MalformedKey { .. } => {
                "check the value with `openssl pkcs12 -info` or `openssl x509 -text`, and import it again"
            }
            Self::KeyWithoutCertificate { .. } => {
                "import the certificate together with the key that it was made for"
            }
            Self::LeafUnclear { .. } => "import the certificate again without the other certificates",
        }
    }
}

/// Takes the value and `contentType` of a secret that holds a certificate.
pub fn read(value: &[u8], content_type: Option<&str>) -> Result<IssuedCertificate, CertificateError> {
    let contents = open(value, content_type)?;
    let keys = keys(&contents)?;
    let (certificates, local_key_ids) = distinct_certificates(&contents, keys.len())?;
    let (leaf, key) = leaf::choose(&certificates, &local_key_ids, &keys)?;
    let chain = chain::build(&certificates, leaf);

    let last = &certificates[chain.intermediates.last().copied().unwrap_or(leaf)];
    let ends_in_root = chain.root.is_some() || last.is_self_signed();
    let on_the_way = 1 + chain.intermediates.len() + usize::from(chain.root.is_some());
    Ok(IssuedCertificate {
        leaf: certificates[leaf].der().to_vec(),
        intermediates: chain
            .intermediates
            .iter()
            .map(|&index| certificates[index].der().to_vec())
            .collect(),
        private_key: key.map(|index| Zeroizing::new(keys[index].pkcs8().to_vec())),
        missing_issuer: (!ends_in_root).then(|| last.issuer_text().to_owned()),
        left_out: certificates.len() - on_the_way,
    })
}

/// `contentType` decides; when it names neither format, the value does.
fn open(value: &[u8], content_type: Option<&str>) -> Result<Contents, CertificateError> {
    let media_type = content_type
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    if media_type.eq_ignore_ascii_case(PFX_TYPE) {
        return Ok(pfx::open(
            &decode_base64(value).ok_or(CertificateError::NotBase64)?,
        )?);
    }
    let is_pem = value.windows(BEGIN.len()).any(|window| window == BEGIN);
    if is_pem {
        return Ok(pem::read(value)?);
    }
    if media_type.eq_ignore_ascii_case(PEM_TYPE) {
        return Err(CertificateError::NotPem);
    }
    // A PFX is a SEQUENCE.
    match decode_base64(value) {
        Some(bytes) if bytes.first() == Some(&0x30) => Ok(pfx::open(&bytes)?),
        _ => Err(CertificateError::UnknownFormat),
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// Base64 as Key Vault writes it, or broken into lines as `base64` and `openssl` write it.
fn decode_base64(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(value.len()));
    text.extend(value.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(text.len())]);
    let len = STANDARD.decode_slice(text.as_slice(), &mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

fn keys(contents: &Contents) -> Result<Vec<PrivateKey>, CertificateError> {
    let of = contents.keys.len();
    let parsed = contents.keys.iter().enumerate().map(|(index, found)| {
        PrivateKey::parse(found).map_err(|_| CertificateError::MalformedKey {
            number: index + 1,
            of,
        })
    });
    parsed.collect()
}

type Certificates = (Vec<Certificate>, Vec<Option<Vec<u8>>>);

fn distinct_certificates(contents: &Contents, keys: usize) -> Result<Certificates, CertificateError> {
    let found = &contents.certificates;
    if found.is_empty() {
        return Err(CertificateError::NoCertificate { keys });
    }
    if found.len() > MAX_CERTIFICATES {
        return Err(CertificateError::TooManyCertificates {
            found: found.len(),
            limit: MAX_CERTIFICATES,
        });
    }
    let mut certificates: Vec<Certificate> = Vec::new();
    let mut local_key_ids: Vec<Option<Vec<u8>>> = Vec::new();
    for (index, entry) in found.iter().enumerate() {
        if let Some(known) = certificates.iter().position(|known| known.der() == entry.der) {
            // The copy may be the one that carries the mark.
            local_key_ids[known] = local_key_ids[known].take().or_else(|| entry.local_key_id.clone());
            continue;
        }
        let malformed = CertificateError::MalformedCertificate {
            number: index + 1,
            of: found.len(),
        };
        certificates.push(Certificate::parse(&entry.der).ok_or(malformed)?);
        local_key_ids.push(entry.local_key_id.clone());
    }
    Ok((certificates, local_key_ids))
}
