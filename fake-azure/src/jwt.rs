//! JSON Web Tokens in compact form (RFC 7519): split, signed, verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{hmac, signature};
use serde::Serialize;
use serde_json::Value;

/// A token that was taken apart, and not yet believed.
#[derive(Debug)]
pub(crate) struct Unverified {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Unverified {
    /// Takes a token apart; `None` when it is not a token of three parts that hold JSON.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// A claim that is text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims[claim].as_str()
    }

    /// A claim that is a number of seconds; a fraction, which RFC 7519 allows and some clients send, is rounded.
    pub(crate) fn second(&self, claim: &str) -> Option<i64> {
        let number = &self.claims[claim];
        number
            .as_i64()
            .or_else(|| format!("{:.0}", number.as_f64()?).parse().ok())
    }

    /// Whether `aud` is, or contains, this audience.
    pub(crate) fn has_audience(&self, audience: &str) -> bool {
        match &self.claims["aud"] {
            Value::Array(all) => all.iter().any(|one| one == audience),
            one => one == audience,
        }
    }

    /// Whether the signature was made with this key and the algorithm of the header.
    pub(crate) fn is_signed_by(&self, key: &VerificationKey) -> bool {
        let algorithm = self.header["alg"].as_str().unwrap_or_default();
        key.verifies(algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// Whether the signature is HMAC-SHA-256 with this key.
    pub(crate) fn is_authenticated_by(&self, key: &hmac::Key) -> bool {
        self.header["alg"] == "HS256" && hmac::verify(key, self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// The public half of a key that signs assertions.
#[derive(Debug, Clone)]
pub(crate) enum VerificationKey {
    /// P-256: the uncompressed point.
    P256(Vec<u8>),
    /// RSA: the `RSAPublicKey` of PKCS #1, in DER.
    Rsa(Vec<u8>),
}

impl VerificationKey {
    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let (method, key): (&dyn signature::VerificationAlgorithm, _) = match (self, algorithm) {
            (Self::P256(point), "ES256") => (&signature::ECDSA_P256_SHA256_FIXED, point),
            (Self::Rsa(key), "RS256") => (&signature::RSA_PKCS1_2048_8192_SHA256, key),
            (Self::Rsa(key), "PS256") => (&signature::RSA_PSS_2048_8192_SHA256, key),
            _ => return false,
        };
        signature::UnparsedPublicKey::new(method, key)
            .verify(message, signature)
            .is_ok()
    }
}

/// Makes a token; `sign` gets the bytes to sign.
pub(crate) fn encode(
    header: &impl Serialize,
    claims: &impl Serialize,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let mut token = format!("{}.{}", part(header), part(claims));
    let signature = sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

fn part(value: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("a header or a set of claims is JSON"))
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(secret: &[u8]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, secret)
    }

    #[test]
    fn a_token_is_believed_with_the_key_that_signed_it_only() {
        let token = encode(&json!({"alg": "HS256"}), &json!({"aud": ["a", "b"]}), |bytes| {
            hmac::sign(&key(b"one"), bytes).as_ref().to_vec()
        });
        let token = Unverified::parse(&token).expect("three parts");
        assert!(token.is_authenticated_by(&key(b"one")));
        assert!(!token.is_authenticated_by(&key(b"two")));
        assert!(token.has_audience("b"));
        assert!(!token.has_audience("c"));
    }

    #[test]
    fn a_time_may_have_a_fraction() {
        let token = encode(
            &json!({}),
            &json!({"exp": 12.75, "iat": 3, "nbf": "x"}),
            <[u8]>::to_vec,
        );
        let token = Unverified::parse(&token).expect("three parts");
        assert_eq!(
            (token.second("exp"), token.second("iat"), token.second("nbf")),
            (Some(13), Some(3), None)
        );
    }

    #[test]
    fn what_is_not_a_token_is_not_taken_apart() {
        for text in ["", "a.b", "..", "e30.e30", "e30.%.e30"] {
            assert!(Unverified::parse(text).is_none(), "{text}");
        }
    }
}
