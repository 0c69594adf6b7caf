//! The library's types that carry a value, and its errors about one, as `Debug` and `Display` show them.

mod passes;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use akv_sync::domain::answers::{Answer, PasswordFile};
use akv_sync::domain::desired::{
    AdminSpec, CertificateContent, Content, FileSpec, IdentitySpec, KeyForm, Layout, ObjectSpec, OnStart,
    PerObject, RefreshSpec, SecretEncoding, SecretForm, SyncSpec, VaultSpec, VersionPolicy, VolumeSpec,
    Wanted,
};
use akv_sync::domain::failure::Failure;
use akv_sync::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultHost, VaultId, VaultName, VersionId, VersionSelector,
};
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::payload::{FileBytes, FileRecord, Input, InputRecord, Payload, PayloadFile, Validity};
use akv_sync::domain::query::Query;
use akv_sync::domain::secret::SecretBytes;
use akv_sync::identity::Tokens;
use akv_sync::keyvault::{KeyVault, Outside};
use akv_sync::ports::{Attempts, Clock, Jitter, Vault};
use akv_sync::render::{Passwords, render_object};
use akv_sync::transport::{Authorities, AuthorityOptions, Proxies, Transport};
use akv_sync::volume::BlockingVolume as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keystore::certificate::{self, Form};
use time::OffsetDateTime;
use time::macros::datetime;

use self::passes::{key_store, passed, template, told};
use super::search::{Marker, Search};
use crate::support::World;

/// A value on each of its ways through the library, and what the types on the way show of themselves.
fn shown(value: &Marker) -> Vec<(String, String)> {
    let object = fetched(&value.value, None);
    let spec = spec(Content::Secret(SecretForm::default()));
    let rendered = render_object(&spec.objects[0].files, &object, &Passwords::new()).expect("rendered");
    let password = PasswordFile {
        version: version(),
        password: SecretBytes::new(value.value.clone()),
    };
    let mut shown = vec![
        debug("SecretBytes", &SecretBytes::new(value.value.clone())),
        debug("FetchedContent", &object.content),
        debug("FetchedObject", &object),
        debug(
            "FileBytes",
            &FileBytes::Write(SecretBytes::new(value.value.clone())),
        ),
        debug("Rendered", &rendered),
        debug("PasswordFile", &password),
        debug("Answer with an object", &Answer::Object(object.into())),
        debug("Answer with a file", &Answer::File(password.clone())),
        error(
            "NameError of an object",
            ObjectName::parse(&format!("{}/", value.text())),
        ),
        error("NameError of a version", VersionId::parse(value.text())),
        error("PathError", RelativePath::parse(&format!("../{}", value.text()))),
        error("ModeError", FileMode::parse(value.text())),
    ];
    let mut answers = told(&value.value);
    answers.learn(Query::File("/run/password".into()), Ok(Answer::File(password)));
    for spec in [spec, key_store(), template("")] {
        shown.extend(passed(&spec, &answers));
    }
    shown.extend(refused(value));
    shown
}

/// Everything that a value can be refused as.
fn refused(value: &Marker) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    let encodings =
        [SecretEncoding::Base64, SecretEncoding::Hex].map(|encoding| Content::Secret(encoding.into()));
    let parts = [
        CertificateContent::PrivateKey {
            form: KeyForm::Pkcs8,
            password: None,
        },
        CertificateContent::FullChain { root: false },
    ]
    .map(Content::Certificate);
    for content in encodings.into_iter().chain(parts) {
        for content_type in [None, Some("application/x-pkcs12"), Some("application/x-pem-file")] {
            for bytes in misshapen(value) {
                let spec = spec(content.clone());
                match render_object(
                    &spec.objects[0].files,
                    &fetched(&bytes, content_type),
                    &Passwords::new(),
                ) {
                    Ok(rendered) => shown.push(debug("Rendered", &rendered)),
                    Err(refusal) => {
                        let failure = Failure::from(refusal.clone());
                        assert!(failure.source().is_some(), "what caused it is shown too");
                        shown.push(error::<()>("Failure", Err(failure)));
                        shown.push(error::<()>("RenderError", Err(refusal)));
                        // What comes after has the failure alone.
                        if content_type.is_none() {
                            shown.extend(passed(&spec, &told(&bytes)));
                        }
                    }
                }
                if let Err(refusal) = certificate::read(&bytes, content_type.and_then(Form::of_media_type)) {
                    shown.push(error::<()>("CertificateError", Err(refusal)));
                }
            }
        }
    }
    assert!(shown.len() > 50, "most of these are refused");
    for filter in [
        "| b64decode",
        "| from_json",
        "| pem_private_key",
        "| pem_certificates",
        "| int",
        "| float",
    ] {
        for bytes in misshapen(value) {
            shown.extend(passed(&template(filter), &told(&bytes)));
        }
    }
    shown
}

