//! Proof of an application by certificate: a JSON Web Token signed with the certificate's key, made for one exchange.
//!
//! Signed with ring, so that no second TLS stack is linked.
//! Format: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::select::Application;

/// How long an assertion is valid. Entra takes at most 24 h; one exchange needs seconds, clocks differ by minutes.
const LIFETIME: Duration = Duration::minutes(10);

/// What names the file.
pub(super) const SETTING: &str = "AZURE_CLIENT_CERTIFICATE_PATH";

/// What a usable file holds, for the reader of a failure.
pub(super) const FILE_HINT: &str = "the file must hold, as PEM, the application's certificate and its RSA private key (2048 to 4096 bits) without a password";

/// Signs an assertion with the certificate and key of `pem`.
pub(super) fn sign(
    pem: &str,
    application: &Application,
    now: OffsetDateTime,
) -> Result<Zeroizing<String>, Refusal> {
    let refuse = |what: &str| Refusal::misconfigured(format!("{SETTING}: {what}"), FILE_HINT);
    let key = private_key(pem).map_err(refuse)?;
    let certificate = certificate_of(pem, &key).map_err(refuse)?;
    let header = json!({
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate)),
    });
    let random = SystemRandom::new();
    let mut id = [0; 16];
    random
        .fill(&mut id)
        .map_err(|_| refuse("the system gave no randomness"))?;
    let issued = now.unix_timestamp();
    let payload = json!({
        "aud": token_endpoint(application),
        "iss": application.client_id,
        "sub": application.client_id,
        "jti": URL_SAFE_NO_PAD.encode(id),
        "nbf": issued,
        "iat": issued,
        "exp": (now + LIFETIME).unix_timestamp(),
    });
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut assertion = Zeroizing::new(format!("{}.{}", encode(header), encode(payload)));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PSS_SHA256, &random, assertion.as_bytes(), &mut signature)
        .map_err(|_| refuse("the private key cannot sign"))?;
    assertion.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut assertion);
    Ok(assertion)
}

fn token_endpoint(application: &Application) -> String {
    let Application {
        authority, tenant_id, ..
    } = application;
    format!("{authority}{tenant_id}/oauth2/v2.0/token")
}

fn private_key(pem: &str) -> Result<KeyPair, &'static str> {
    if pem.contains("ENCRYPTED") {
        return Err("the private key has a password");
    }
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let key = match key.map_err(|_| "the file holds no private key")? {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("the private key is not an RSA key"),
    };
    key.map_err(|_| "the private key is not a usable RSA key")
}

/// The certificate of the key, wherever it stands: files are made in either order, often with the chain.
fn certificate_of(pem: &str, key: &KeyPair) -> Result<CertificateDer<'static>, &'static str> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "a certificate of the file is damaged")?;
        found = true;
        let parsed = X509Certificate::from_der(&certificate);
        let is_of_key = parsed.is_ok_and(|(_, it)| {
            let public: &[u8] = &it.public_key().subject_public_key.data;
            public == key.public_key().as_ref()
        });
        if is_of_key {
            return Ok(certificate);
        }
    }
    Err(if found {
        "no certificate of the file belongs to its private key"
    } else {
        "the file holds no certificate"
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair as CertificateKey};
    use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use rsa::RsaPrivateKey;
    use rsa::pkcs1::EncodeRsaPrivateKey;
    use rsa::pkcs8::{EncodePrivateKey, LineEnding};
    use serde_json::Value;
    use url::Url;

    use super::*;

    /// A certificate made for a key, PEM.
    fn certificate(key: &CertificateKey) -> String {
        let params = CertificateParams::new(vec!["contoso.example.com".to_owned()]).expect("a name");
        params.self_signed(key).expect("a certificate").pem()
    }

    fn application() -> Application {
        Application {
            tenant_id: "the-tenant".to_owned(),
            client_id: "the-client".to_owned(),
            authority: Url::parse("https://login.microsoftonline.com").expect("a URL"),
        }
    }

    fn decoded(part: &str) -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn refused(pem: &str) -> String {
        let refusal = sign(pem, &application(), OffsetDateTime::UNIX_EPOCH).expect_err("refused");
        assert!(refusal.failure.detail.contains(SETTING));
        refusal.failure.detail
    }

    #[test]
    fn an_assertion_is_signed_with_the_key_and_names_its_certificate() {
        let rsa = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        let pkcs8 = rsa.to_pkcs8_pem(LineEnding::LF).expect("PEM");
        let pkcs1 = rsa.to_pkcs1_pem(LineEnding::LF).expect("PEM");
        let key = CertificateKey::from_pem(&pkcs8).expect("an RSA key");
        let own = certificate(&key);
        let other = certificate(&CertificateKey::generate().expect("a key"));
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a time");
        let der = CertificateDer::from_pem_slice(own.as_bytes()).expect("a certificate");

        for pem in [
            format!("{}{own}{other}", *pkcs8),
            format!("{other}{own}{}", *pkcs1),
        ] {
            let assertion = sign(&pem, &application(), now).expect("an assertion");
            let parts: Vec<_> = assertion.split('.').collect();
            let [header, payload, signature] = parts[..] else {
                panic!("three parts");
            };
            let public = private_key(&pem).expect("a key");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.public_key())
                .verify(format!("{header}.{payload}").as_bytes(), &signature)
                .expect("the signature is valid");
            let header = decoded(header);
            assert_eq!(header["alg"], "PS256");
            assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)));
            let payload = decoded(payload);
            assert_eq!(
                payload["aud"],
                "https://login.microsoftonline.com/the-tenant/oauth2/v2.0/token"
            );
            assert_eq!(
                (&payload["iss"], &payload["sub"]),
                (&"the-client".into(), &"the-client".into())
            );
            assert_eq!(payload["exp"], 1_800_000_600);
        }
        assert!(refused(&pkcs8).contains("no certificate"));
        assert!(refused(&own).contains("no private key"));
        assert!(refused(&format!("{}{other}", *pkcs8)).contains("belongs to its private key"));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_what_it_is() {
        let key = CertificateKey::generate().expect("an EC key");
        let pem = key.serialize_pem() + &certificate(&key);
        assert!(refused(&pem).contains("not a usable RSA key"));
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(refused(encrypted).contains("password"));
        for odd in ["", "marker", "-----BEGIN PRIVATE KEY-----\nmarker"] {
            assert!(!refused(odd).contains("marker"));
        }
    }
}
