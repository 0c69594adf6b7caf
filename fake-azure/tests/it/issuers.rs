//! Service account tokens of another issuer than the fake's own, as a cluster's API server is one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure::{FEDERATED_AUDIENCE, FakeAzure, FakeOptions};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use crate::client::{Session, assertion_form};

const ISSUER: &str = "https://issuer.example.com";
const SUBJECT: &str = "system:serviceaccount:app:contoso";

/// An API server: what it signs, and the key set that it publishes.
struct Cluster {
    key: RsaKeyPair,
    jwks: String,
}

impl Cluster {
    fn new() -> Self {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).expect("a key of a usual size");
        let part = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        let public = json!({"use": "sig", "kty": "RSA", "kid": "one", "alg": "RS256", "n": part(key.n()), "e": part(key.e())});
        let document = key.to_pkcs8_der().expect("a key can be written");
        Self {
            key: RsaKeyPair::from_pkcs8(document.as_bytes()).expect("a key just written can be read"),
            jwks: json!({ "keys": [public] }).to_string(),
        }
    }

    fn token(&self, kid: &str, subject: &str, audience: &str) -> String {
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let claims = json!({"iss": ISSUER, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + 600});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "kid": kid})), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("the system has random bytes");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn start(cluster: &Cluster) -> FakeAzure {
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    fake.trust_issuer(ISSUER, &cluster.jwks, &[SUBJECT.to_owned()])
        .expect("a key set");
    fake
}

async fn outcome(session: &Session<'_>, token: &str) -> (u16, Option<u64>) {
    let answer = session.ask_for_token(&assertion_form(token)).await;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("Entra answers with JSON");
    (status, body["error_codes"][0].as_u64())
}

#[tokio::test]
async fn a_token_that_a_trusted_issuer_signed_is_exchanged_and_the_fakes_own_still_is() {
    let cluster = Cluster::new();
    let fake = start(&cluster);
    let session = Session::anonymous(&fake);
    let token = cluster.token("one", SUBJECT, FEDERATED_AUDIENCE);
    assert_eq!(outcome(&session, &token).await, (200, None));
    assert_eq!(outcome(&session, &fake.assertion().sign()).await, (200, None));
}

#[tokio::test]
async fn each_flaw_of_a_token_of_a_trusted_issuer_has_its_code() {
    let cluster = Cluster::new();
    let fake = start(&cluster);
    let session = Session::anonymous(&fake);
    let forged = Cluster::new().token("one", SUBJECT, FEDERATED_AUDIENCE);
    let cases = [
        (
            cluster.token("one", "system:serviceaccount:app:other", FEDERATED_AUDIENCE),
            700_213,
        ),
        (cluster.token("one", SUBJECT, "api://other"), 700_212),
        (cluster.token("two", SUBJECT, FEDERATED_AUDIENCE), 50_013),
        (forged, 50_013),
        // The fake's own key vouches for nobody that publishes keys.
        (fake.assertion().issuer(ISSUER).subject(SUBJECT).sign(), 50_013),
    ];
    for (token, code) in cases {
        assert_eq!(outcome(&session, &token).await, (401, Some(code)));
    }
}

#[test]
fn a_key_set_that_cannot_be_read_is_refused() {
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    for jwks in [
        "",
        "{}",
        r#"{"keys": [{"kty": "EC", "kid": "one", "crv": "P-256"}]}"#,
        r#"{"keys": [{"kid": "one", "n": "%", "e": "AQAB"}]}"#,
    ] {
        assert!(fake.trust_issuer(ISSUER, jwks, &[]).is_err(), "{jwks}");
    }
}