/// The value in shapes that reach different parts of the readers.
fn misshapen(value: &Marker) -> Vec<Vec<u8>> {
    let (bytes, encoded) = (&value.value, STANDARD.encode(&value.value));
    let pem = |label: &str| format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----\n");
    let mut sequence = vec![0x30, u8::try_from(bytes.len()).expect("a short value")];
    sequence.extend_from_slice(bytes);
    vec![
        bytes.clone(),
        encoded.clone().into_bytes(),
        format!("{encoded}!").into_bytes(),
        sequence.clone(),
        STANDARD.encode(&sequence).into_bytes(),
        pem("PRIVATE KEY").into_bytes(),
        pem("ENCRYPTED PRIVATE KEY").into_bytes(),
        pem("RSA PRIVATE KEY").into_bytes(),
        pem("EC PRIVATE KEY").into_bytes(),
        pem("CERTIFICATE").into_bytes(),
        (pem("PRIVATE KEY") + &pem("CERTIFICATE")).into_bytes(),
        pem(value.text()).into_bytes(),
        format!("-----BEGIN PRIVATE KEY-----\n{}", value.text()).into_bytes(),
        [b"\xff\xfe", bytes.as_slice()].concat(),
    ]
}

#[test]
fn no_type_and_no_error_of_the_library_shows_a_value() {
    for value in [Marker::plain("a plain value"), Marker::random("a value")] {
        let search = Search::new(std::slice::from_ref(&value));
        for (what, shown) in shown(&value) {
            assert_eq!(search.find(shown.as_bytes()), None, "{what}");
        }
    }
}

#[test]
fn neither_a_volume_nor_its_failure_shows_what_it_holds() {
    for layout in [Layout::Atomic, Layout::Flat] {
        let value = Marker::random("a value");
        let root = tempfile::tempdir().expect("a directory");
        let mut spec = volume(root.path());
        spec.layout = layout;
        let volume = akv_sync::volume::open(&spec, Arc::new(Fixed)).expect("opened");
        let payload = payload(&value);
        let publication = volume.publish(&payload).expect("published");
        let observation = volume.observe().expect("observed");
        let refused = volume.refused(&payload.files.keys().cloned().collect());
        // The root is gone: nothing can work.
        std::fs::remove_dir_all(root.path()).expect("removed");
        let search = Search::new(&[value]);
        for (what, shown) in [
            debug("Payload", &payload),
            debug("Publication", &publication),
            debug("Observation", &observation),
            debug("names that are refused", &refused),
            debug("volume", &volume),
            error("VolumeFailure of publish", volume.publish(&payload)),
            error("VolumeFailure of observe", volume.observe()),
        ] {
            assert_eq!(search.find(shown.as_bytes()), None, "{layout:?}: {what}");
        }
    }
}

fn payload(value: &Marker) -> Payload {
    let path = RelativePath::parse("db/password").expect("a path");
    let file = PayloadFile {
        bytes: FileBytes::Write(SecretBytes::new(value.value.clone())),
        mode: FileMode::from_bits(0o440),
        record: FileRecord {
            content: Content::Secret(SecretForm::default()),
            inputs: vec![InputRecord {
                input: Input::Object(source()),
                version: version(),
                digest: None,
                confirmed: None,
            }],
            validity: Validity::default(),
            fetched: Fixed.now(),
            selected: None,
        }
        .into(),
    };
    Payload {
        files: BTreeMap::from([(path, file)]),
        ..Payload::default()
    }
}

