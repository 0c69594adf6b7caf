//! What a client certificate's file is when it is no PEM text, told by its first bytes.

use encoding::base64;

/// A file in which no PEM block can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotPem {
    /// PKCS#12, binary.
    Pfx,
    /// PKCS#12 as base64, as `az keyvault secret show` prints a certificate.
    Base64Pfx,
    /// Another structure in DER: a certificate or a key alone.
    Der,
}

impl NotPem {
    /// `None` of what may be a PEM text.
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        match der_of(file) {
            Some(Der::Pfx) => return Some(Self::Pfx),
            Some(Der::Other) => return Some(Self::Der),
            None => {}
        }
        let start = file.trim_ascii_start().get(..START)?;
        let decoded = base64(start).ok()?;
        (der_of(decoded.expose()) == Some(Der::Pfx)).then_some(Self::Base64Pfx)
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Pfx => "the file is a PFX (PKCS#12), which is binary, and not PEM",
            Self::Base64Pfx => "the file is a PFX (PKCS#12) as base64, and not PEM",
            Self::Der => "the file is DER, which is binary, and not PEM",
        }
    }

    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::Pfx => {
                "make PEM of it with `openssl pkcs12 -in FILE.pfx -nodes -out FILE.pem` (with `-legacy` for one of older tools), and name that file"
            }
            Self::Base64Pfx => {
                "make PEM of it with `base64 -d FILE | openssl pkcs12 -nodes -passin pass: -out FILE.pem`, and name that file"
            }
            Self::Der => {
                "make PEM of the certificate with `openssl x509 -inform der -in FILE` and of its private key with `openssl pkey -inform der -in FILE`, and put both into one file"
            }
        }
    }
}

/// Characters of base64 that hold the start of a structure.
const START: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Der {
    Pfx,
    Other,
}

/// A sequence whose length takes several octets, as that of every certificate and key does. A PFX begins with its version, 3.
fn der_of(bytes: &[u8]) -> Option<Der> {
    let [0x30, length @ 0x80..=0x84, rest @ ..] = bytes else {
        return None;
    };
    let content = rest.get(usize::from(length & 0x7f)..)?;
    Some(if content.starts_with(&[2, 1, 3]) {
        Der::Pfx
    } else {
        Der::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pfx_a_der_file_and_a_pem_text_are_told_apart_by_their_first_bytes() {
        let pfx = [0x30, 0x82, 0x0a, 0x01, 2, 1, 3, 0x30, 0x82, 0, 0, 0];
        let of_unknown_length = [0x30, 0x80, 2, 1, 3, 0x30, 0x80];
        let certificate = [0x30, 0x82, 0x03, 0x01, 0x30, 0x82, 0x02, 0x01];
        assert_eq!(NotPem::of(&pfx), Some(NotPem::Pfx));
        assert_eq!(NotPem::of(&of_unknown_length), Some(NotPem::Pfx));
        assert_eq!(NotPem::of(&certificate), Some(NotPem::Der));
        assert_eq!(NotPem::of(b"\nMIIKAQIBAzCCAAAA\n"), Some(NotPem::Base64Pfx));
        for text in [
            "",
            "0",
            "-----BEGIN CERTIFICATE-----\n",
            "Bag Attributes\n",
            "MIIDATCCAgEwggEB",
        ] {
            assert_eq!(NotPem::of(text.as_bytes()), None, "{text}");
        }
    }
}
