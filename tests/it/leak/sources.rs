//! Every way in which a value, a token or a credential gets into the program wrongly, and every credential.

use std::fs;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::search::Marker;
use crate::support::World;

/// Answers of a vault with a value where none may be shown: object, status, body. `{value}` is the value, `{id}` the
/// object's proper id.
pub(super) const ANSWERS: &[(&str, u16, &str)] = &[
    ("not-json", 200, "<html>{value}</html>"),
    ("only-value", 200, "{value}"),
    ("a-string", 200, r#""{value}""#),
    ("a-list", 200, r#"["{value}"]"#),
    ("value-in-list", 200, r#"{"id":"{id}","value":["{value}"]}"#),
    (
        "value-in-object",
        200,
        r#"{"id":"{id}","value":{"{value}":"{value}"}}"#,
    ),
    ("no-id", 200, r#"{"value":"{value}"}"#),
    ("odd-id", 200, r#"{"id":"{value}","value":"{value}"}"#),
    (
        "odd-url",
        200,
        r#"{"id":"https://{value}/secrets/a/b","value":"{value}"}"#,
    ),
    ("odd-version", 200, r#"{"id":"{id}{value}","value":"{value}"}"#),
    (
        "odd-enabled",
        200,
        r#"{"id":"{id}","value":"{value}","attributes":{"enabled":"{value}"}}"#,
    ),
    (
        "odd-time",
        200,
        r#"{"id":"{id}","value":"{value}","attributes":{"exp":"{value}"}}"#,
    ),
    (
        "odd-tags",
        200,
        r#"{"id":"{id}","value":"{value}","tags":"{value}"}"#,
    ),
    ("cut", 200, r#"{"id":"{id}","value":"{value}"#),
    ("bad-escape", 200, r#"{"id":"{id}","value":"{value}\ud800"}"#),
    (
        "a-key",
        200,
        r#"{"key":{"kid":"{id}","kty":"{value}","n":"{value}","d":"{value}"}}"#,
    ),
    ("created", 201, r#"{"value":"{value}"}"#),
    ("no-content", 204, "{value}"),
    ("redirect", 302, "{value}"),
    ("not-modified", 304, "{value}"),
    ("bad-request", 400, "{value}"),
    ("unauthorized", 401, "{value}"),
    ("forbidden", 403, r#"{"value":"{value}"}"#),
    (
        "forbidden-odd",
        403,
        r#"{"error":{"code":{"{value}":1},"message":["{value}"]}}"#,
    ),
    ("forbidden-text", 403, r#"{"error":"{value}"}"#),
    ("not-found", 404, "<html>{value}</html>"),
    ("conflict", 409, r#"["{value}"]"#),
    ("gone", 410, "{value}"),
    ("teapot", 418, "{value}"),
    ("internal", 500, "<html>{value}</html>"),
    ("gateway", 502, "{value}"),
];

type Broken = (
    &'static str,
    &'static str,
    Option<&'static str>,
    fn(&Marker) -> String,
);

/// Templates that cannot be filled with a value that is plain text.
pub(super) const BROKEN_TEMPLATES: &[&str] = &[
    "{{ secret('plain') | from_json }}",
    "{{ (secret('plain') ~ '!') | b64decode }}",
    "{{ secret('plain') | pem_private_key }}",
    "{{ secret('plain') | pem_certificate(0) }}",
    "{{ secret('nul') | shell }}",
    "{{ secret('nul') | dotenv }}",
    "{{ secret('plain') + 1 }}",
    "{{ [1, 2][secret('plain')] }}",
    "{{ secret('plain') | int }}",
];

/// Values that cannot be rendered: object, encoding (or `certificate`), content type, value.
pub(super) const BROKEN: &[Broken] = &[
    ("not-base64", "base64", None, |value| format!("{}!", value.text())),
    ("cut-base64", "base64", None, |value| format!("{}=", value.text())),
    ("not-hex", "hex", None, |value| value.text().to_owned()),
    ("odd-hex", "hex", None, |value| value.hex() + "a"),
    (
        "not-a-pfx",
        "certificate",
        Some("application/x-pkcs12"),
        |value| STANDARD.encode(&value.value),
    ),
    (
        "no-base64-pfx",
        "certificate",
        Some("application/x-pkcs12"),
        |value| value.text().to_owned(),
    ),
    (
        "not-a-pem",
        "certificate",
        Some("application/x-pem-file"),
        |value| value.text().to_owned(),
    ),
    (
        "odd-pem",
        "certificate",
        Some("application/x-pem-file"),
        |value| pem("PRIVATE KEY", value) + &pem("CERTIFICATE", value),
    ),
    (
        "odd-label",
        "certificate",
        Some("application/x-pem-file"),
        |value| pem(value.text(), value),
    ),
    (
        "headers-pem",
        "certificate",
        Some("application/x-pem-file"),
        |value| {
            pem("RSA PRIVATE KEY", value).replacen('\n', &format!("\nProc-Type: {}\n\n", value.text()), 1)
        },
    ),
    ("untyped", "certificate", None, |value| value.text().to_owned()),
];

/// Answers of Entra or an identity endpoint to a request for a token: status, body. `{value}` is a token.
pub(super) const TOKEN_ANSWERS: &[(u16, &str)] = &[
    // Well-formed: the vault refuses the token.
    (
        200,
        r#"{"token_type":"Bearer","expires_in":"3599","expires_on":"4102444800","resource":"r","access_token":"{value}"}"#,
    ),
    (
        200,
        r#"{"token_type":"Bearer","expires_in":3599,"access_token":"{value}"}"#,
    ),
    (200, r#"{"access_token":"{value}"}"#),
    (
        200,
        r#"{"token_type":"Bearer","expires_in":"{value}","access_token":["{value}"]}"#,
    ),
    (
        200,
        r#"{"token_type":"Bearer","expires_in":3599,"access_token":"{value}\n\u0000"}"#,
    ),
    (200, "<html>{value}</html>"),
    (200, r#""{value}"#),
    (302, "{value}"),
    (400, "<html>{value}</html>"),
    (400, r#"{"access_token":"{value}"}"#),
    (401, r#"{"error":["{value}"],"error_description":{"{value}":1}}"#),
    (403, "{value}"),
    (500, "{value}"),
];

/// A credential that the program is given.
pub(super) struct Given {
    pub(super) what: &'static str,
    /// Whether it leads to a token.
    pub(super) taken: bool,
    /// The identity of the manifest. `{file}` is the path of a file for the credential.
    pub(super) identity: &'static str,
    /// Puts it in place; gives what was made from secrets of the fake. The marker is a secret that is wrong everywhere.
    pub(super) set_up: fn(&World, &Marker, &mut Command) -> Vec<Marker>,
}

const SECRET_FILE: &str = "identity: { type: clientSecret, clientSecretFile: {file} }";
const CERTIFICATE_FILE: &str = "identity: { type: clientCertificate, clientCertificateFile: {file} }";
const MANAGED: &str = "identity: { type: managedIdentity }";

/// Credentials, right and wrong.
pub(super) const CREDENTIALS: &[Given] = &[
    Given {
        what: "client secret",
        taken: true,
        identity: "",
        set_up: |world, _, command| {
            let secret = world.fake.client_secret();
            command.env("AZURE_CLIENT_SECRET", &secret);
            vec![Marker::new("the client secret", secret)]
        },
    },
    Given {
        what: "wrong client secret",
        taken: false,
        identity: "",
        set_up: |_, wrong, command| {
            command.env("AZURE_CLIENT_SECRET", wrong.text());
            Vec::new()
        },
    },
    Given {
        what: "client secret file",
        taken: true,
        identity: SECRET_FILE,
        set_up: |world, _, _| {
            let secret = world.fake.client_secret();
            fs::write(world.path("credential"), &secret).expect("written");
            vec![Marker::new("the client secret", secret)]
        },
    },
    Given {
        what: "wrong client secret file",
        taken: false,
        identity: SECRET_FILE,
        set_up: |world, wrong, _| {
            fs::write(world.path("credential"), &wrong.value).expect("written");
            Vec::new()
        },
    },
    Given {
        what: "certificate",
        taken: true,
        identity: CERTIFICATE_FILE,
        set_up: |world, _, _| {
            let mut random = rsa::rand_core::OsRng;
            let key = rsa::RsaPrivateKey::new(&mut random, 2048).expect("a key");
            let der = rsa::pkcs8::EncodePrivateKey::to_pkcs8_der(&key).expect("encoded");
            let pair = rcgen::KeyPair::try_from(der.as_bytes()).expect("a key pair");
            let certificate = rcgen::CertificateParams::default()
                .self_signed(&pair)
                .expect("signed");
            world.fake.register_certificate(certificate.der());
            fs::write(
                world.path("credential"),
                pair.serialize_pem() + &certificate.pem(),
            )
            .expect("written");
            // The primes and all that follows from them.
            vec![Marker::new(
                "the certificate's key",
                &der.as_bytes()[der.as_bytes().len() / 2..],
            )]
        },
    },
    Given {
        what: "certificate without a key",
        taken: false,
        identity: CERTIFICATE_FILE,
        set_up: |world, wrong, _| {
            fs::write(world.path("credential"), pem("CERTIFICATE", wrong)).expect("written");
            Vec::new()
        },
    },
    Given {
        what: "broken certificate",
        taken: false,
        identity: CERTIFICATE_FILE,
        set_up: |world, wrong, _| {
            let broken = pem("PRIVATE KEY", wrong) + &pem("CERTIFICATE", wrong) + wrong.text();
            fs::write(world.path("credential"), broken).expect("written");
            Vec::new()
        },
    },
    Given {
        what: "certificate without PEM",
        taken: false,
        identity: CERTIFICATE_FILE,
        set_up: |world, wrong, _| {
            fs::write(world.path("credential"), &wrong.value).expect("written");
            Vec::new()
        },
    },
    Given {
        what: "federated token",
        taken: true,
        identity: "",
        set_up: |_, _, _| Vec::new(),
    },
    Given {
        what: "federated token that is none",
        taken: false,
        identity: "",
        set_up: |world, wrong, _| {
            world.project_token(wrong.text());
            Vec::new()
        },
    },
    Given {
        what: "token of another issuer",
        taken: false,
        identity: "",
        set_up: |world, _, _| {
            let token = world.fake.assertion().issuer("https://other.example.com/").sign();
            world.project_token(&token);
            vec![Marker::new(ASSERTION, token)]
        },
    },
    Given {
        what: "expired token",
        taken: false,
        identity: "",
        set_up: |world, _, _| {
            let token = world.fake.assertion().issued_ago(Duration::from_hours(9)).sign();
            world.project_token(&token);
            vec![Marker::new(ASSERTION, token)]
        },
    },
    Given {
        what: "managed identity",
        taken: true,
        identity: MANAGED,
        set_up: |world, _, command| {
            command.env("IDENTITY_ENDPOINT", world.fake.identity_endpoint());
            command.env("IDENTITY_HEADER", world.fake.identity_header());
            vec![Marker::new("the identity header", world.fake.identity_header())]
        },
    },
    Given {
        what: "wrong identity header",
        taken: false,
        identity: MANAGED,
        set_up: |world, wrong, command| {
            command.env("IDENTITY_ENDPOINT", world.fake.identity_endpoint());
            command.env("IDENTITY_HEADER", wrong.text());
            Vec::new()
        },
    },
    Given {
        what: "identity header that is no header",
        taken: false,
        identity: MANAGED,
        set_up: |world, wrong, command| {
            command.env("IDENTITY_ENDPOINT", world.fake.identity_endpoint());
            command.env("IDENTITY_HEADER", format!("a\n{}", wrong.text()));
            Vec::new()
        },
    },
    Given {
        what: "password of a proxy",
        taken: false,
        identity: "",
        set_up: |_, wrong, command| {
            command.env("HTTPS_PROXY", format!("http://user:{}@127.0.0.1:9", wrong.text()));
            Vec::new()
        },
    },
];

/// What the federated token is called.
pub(super) const ASSERTION: &str = "the assertion";

/// The federated token of a world.
pub(super) fn assertion(world: &World) -> Marker {
    let token = fs::read_to_string(world.path("token")).expect("readable");
    Marker::new(ASSERTION, token.trim())
}

fn pem(label: &str, content: &Marker) -> String {
    let body = STANDARD.encode(&content.value);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
