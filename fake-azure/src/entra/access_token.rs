//! Access tokens: issued with HMAC, which only the fake can check - and only the fake has to.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use serde_json::json;

use crate::ids;
use crate::jwt::{self, Unverified};

/// Issues access tokens and recognises them.
#[derive(Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
    /// Tokens of an earlier generation are revoked.
    generation: AtomicU64,
}

/// What a token is to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) object_id: &'a str,
    pub(crate) audience: &'a str,
    /// By the fake's clock, in seconds since the epoch.
    pub(crate) issued: i64,
    pub(crate) lifetime: i64,
}

/// A token that a vault accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) tenant: String,
}

/// Why a vault does not accept a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// Not a token of this directory.
    Signature,
    Audience(String),
    Issuer(String),
    Expired,
    Revoked,
}

impl Mint {
    pub(crate) fn new() -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &ids::random_bytes::<32>()),
            generation: AtomicU64::new(0),
        }
    }

    pub(crate) fn issue(&self, grant: Grant<'_>) -> String {
        let claims = json!({
            "aud": grant.audience,
            "iss": sts_issuer(grant.tenant),
            "iat": grant.issued,
            "nbf": grant.issued,
            "exp": grant.issued + grant.lifetime,
            "appid": grant.client_id,
            "oid": grant.object_id,
            "sub": grant.object_id,
            "tid": grant.tenant,
            "uti": ids::version_id(),
            "ver": "1.0",
            "generation": self.generation.load(Ordering::SeqCst),
        });
        jwt::encode(&json!({"typ": "JWT", "alg": "HS256"}), &claims, |bytes| {
            hmac::sign(&self.key, bytes).as_ref().to_vec()
        })
    }

    /// Revokes all that was issued up to now.
    pub(crate) fn revoke_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Checks a token as a vault does: signature, issuer, audience, expiry, revocation.
    pub(crate) fn recognise(&self, token: &str, audience: &str, now: i64) -> Result<Caller, Distrust> {
        let token = Unverified::parse(token)
            .filter(|token| token.is_authenticated_by(&self.key))
            .ok_or(Distrust::Signature)?;
        let claim = |name: &str| token.text(name).unwrap_or_default().to_owned();
        let (issuer, found) = (claim("iss"), claim("aud"));
        if issuer != sts_issuer(ids::TENANT_ID) {
            return Err(Distrust::Issuer(issuer));
        }
        if found.trim_end_matches('/') != audience {
            return Err(Distrust::Audience(found));
        }
        if token.second("exp").is_none_or(|expiry| expiry <= now) {
            return Err(Distrust::Expired);
        }
        if token.claims["generation"].as_u64() != Some(self.generation.load(Ordering::SeqCst)) {
            return Err(Distrust::Revoked);
        }
        Ok(Caller {
            client_id: claim("appid"),
            object_id: claim("oid"),
            tenant: claim("tid"),
        })
    }
}

/// `iss` of the tokens that a directory issues.
pub(crate) fn sts_issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "https://vault.azure.net";

    fn grant(tenant: &'static str, audience: &'static str) -> Grant<'static> {
        Grant {
            tenant,
            client_id: ids::CLIENT_ID,
            object_id: ids::OBJECT_ID,
            audience,
            issued: 1_000,
            lifetime: 60,
        }
    }

    #[test]
    fn a_token_is_recognised_until_the_second_it_expires() {
        let mint = Mint::new();
        let token = mint.issue(grant(ids::TENANT_ID, VAULT));
        assert!(mint.recognise(&token, VAULT, 1_059).is_ok());
        assert_eq!(mint.recognise(&token, VAULT, 1_060), Err(Distrust::Expired));
    }

    #[test]
    fn revoking_ends_what_was_issued_and_not_what_comes() {
        let mint = Mint::new();
        let old = mint.issue(grant(ids::TENANT_ID, VAULT));
        mint.revoke_all();
        assert_eq!(mint.recognise(&old, VAULT, 1_000), Err(Distrust::Revoked));
        assert!(
            mint.recognise(&mint.issue(grant(ids::TENANT_ID, VAULT)), VAULT, 1_000)
                .is_ok()
        );
    }

    #[test]
    fn another_directory_audience_or_mint_is_distrusted() {
        let mint = Mint::new();
        let foreign = mint.issue(grant(ids::FOREIGN_TENANT_ID, VAULT));
        assert!(matches!(
            mint.recognise(&foreign, VAULT, 1_000),
            Err(Distrust::Issuer(_))
        ));
        let management = mint.issue(grant(ids::TENANT_ID, "https://management.azure.com/"));
        assert!(matches!(
            mint.recognise(&management, VAULT, 1_000),
            Err(Distrust::Audience(_))
        ));
        let other = Mint::new().issue(grant(ids::TENANT_ID, VAULT));
        assert_eq!(mint.recognise(&other, VAULT, 1_000), Err(Distrust::Signature));
    }
}
