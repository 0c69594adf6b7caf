//! Reads the PEM text that Key Vault gives for `application/x-pem-file`, and what people paste into a secret.

use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use super::contents::{Contents, FoundCertificate, FoundKey, KeySyntax};

/// Why a PEM text could not be read. No variant holds a byte of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// A private key that needs a password.
    #[error("the PEM text holds an encrypted private key")]
    EncryptedKey,
    /// A block without end, with a malformed line or bad base64.
    #[error("block {number} of the PEM text is damaged")]
    Malformed {
        /// Which block, from 1.
        number: usize,
    },
}

impl PemError {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::EncryptedKey => {
                "store the key without a password (`openssl pkcs8 -in KEY -out KEY`), \
                 or import the certificate into Key Vault"
            }
            Self::Malformed { .. } => {
                "each block needs its BEGIN and END lines and standard base64 between them; \
                 a PEM text pasted on one line has lost its line breaks"
            }
        }
    }
}

/// Takes a PEM text; gives its certificates and keys in its order. Text outside of blocks and blocks of other sorts
/// are passed over.
pub(super) fn read(text: &[u8]) -> Result<Contents, PemError> {
    if has_encrypted_key(text) {
        return Err(PemError::EncryptedKey);
    }
    let mut contents = Contents::default();
    for (index, section) in <(SectionKind, Vec<u8>)>::pem_slice_iter(text).enumerate() {
        // The reader's own error can quote the text.
        let (kind, der) = section.map_err(|_| PemError::Malformed { number: index + 1 })?;
        let der = Zeroizing::new(der);
        let syntax = match kind {
            SectionKind::Certificate => {
                contents.certificates.push(FoundCertificate {
                    der: der.to_vec(),
                    local_key_id: None,
                });
                continue;
            }
            SectionKind::PrivateKey => KeySyntax::Pkcs8,
            SectionKind::RsaPrivateKey => KeySyntax::Pkcs1,
            SectionKind::EcPrivateKey => KeySyntax::Sec1,
            _ => continue,
        };
        contents.keys.push(FoundKey {
            der,
            syntax,
            local_key_id: None,
        });
    }
    Ok(contents)
}

/// PKCS#8 has a label for it (RFC 7468, section 11), the older formats a header (RFC 1421, section 4.6.1.1).
fn has_encrypted_key(text: &[u8]) -> bool {
    text.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        line.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || line.starts_with(b"Proc-Type: 4,ENCRYPTED")
    })
}