#[tokio::test]
async fn neither_a_vault_nor_who_signs_in_shows_a_token_or_a_value() {
    let world = World::new();
    let value = Marker::random("a value");
    world.fake.vault("app").set_secret("db-password", value.text());
    let secret = world.fake.client_secret();
    let environment = [
        ("AZURE_AUTHORITY_HOST", world.fake.authority()),
        ("AZURE_TENANT_ID", world.fake.tenant_id()),
        ("AZURE_CLIENT_ID", world.fake.client_id()),
        ("AZURE_CLIENT_SECRET", &secret),
    ];
    let authorities = Authorities::read(AuthorityOptions {
        ssl_cert_file: Some(world.path("ca.pem")),
        ..AuthorityOptions::default()
    });
    authorities.wait().expect("an authority");
    let transport = Transport::new(&authorities, Proxies::default()).expect("authorities");
    let identity = IdentitySpec::default();
    let tokens = Tokens::new(
        &identity,
        &environment[..],
        &transport,
        Arc::new(Fixed),
        Arc::new(Fixed),
    );
    let tokens = Arc::new(tokens.expect("a credential"));
    let outside = Outside {
        http: Arc::new(transport.vault_client()),
        wires: transport.wires(),
        tokens: tokens.clone(),
        clock: Arc::new(Fixed),
        jitter: Arc::new(Fixed),
    };
    let spec = VaultSpec {
        name: VaultName::parse("app").expect("a name"),
        url: world.fake.vault("app").url().parse().expect("a URL"),
        trusted_by_name: true,
    };
    let mut source = source();
    source.object.vault = spec.id();
    let vault = KeyVault::new(&[spec], outside.clone()).expect("built");
    let object = vault.fetch(&source, &Attempts::new(0)).await.expect("fetched");
    let search = Search::new(&[value, Marker::new("the client secret", secret)]);
    for (what, shown) in [
        debug("FetchedObject", &object),
        debug("Tokens", &tokens),
        debug("the credential", &tokens.as_credential()),
        debug("Outside", &outside),
        debug("KeyVault", &vault),
        debug("Transport", &transport),
    ] {
        assert_eq!(search.find(shown.as_bytes()), None, "{what}");
    }
}

fn debug(what: &str, value: &impl Debug) -> (String, String) {
    (what.to_owned(), format!("{value:?}\n{value:#?}"))
}

/// An error with its causes; panics when there is none.
fn error<T>(what: &str, result: Result<T, impl Error>) -> (String, String) {
    let error = result.err().expect(what);
    let mut shown = vec![format!("{error}\n{error:?}\n{error:#?}")];
    let mut cause = error.source();
    while let Some(error) = cause {
        shown.push(format!("{error}\n{error:?}"));
        cause = error.source();
    }
    (what.to_owned(), shown.join("\n"))
}

fn source() -> Source {
    Source {
        object: ObjectId {
            vault: VaultId {
                name: VaultName::parse("app").expect("a name"),
                host: VaultHost::parse("app.vault.azure.net").expect("a host"),
            },
            kind: ObjectKind::Secret,
            name: ObjectName::parse("db-password").expect("a name"),
        },
        version: VersionSelector::Latest,
    }
}

fn version() -> VersionId {
    VersionId::parse(&"0a".repeat(16)).expect("a version")
}

fn fetched(value: &[u8], content_type: Option<&str>) -> FetchedObject {
    FetchedObject {
        object: source().object,
        version: version(),
        id: "https://contoso.vault.azure.net/secrets/thing/0".to_owned(),
        attributes: Attributes::default(),
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::new(value.to_vec()),
            content_type: content_type.map(str::to_owned),
            backs_certificate: content_type.is_some(),
        }),
    }
}

fn volume(root: &std::path::Path) -> VolumeSpec {
    VolumeSpec {
        path: root.to_owned(),
        layout: Layout::Atomic,
        dir_mode: FileMode::from_bits(0o750),
        owner: None,
        group: None,
    }
}

fn spec(content: Content) -> SyncSpec {
    let file = FileSpec {
        path: RelativePath::parse("db/password").expect("a path"),
        content,
        mode: FileMode::from_bits(0o440),
    };
    SyncSpec {
        identity: IdentitySpec::default(),
        vaults: Vec::new(),
        volume: volume(std::path::Path::new("/nonexistent")),
        refresh: RefreshSpec {
            interval: std::time::Duration::from_mins(2),
            on_start: OnStart::Fresh,
        },
        objects: vec![ObjectSpec {
            wanted: Wanted {
                object: source().object,
                version: VersionPolicy::Latest,
            },
            history: None,
            required: true,
            group: None,
            interval: std::time::Duration::from_mins(2),
            files: vec![file],
        }],
        selections: Vec::new(),
        templates: Vec::new(),
        hooks: Vec::new(),
        admin: AdminSpec::default(),
        per_object: PerObject::default(),
    }
}

/// A clock that stands still, and jitter that is always the same.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-23 05:48:45 UTC)
    }
}

impl Jitter for Fixed {
    fn sample(&self) -> f64 {
        0.5
    }
}
