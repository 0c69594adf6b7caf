//! Proof of an application by certificate: a JSON Web Token signed with the certificate's key, made for one exchange.
//!
//! Signed with ring, so that no second TLS stack is linked.
//! Format: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encoding::pem::{self, Block, Kind, PemError};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::credential_file;
use super::not_pem::NotPem;
use super::refusal::Refusal;
use super::select::Application;
use crate::domain::unread_pem;

/// How long an assertion is valid. Entra takes at most 24 h; one exchange needs seconds, clocks differ by minutes.
const LIFETIME: Duration = Duration::minutes(10);

/// What a usable file holds, for the reader of a failure.
pub(super) const FILE_HINT: &str = "the file must hold, as PEM, the application's certificate and its RSA private key (2048 to 4096 bits) without a password";

/// Signs an assertion with the certificate and key of `pem`; `setting` names the file, for the reader of a failure.
pub(super) fn sign(
    pem: &[u8],
    setting: &str,
    application: &Application,
    now: OffsetDateTime,
) -> Result<Zeroizing<String>, Refusal> {
    let refuse = |what: &str| Refusal::misconfigured(format!("{setting}: {what}"), FILE_HINT);
    let blocks = blocks(pem, setting)?;
    let key = private_key(&blocks).map_err(refuse)?;
    let certificate = certificate_of(&blocks, &key).map_err(refuse)?;
    let header = json!({
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate)),
    });
    let random = SystemRandom::new();
    let mut id = [0; 16];
    random
        .fill(&mut id)
        .map_err(|_| refuse("the system gave no randomness"))?;
    let issued = now.unix_timestamp();
    let payload = json!({
        "aud": token_endpoint(application),
        "iss": application.client_id.value,
        "sub": application.client_id.value,
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

/// The blocks of the file, each in a form that can be used.
fn blocks(pem: &[u8], setting: &str) -> Result<Vec<Block>, Refusal> {
    if pem.trim_ascii().is_empty() {
        return Err(Refusal::misconfigured(
            format!("{setting}: the file is empty"),
            credential_file::EMPTY_HINT,
        ));
    }
    if let Some(other) = NotPem::of(pem) {
        return Err(Refusal::misconfigured(
            format!("{setting}: {}", other.what()),
            other.hint(),
        ));
    }
    let refuse =
        |error: PemError| Refusal::misconfigured(format!("{setting}: {error}"), unread_pem::hint(&error));
    let blocks = pem::blocks(pem).map_err(refuse)?;
    match blocks.iter().find_map(Block::unread) {
        Some(unread) => Err(refuse(unread)),
        None => Ok(blocks),
    }
}

fn token_endpoint(application: &Application) -> String {
    let Application {
        authority, tenant_id, ..
    } = application;
    format!("{}{}/oauth2/v2.0/token", authority.value, tenant_id.value)
}

/// The private key of these blocks; with several, the first.
fn private_key(blocks: &[Block]) -> Result<KeyPair, &'static str> {
    let mut keys = blocks.iter().filter(|block| block.kind.is_private_key());
    let key = keys.next().ok_or("the file holds no private key")?;
    let pair = match key.kind {
        Kind::PrivateKey => KeyPair::from_pkcs8(key.der.expose()),
        Kind::RsaPrivateKey => KeyPair::from_der(key.der.expose()),
        _ => return Err("the private key is not an RSA key"),
    };
    pair.map_err(|_| "the private key is not a usable RSA key")
}

/// The certificate of the key, wherever it stands: files are made in either order, often with the chain.
fn certificate_of<'b>(blocks: &'b [Block], key: &KeyPair) -> Result<&'b [u8], &'static str> {
    let mut found = false;
    for block in blocks.iter().filter(|block| block.kind == Kind::Certificate) {
        let der = block.der.expose();
        found = true;
        let is_of_key = X509Certificate::from_der(der).is_ok_and(|(_, it)| {
            let public: &[u8] = &it.public_key().subject_public_key.data;
            public == key.public_key().as_ref()
        });
        if is_of_key {
            return Ok(der);
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
    use crate::identity::settings::Setting;

    const SETTING: &str = "identity.clientCertificateFile";

    /// A certificate made for a key, PEM.
    fn certificate(key: &CertificateKey) -> String {
        let params = CertificateParams::new(vec!["contoso.example.com".to_owned()]).expect("a name");
        params.self_signed(key).expect("a certificate").pem()
    }

    fn application() -> Application {
        Application {
            tenant_id: Setting::new("the-tenant", "AZURE_TENANT_ID"),
            client_id: Setting::new("the-client", "AZURE_CLIENT_ID"),
            authority: Setting::new(
                Url::parse("https://login.microsoftonline.com").expect("a URL"),
                "the default",
            ),
        }
    }

    fn decoded(part: &str) -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn refused(pem: &str) -> String {
        let refusal = sign(
            pem.as_bytes(),
            SETTING,
            &application(),
            OffsetDateTime::UNIX_EPOCH,
        )
        .expect_err("refused");
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
        let der = blocks(own.as_bytes(), SETTING).expect("PEM")[0].der.clone();

        for pem in [
            format!("{}{own}{other}", *pkcs8),
            format!("{other}{own}{}", *pkcs1),
        ] {
            let assertion = sign(pem.as_bytes(), SETTING, &application(), now).expect("an assertion");
            let parts: Vec<_> = assertion.split('.').collect();
            let [header, payload, signature] = parts[..] else {
                panic!("three parts");
            };
            let public = private_key(&blocks(pem.as_bytes(), SETTING).expect("PEM")).expect("a key");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.public_key())
                .verify(format!("{header}.{payload}").as_bytes(), &signature)
                .expect("the signature is valid");
            let header = decoded(header);
            assert_eq!(header["alg"], "PS256");
            assert_eq!(
                header["x5t#S256"],
                URL_SAFE_NO_PAD.encode(digest(&SHA256, der.expose()))
            );
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
    fn a_file_as_editors_and_openssl_leave_it_signs_and_a_damaged_one_is_refused_with_its_line() {
        let rsa = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        let pkcs8 = rsa.to_pkcs8_pem(LineEnding::LF).expect("PEM");
        let own = certificate(&CertificateKey::from_pem(&pkcs8).expect("an RSA key"));
        let pem = format!("{}{own}", *pkcs8);
        let latin_1 = [
            b"Bag Attributes\n    friendlyName: Schl\xfcssel ENCRYPTED\n",
            pem.as_bytes(),
        ]
        .concat();
        let windows: Vec<u8> = format!("\u{feff}{pem}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (name, bytes) in [
            ("byte order mark", format!("\u{feff}{pem}").into_bytes()),
            ("an umlaut in a bag attribute", latin_1),
            ("UTF-16", windows),
            (
                "glued markers",
                pem.replace("KEY-----\n-----BEGIN", "KEY----------BEGIN")
                    .into_bytes(),
            ),
        ] {
            let signed = sign(&bytes, SETTING, &application(), OffsetDateTime::UNIX_EPOCH);
            assert!(signed.is_ok(), "{name}: {:?}", signed.err());
        }
        assert!(refused(&format!("\"{pem}")).contains("line 1 of the PEM text"));
        let openssh = pem.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY");
        assert!(refused(&openssh).contains("OpenSSH"));
        let trusted = pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        assert!(refused(&trusted).contains("TRUSTED CERTIFICATE"));
    }

    #[test]
    fn a_binary_pfx_as_client_certificate_is_named_with_the_openssl_command_that_makes_pem_of_it() {
        let pfx = [0x30, 0x82, 0x0a, 0x01, 2, 1, 3, 0x30, 0x82, 0, 0, 0];
        let refusal = sign(&pfx, SETTING, &application(), OffsetDateTime::UNIX_EPOCH).expect_err("refused");
        assert!(refusal.failure.detail.contains("PFX (PKCS#12)"), "{refusal:?}");
        assert!(
            refusal
                .failure
                .hint
                .action()
                .contains("openssl pkcs12 -in FILE.pfx -nodes"),
            "{refusal:?}"
        );
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_what_it_is() {
        let key = CertificateKey::generate().expect("an EC key");
        let pem = key.serialize_pem() + &certificate(&key);
        assert!(refused(&pem).contains("not a usable RSA key"));
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(refused(encrypted).contains("encrypted"));
        for odd in ["", "marker", "-----BEGIN PRIVATE KEY-----\nmarker"] {
            assert!(!refused(odd).contains("marker"));
        }
    }
}
