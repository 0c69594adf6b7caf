//! The keys that another issuer of service account tokens publishes, such as the API server of a cluster.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::{BigUint, RsaPublicKey};
use serde::Deserialize;

use crate::jwt::{Unverified, VerificationKey};

/// An issuer and its keys, by their ids.
#[derive(Debug)]
pub(crate) struct PublishedKeys {
    issuer: String,
    keys: Vec<(String, VerificationKey)>,
}

/// A JSON Web Key Set (RFC 7517), as far as clusters publish one: RSA keys for signatures.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<RsaKey>,
}

#[derive(Deserialize)]
struct RsaKey {
    kid: String,
    n: String,
    e: String,
}

impl PublishedKeys {
    /// Reads a key set; an error says what is wrong with it.
    pub(crate) fn from_jwks(issuer: &str, jwks: &str) -> Result<Self, String> {
        let set: KeySet =
            serde_json::from_str(jwks).map_err(|error| format!("no set of RSA keys: {error}"))?;
        let keys = set
            .keys
            .iter()
            .map(RsaKey::verification_key)
            .collect::<Option<_>>();
        Ok(Self {
            issuer: issuer.to_owned(),
            keys: keys.ok_or("a key of the set is no RSA key")?,
        })
    }

    pub(crate) fn is_of(&self, issuer: &str) -> bool {
        self.issuer == issuer
    }

    /// Whether the key that the assertion names has signed it.
    pub(crate) fn have_signed(&self, assertion: &Unverified) -> bool {
        self.keys
            .iter()
            .any(|(id, key)| assertion.header["kid"] == **id && assertion.is_signed_by(key))
    }
}

impl RsaKey {
    fn verification_key(&self) -> Option<(String, VerificationKey)> {
        let number = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            Some(BigUint::from_bytes_be(&bytes))
        };
        let key = RsaPublicKey::new(number(&self.n)?, number(&self.e)?).ok()?;
        let der = key.to_pkcs1_der().ok()?.into_vec();
        Some((self.kid.clone(), VerificationKey::Rsa(der)))
    }
}
