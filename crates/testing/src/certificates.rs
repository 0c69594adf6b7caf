//! Certificates and keys for tests, made at run time.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData, date_time_ymd,
};
use rsa::pkcs8::EncodePrivateKey;
use zeroize::Zeroizing;

/// An RSA key for the whole test process: making one takes a while.
pub static RSA_PKCS8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key of 2048 bits");
    key.to_pkcs8_der().expect("encodable").as_bytes().to_vec()
});

/// A certificate and its key, PKCS#8.
#[derive(Clone)]
pub struct Issued {
    pub der: Vec<u8>,
    pub key: Zeroizing<Vec<u8>>,
}

/// A certificate authority.
pub struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate: self-signed, or issued by another authority.
    pub der: Vec<u8>,
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let key = ec_key();
        let params = params(name, true);
        let der = params.self_signed(&key).expect("signed").der().to_vec();
        Self {
            name: name.to_owned(),
            issuer: Issuer::new(params, key),
            der,
        }
    }

    /// An authority below this one.
    #[must_use]
    pub fn authority(&self, name: &str) -> Self {
        let key = ec_key();
        let params = params(name, true);
        let der = params
            .signed_by(&key, &self.issuer)
            .expect("signed")
            .der()
            .to_vec();
        Self {
            name: name.to_owned(),
            issuer: Issuer::new(params, key),
            der,
        }
    }

    /// A second certificate for an authority that has one already; it is valid longer than the first.
    pub fn cross_sign(&self, other: &Self) -> Vec<u8> {
        self.cross_sign_as(&other.name, other)
    }

    /// The same, under another name.
    pub fn cross_sign_as(&self, name: &str, other: &Self) -> Vec<u8> {
        let mut params = params(name, true);
        params.not_after = date_time_ymd(2150, 1, 1);
        params
            .signed_by(other.key(), &self.issuer)
            .expect("signed")
            .der()
            .to_vec()
    }

    pub fn key(&self) -> &KeyPair {
        self.issuer.key()
    }

    /// A certificate that names its issuer's key, which those of `issue` do not.
    pub fn issue_with_key_id(&self, name: &str) -> Issued {
        let key = ec_key();
        let mut params = params(name, false);
        params.use_authority_key_identifier_extension = true;
        let der = params
            .signed_by(&key, &self.issuer)
            .expect("signed")
            .der()
            .to_vec();
        Issued {
            der,
            key: Zeroizing::new(key.serialize_der()),
        }
    }

    /// A certificate for a new P-256 key.
    pub fn issue(&self, name: &str) -> Issued {
        self.issue_for(name, &ec_key())
    }

    /// A certificate for this key.
    pub fn issue_for(&self, name: &str, key: &KeyPair) -> Issued {
        Issued {
            der: self.certify(name, key),
            key: Zeroizing::new(key.serialize_der()),
        }
    }

    fn certify(&self, name: &str, key: &impl PublicKeyData) -> Vec<u8> {
        params(name, false)
            .signed_by(key, &self.issuer)
            .expect("signed")
            .der()
            .to_vec()
    }
}

/// A certificate that issued itself.
pub fn self_signed(name: &str) -> Issued {
    let key = ec_key();
    let der = params(name, false)
        .self_signed(&key)
        .expect("signed")
        .der()
        .to_vec();
    Issued {
        der,
        key: Zeroizing::new(key.serialize_der()),
    }
}

pub fn rsa_key() -> KeyPair {
    KeyPair::try_from(RSA_PKCS8.as_slice()).expect("an RSA key")
}

pub fn ec_key() -> KeyPair {
    KeyPair::generate().expect("randomness")
}

/// Puts another curve's identifier, of the same length, in the place of P-256's.
pub fn on_a_rare_curve(der: &[u8]) -> Vec<u8> {
    const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let at = der
        .windows(P256.len())
        .position(|window| window == P256)
        .expect("a P-256 key");
    let mut der = der.to_vec();
    der[at + 7] = 6;
    der
}

/// One PEM block.
pub fn pem(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).expect("encodable")
}

fn params(name: &str, authority: bool) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names to refuse");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_after = date_time_ymd(2100, 1, 1);
    params.is_ca = if authority {
        IsCa::Ca(BasicConstraints::Unconstrained)
    } else {
        IsCa::NoCa
    };
    params
}
