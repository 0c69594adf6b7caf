//! Certificates and keys for tests, made at run time.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData, date_time_ymd,
};
use rsa::pkcs8::EncodePrivateKey;
use zeroize::Zeroizing;

/// An RSA key for the whole test process: making one takes a while.
pub(crate) static RSA_PKCS8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key of 2048 bits");
    key.to_pkcs8_der().expect("encodable").as_bytes().to_vec()
});

/// A certificate and its key, PKCS#8.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
}

/// A certificate authority.
pub(crate) struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate: self-signed, or issued by another authority.
    pub(crate) der: Vec<u8>,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
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
    pub(crate) fn authority(&self, name: &str) -> Self {
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

    /// A second certificate for an authority that has one already.
    pub(crate) fn cross_sign(&self, other: &Self) -> Vec<u8> {
        let params = params(&other.name, true);
        params
            .signed_by(other.issuer.key(), &self.issuer)
            .expect("signed")
            .der()
            .to_vec()
    }

    /// A certificate for a new P-256 key.
    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.issue_for(name, &ec_key())
    }

    pub(crate) fn issue_for(&self, name: &str, key: &KeyPair) -> Issued {
        Issued {
            der: self.certify(name, key),
            key: Zeroizing::new(key.serialize_der()),
        }
    }

    /// A certificate for any public key, without key identifiers.
    pub(crate) fn certify(&self, name: &str, key: &impl PublicKeyData) -> Vec<u8> {
        params(name, false)
            .signed_by(key, &self.issuer)
            .expect("signed")
            .der()
            .to_vec()
    }
}

/// A certificate that issued itself.
pub(crate) fn self_signed(name: &str) -> Issued {
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

pub(crate) fn rsa_key() -> KeyPair {
    KeyPair::try_from(RSA_PKCS8.as_slice()).expect("an RSA key")
}

pub(crate) fn ec_key() -> KeyPair {
    KeyPair::generate().expect("randomness")
}

/// One PEM block.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
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
