//! An issuer of projected service account tokens, as a Kubernetes API server is one.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use std::time::Duration;

use crate::ids;
use crate::jwt::{self, VerificationKey};

/// `iss` of the tokens.
pub(crate) const URL: &str = "https://oidc.example.com/cluster/";
/// `sub` of the tokens, unless a test wants another.
pub(crate) const SUBJECT: &str = "system:serviceaccount:default:akv-sync";

/// `aud` of the tokens, unless a test wants another: what Entra expects.
pub const FEDERATED_AUDIENCE: &str = "api://AzureADTokenExchange";

/// Signs service account tokens that the directory trusts.
#[derive(Debug)]
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    verification_key: VerificationKey,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .expect("the system has random bytes");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .expect("a key just generated can be read");
        let verification_key = VerificationKey::P256(key.public_key().as_ref().to_vec());
        Self {
            key,
            verification_key,
        }
    }

    pub(crate) fn verification_key(&self) -> &VerificationKey {
        &self.verification_key
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(&SystemRandom::new(), bytes);
        signature.expect("the system has random bytes").as_ref().to_vec()
    }
}

/// A service account token to be signed. It starts as one that Entra accepts: its issuer, subject and audience are
/// those of the application's federated credential, and it lives for an hour from now.
#[derive(Debug, Clone)]
#[must_use]
pub struct Assertion<'a> {
    signer: &'a Issuer,
    issuer: String,
    subject: String,
    audience: String,
    issued: i64,
    lifetime: i64,
}

impl<'a> Assertion<'a> {
    pub(crate) fn new(signer: &'a Issuer, now: i64) -> Self {
        Self {
            signer,
            issuer: URL.to_owned(),
            subject: SUBJECT.to_owned(),
            audience: FEDERATED_AUDIENCE.to_owned(),
            issued: now,
            lifetime: 3600,
        }
    }

    /// Replaces `iss`.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Replaces `sub`.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Replaces `aud`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Replaces the time from `iat` to `exp`.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 4);
        self
    }

    /// Moves `iat` (and with it `exp`) into the past.
    pub fn issued_ago(mut self, ago: Duration) -> Self {
        self.issued -= i64::try_from(ago.as_secs()).unwrap_or(0);
        self
    }

    /// Signs the token.
    pub fn sign(self) -> String {
        let claims = json!({
            "aud": [self.audience],
            "exp": self.issued + self.lifetime,
            "iat": self.issued,
            "nbf": self.issued,
            "iss": self.issuer,
            "sub": self.subject,
            "jti": ids::guid(),
            "kubernetes.io": {"namespace": "default"},
        });
        let header = json!({"alg": "ES256", "kid": "fake", "typ": "JWT"});
        jwt::encode(&header, &claims, |bytes| self.signer.sign(bytes))
    }
}
