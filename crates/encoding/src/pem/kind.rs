//! What the name of a block says that it holds.

/// Kinds of blocks, by their names (RFC 7468, and those that OpenSSL and OpenSSH add).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CERTIFICATE`, and `X509 CERTIFICATE` of old programs.
    Certificate,
    /// `PRIVATE KEY`: PKCS#8.
    PrivateKey,
    /// `RSA PRIVATE KEY`: PKCS#1.
    RsaPrivateKey,
    /// `EC PRIVATE KEY`: SEC 1.
    EcPrivateKey,
    /// `ENCRYPTED PRIVATE KEY`: PKCS#8 under a password.
    EncryptedPrivateKey,
    /// `OPENSSH PRIVATE KEY`.
    OpenSshPrivateKey,
    /// Another name that ends with `PRIVATE KEY`.
    OtherPrivateKey,
    /// `TRUSTED CERTIFICATE`: a certificate with settings of OpenSSL behind it.
    TrustedCertificate,
    /// `PKCS7`, `PKCS #7 SIGNED DATA` or `CMS`: several certificates in one structure.
    Pkcs7,
    /// Anything else: parameters, public keys, requests, revocation lists.
    Other,
}

/// The names that decide; every other one is of [`Kind::OtherPrivateKey`] or [`Kind::Other`].
const NAMES: [(&str, Kind); 11] = [
    ("CERTIFICATE", Kind::Certificate),
    ("X509 CERTIFICATE", Kind::Certificate),
    ("PRIVATE KEY", Kind::PrivateKey),
    ("RSA PRIVATE KEY", Kind::RsaPrivateKey),
    ("EC PRIVATE KEY", Kind::EcPrivateKey),
    ("ENCRYPTED PRIVATE KEY", Kind::EncryptedPrivateKey),
    ("OPENSSH PRIVATE KEY", Kind::OpenSshPrivateKey),
    ("TRUSTED CERTIFICATE", Kind::TrustedCertificate),
    ("PKCS7", Kind::Pkcs7),
    ("PKCS #7 SIGNED DATA", Kind::Pkcs7),
    ("CMS", Kind::Pkcs7),
];

/// How many letters a name may differ by from one that is read and be a slip of it.
const SLIP: usize = 2;

impl Kind {
    /// What a name says.
    pub(super) fn of(name: &str) -> Self {
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => *kind,
            None if name.ends_with("PRIVATE KEY") => Self::OtherPrivateKey,
            None => Self::Other,
        }
    }

    /// Whether blocks of this kind hold a private key.
    pub const fn is_private_key(self) -> bool {
        matches!(
            self,
            Self::PrivateKey
                | Self::RsaPrivateKey
                | Self::EcPrivateKey
                | Self::EncryptedPrivateKey
                | Self::OpenSshPrivateKey
                | Self::OtherPrivateKey
        )
    }

    /// Whether blocks of this kind hold certificates in a form that nothing here reads.
    pub const fn is_unread_certificate(self) -> bool {
        matches!(self, Self::TrustedCertificate | Self::Pkcs7)
    }
}

/// The name that was meant, when this one is a slip of it: `CERTIFICAT`, `RSA PRIVATEKEY`. Passing over such a block
/// would lose it.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    if Kind::of(name) != Kind::Other {
        return None;
    }
    // A slip of a short name is another name.
    let known = NAMES.iter().map(|(known, _)| *known);
    known
        .filter(|known| known.len() > 4 * SLIP)
        .find(|known| strsim::osa_distance(known, name) <= SLIP)
}
