//! The certificates and keys of a PEM text.

use encoding::pem::{self, Kind, PemError};
use zeroize::Zeroizing;

use super::contents::{Contents, FoundCertificate};
use crate::key::{FoundKey, KeySyntax};

/// Takes a PEM text; gives its certificates and keys in its order. Blocks of other sorts are passed over; a certificate or
/// a key in a form that is not read is an error.
pub(super) fn read(text: &[u8]) -> Result<Contents, PemError> {
    let mut contents = Contents::default();
    for block in pem::blocks(text)? {
        if let Some(error) = block.unread() {
            return Err(error);
        }
        let syntax = match block.kind {
            Kind::Certificate => {
                contents.certificates.push(FoundCertificate {
                    der: block.der.expose().to_vec(),
                    local_key_id: None,
                });
                continue;
            }
            Kind::PrivateKey => KeySyntax::Pkcs8,
            Kind::RsaPrivateKey => KeySyntax::Pkcs1,
            Kind::EcPrivateKey => KeySyntax::Sec1,
            _ => continue,
        };
        contents.keys.push(FoundKey {
            der: Zeroizing::new(block.der.expose().to_vec()),
            syntax,
            local_key_id: None,
        });
    }
    Ok(contents)
}
