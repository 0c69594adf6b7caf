//! Opens a PFX (PKCS#12, RFC 7292) that has no password, as Azure Key Vault hands them out.
//!
//! "No password" has two encodings: no bytes at all, which Key Vault writes, and an empty terminated string, which
//! others write. Both are tried. Time and memory are bounded whatever the PFX says: see [`MAX_LEN`] and `kdf`.

mod bags;
mod ber;
mod error;
mod kdf;
mod mac;
mod pbe;
#[cfg(test)]
mod tests;

use der::asn1::AnyRef;
use der::{Decode, Reader};

use self::bags::{BagReader, ContentInfo};
pub use self::error::PfxError;
use self::kdf::{EmptyPassword, Work};
use self::mac::MacData;
use super::contents::Contents;

/// Largest PFX that is opened, in bytes; one with a long chain has 25 KB.
const MAX_LEN: usize = 256 * 1024;

const STRUCTURE: PfxError = PfxError::Malformed {
    part: "its outer structure",
};

/// Takes the bytes of a PFX; gives its certificates and keys, in its order.
pub(super) fn open(bytes: &[u8]) -> Result<Contents, PfxError> {
    if bytes.len() > MAX_LEN {
        return Err(STRUCTURE);
    }
    let der = ber::to_der(bytes)?;
    let (auth_safe, mac) = outer(&der)?;
    let auth_safe = auth_safe.data("its integrity")?;

    let mut work = Work::new();
    match mac {
        Some(mac) => {
            let password = MacData::parse(mac)?.password(auth_safe, &mut work)?;
            contents(auth_safe, password, &mut work)
        }
        // Without a MAC only decryption tells which form it is. The first error says more than the second.
        None => contents(auth_safe, EmptyPassword::Null, &mut work)
            .or_else(|error| contents(auth_safe, EmptyPassword::Terminated, &mut work).map_err(|_| error)),
    }
}

/// `PFX` of RFC 7292, section 4: the authenticated safe and the MAC.
fn outer(der: &[u8]) -> Result<(ContentInfo<'_>, Option<AnyRef<'_>>), PfxError> {
    let fields = AnyRef::from_der(der).and_then(|pfx| {
        pfx.sequence(|fields| {
            let version = u8::decode(fields)?;
            let auth_safe = ContentInfo::parse(AnyRef::decode(fields)?)?;
            let mac = if fields.is_finished() {
                None
            } else {
                Some(AnyRef::decode(fields)?)
            };
            Ok((version, auth_safe, mac))
        })
    });
    match fields {
        Ok((3, auth_safe, mac)) => Ok((auth_safe, mac)),
        _ => Err(STRUCTURE),
    }
}

fn contents(auth_safe: &[u8], password: EmptyPassword, work: &mut Work) -> Result<Contents, PfxError> {
    let mut reader = BagReader {
        password,
        work,
        contents: Contents::default(),
    };
    reader.authenticated_safe(auth_safe)?;
    Ok(reader.contents)
}
