//! What the files of a certificate cost, in seconds of one core: `cargo run --release --example rendering`.
//!
//! It makes 100 certificates for one RSA key of 2048 bits below an intermediate and a root, and renders each as a pass
//! does: from PEM, from PFX values as Key Vault stores them (3DES, 2,000 rounds of key derivation), and from PFX values
//! of as many rounds as this program writes. Without `--release` the figures say nothing of the program. Azure takes no
//! part, and nothing is sent.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::error::Error;
use std::time::Duration;

use akv_sync::domain::desired::{
    Alias, CertificateContent, Content, FileSpec, KeyForm, PasswordSource, StoreFormat,
};
use akv_sync::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{ObjectId, ObjectKind, ObjectName, VaultHost, VaultId, VaultName, VersionId};
use akv_sync::domain::path::RelativePath;
use akv_sync::render::{Passwords, render_object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure::{
    CertificateFormat, CertificateIssuer, CertificateOptions, FakeAzure, FakeOptions, KeyType, PfxEncoding,
};
use keystore::ITERATIONS;
use nix::time::{ClockId, clock_gettime};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rsa::pkcs8::EncodePrivateKey;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CERTIFICATES: usize = 100;
const RUNS: usize = 7;

fn main() -> Outcome<()> {
    let pem = certificates()?;
    let stored = pem
        .iter()
        .map(|object| stored_as_pfx(object))
        .collect::<Outcome<Vec<_>>>()?;
    let of_key_vault = as_key_vault_stores()?;
    let key = CertificateContent::PrivateKey {
        form: KeyForm::Pkcs8,
        password: None,
    };
    let chain = CertificateContent::FullChain { root: false };
    let rows = [
        (
            "fullChain, privateKey, pkcs12",
            vec![chain.clone(), key.clone(), pkcs12(false)],
        ),
        ("fullChain, privateKey", vec![chain, key]),
        ("pkcs12", vec![pkcs12(false)]),
        ("pkcs12, legacy", vec![pkcs12(true)]),
        ("jks", vec![jks()]),
        ("truststore", vec![trust_store()]),
        ("privateKey under a password", vec![encrypted_key()]),
    ];
    println!("{CERTIFICATES} certificates, {ITERATIONS} rounds of key derivation, median of {RUNS} runs\n");
    println!(
        "| Files | CPU, values in PEM | CPU, PFX of Key Vault | CPU, PFX of as many rounds |\n|---|---|---|---|"
    );
    for (name, contents) in rows {
        let [of_pem, of_key_vault, of_pfx] = [
            median(&pem, &contents)?,
            median(&of_key_vault, &contents)?,
            median(&stored, &contents)?,
        ];
        println!("| {name} | {of_pem:.3} s | {of_key_vault:.3} s | {of_pfx:.3} s |");
    }
    Ok(())
}

fn password() -> PasswordSource {
    PasswordSource::File("/run/password".into())
}

fn alias() -> Alias {
    Alias::parse("web").expect("an alias")
}

fn pkcs12(legacy: bool) -> CertificateContent {
    CertificateContent::Pkcs12 {
        password: Some(password()),
        alias: alias(),
        legacy,
        root: false,
    }
}

fn jks() -> CertificateContent {
    CertificateContent::Jks {
        password: Some(password()),
        alias: alias(),
    }
}

fn trust_store() -> CertificateContent {
    CertificateContent::Truststore {
        format: StoreFormat::Pkcs12,
        password: Some(password()),
        alias: alias(),
    }
}

fn encrypted_key() -> CertificateContent {
    CertificateContent::PrivateKey {
        form: KeyForm::Pkcs8,
        password: Some(password()),
    }
}

/// CPU seconds of this thread for the files of all objects.
fn median(objects: &[FetchedObject], contents: &[CertificateContent]) -> Outcome<f64> {
    let files = files(contents)?;
    let passwords = Passwords::from([(password(), "changeit".to_owned().into())]);
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let before = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
        for object in objects {
            render_object(&files, object, &passwords)?;
        }
        let spent = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)? - before;
        runs.push(Duration::from(spent).as_secs_f64());
    }
    runs.sort_by(f64::total_cmp);
    Ok(runs[RUNS / 2])
}

fn files(contents: &[CertificateContent]) -> Outcome<Vec<FileSpec>> {
    let file = |(index, content): (usize, &CertificateContent)| {
        Ok(FileSpec {
            path: RelativePath::parse(&format!("file-{index}"))?,
            content: Content::Certificate(content.clone()),
            mode: FileMode::parse("0440")?,
        })
    };
    contents.iter().enumerate().map(file).collect()
}

/// The certificates as PEM text, leaf last, as the worst case of what Key Vault holds.
fn certificates() -> Outcome<Vec<FetchedObject>> {
    let (root_params, root_key) = (params("root", true)?, KeyPair::generate()?);
    let root_der = root_params.self_signed(&root_key)?.pem();
    let root = Issuer::new(root_params, root_key);
    let (middle_params, middle_key) = (params("middle", true)?, KeyPair::generate()?);
    let middle_der = middle_params.signed_by(&middle_key, &root)?.pem();
    let middle = Issuer::new(middle_params, middle_key);

    let rsa = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?.to_pkcs8_der()?;
    let key = KeyPair::try_from(rsa.as_bytes())?;
    let certificates = (0..CERTIFICATES).map(|index| {
        let leaf = params(&format!("leaf {index}"), false)?.signed_by(&key, &middle)?;
        let value = [
            key.serialize_pem(),
            root_der.clone(),
            middle_der.clone(),
            leaf.pem(),
        ]
        .concat();
        object(value)
    });
    certificates.collect()
}

fn params(name: &str, authority: bool) -> Outcome<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    Ok(params)
}

/// As many certificates, in the form that Key Vault gives a new one since 2024.
fn as_key_vault_stores() -> Outcome<Vec<FetchedObject>> {
    let fake = FakeAzure::start(FakeOptions::default())?;
    let vault = fake.vault("app");
    let options = CertificateOptions {
        key_type: KeyType::Rsa2048,
        format: CertificateFormat::Pfx(PfxEncoding::TripleDes2024),
        issuer: CertificateIssuer::AuthorityWithRoot,
        ..CertificateOptions::default()
    };
    let certificates = (0..CERTIFICATES).map(|index| {
        let name = format!("web-{index}");
        vault.create_certificate(&name, &options);
        object(vault.secret_value(&name).ok_or("no value")?)
    });
    certificates.collect()
}

/// The same certificate in a PFX of our own, with five times Key Vault's rounds.
fn stored_as_pfx(object: &FetchedObject) -> Outcome<FetchedObject> {
    let store = CertificateContent::Pkcs12 {
        password: None,
        alias: alias(),
        legacy: false,
        root: true,
    };
    let rendered = render_object(&files(&[store])?, object, &Passwords::new())?;
    self::object(STANDARD.encode(rendered.files[0].1.expose()))
}

fn object(value: String) -> Outcome<FetchedObject> {
    Ok(FetchedObject {
        object: ObjectId {
            vault: VaultId {
                name: VaultName::parse("app")?,
                host: VaultHost::parse("contoso.vault.azure.net")?,
            },
            kind: ObjectKind::Certificate,
            name: ObjectName::parse("web")?,
        },
        version: VersionId::parse(&"0".repeat(32))?,
        id: "https://contoso.vault.azure.net/secrets/web/0".to_owned(),
        attributes: Attributes::default(),
        content: FetchedContent::Secret(SecretContent {
            value: value.into(),
            content_type: None,
            backs_certificate: true,
        }),
    })
}
