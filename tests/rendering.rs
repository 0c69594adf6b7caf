//! Rendering judged by others: values that OpenSSL writes, and values that Key Vault answered with.
//!
//! Both tests say so and pass when their judge is absent: `openssl` in `PATH`, the folder in `AKV_SYNC_RECORDINGS`.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a skipped judge is said plainly, and a test reports by panicking"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use akv_sync::domain::fetched::{Attributes, Curve, FetchedContent, FetchedObject, PublicKey, SecretContent};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultName, VersionId, VersionSelector,
};
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::render::{RenderError, render};
use akv_sync::domain::spec::{BundleOrder, CertificateContent, Content, FileSpec, KeyFormat, ObjectSpec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// Renders one file.
fn rendered(kind: ObjectKind, content: FetchedContent, wanted: Content) -> Result<Vec<u8>, RenderError> {
    let object = ObjectId {
        vault: VaultName::parse("app").expect("a name"),
        kind,
        name: ObjectName::parse("web").expect("a name"),
    };
    let file = FileSpec {
        path: RelativePath::parse("file").expect("a path"),
        content: wanted,
        mode: FileMode::parse("0440").expect("a mode"),
    };
    let source = Source {
        object: object.clone(),
        version: VersionSelector::Latest,
    };
    let spec = ObjectSpec {
        source,
        required: true,
        files: vec![file],
    };
    let version = VersionId::parse(&"0".repeat(32)).expect("a version");
    let fetched = FetchedObject {
        object,
        version,
        attributes: Attributes::default(),
        content,
    };
    render(&spec, &fetched).map(|rendered| rendered.files[0].1.expose().to_vec())
}

fn certificate(
    value: String,
    content_type: &str,
    wanted: CertificateContent,
) -> Result<Vec<u8>, RenderError> {
    let content = SecretContent {
        value: value.into(),
        content_type: Some(content_type.to_owned()),
        backs_certificate: true,
    };
    rendered(
        ObjectKind::Certificate,
        FetchedContent::Secret(content),
        Content::Certificate(wanted),
    )
}

/// A directory with keys and certificates that OpenSSL made.
struct OpenSsl {
    directory: TempDir,
}

impl OpenSsl {
    /// `None` when there is no OpenSSL.
    fn find() -> Option<Self> {
        if let Err(error) = Command::new("openssl").arg("version").output() {
            println!("SKIPPED: no `openssl` in PATH ({error}); nothing was compared with OpenSSL");
            return None;
        }
        Some(Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a line of arguments in the directory; gives what it printed, or what it complained of.
    fn try_run(&self, line: &str) -> Result<Vec<u8>, String> {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.directory)
            .output();
        let output = output.expect("openssl was there a moment ago");
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(format!(
                "openssl {line}: {}",
                String::from_utf8_lossy(&output.stderr)
            ))
        }
    }

    fn run(&self, line: &str) -> Vec<u8> {
        self.try_run(line).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Makes `KEY.key` (PKCS#8) and `KEY.pem`, issued by `ISSUER`, or by itself.
    fn make(&self, name: &str, algorithm: &str, issuer: Option<&str>) {
        self.run(&format!("genpkey {algorithm} -out {name}.key"));
        let extensions = format!("{name}.cnf");
        let authority = if name == "leaf" { "FALSE" } else { "TRUE" };
        fs::write(
            self.path(&extensions),
            format!("basicConstraints=CA:{authority}\n"),
        )
        .expect("writable");
        self.run(&format!(
            "req -new -key {name}.key -subj /CN={name} -out {name}.csr"
        ));
        let signer = match issuer {
            Some(issuer) => format!("-CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial"),
            None => format!("-signkey {name}.key"),
        };
        self.run(&format!(
            "x509 -req -in {name}.csr -days 30 -extfile {extensions} {signer} -out {name}.pem"
        ));
    }

    /// Root, intermediate and leaf with the given algorithms for authorities and leaf.
    fn make_line(&self, authorities: &str, leaf: &str) {
        self.make("root", authorities, None);
        self.make("middle", authorities, Some("root"));
        self.make("leaf", leaf, Some("middle"));
        let others = [self.read("root.pem"), self.read("middle.pem")].concat();
        fs::write(self.path("others.pem"), others).expect("writable");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("OpenSSL wrote it")
    }

    /// The leaf's PFX as text, made with `options`.
    fn try_pfx(&self, options: &str) -> Result<String, String> {
        let line = format!(
            "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile others.pem -name web -out leaf.pfx {options}"
        );
        self.try_run(&line)?;
        Ok(STANDARD.encode(self.read("leaf.pfx")))
    }

    /// The key that OpenSSL finds in a recorded PFX.
    fn recorded_key(&self, value: &str) -> Option<Vec<u8>> {
        fs::write(self.path("recorded.pfx"), STANDARD.decode(value).expect("base64")).expect("writable");
        let read =
            self.try_run("pkcs12 -in recorded.pfx -legacy -nocerts -noenc -passin pass: -out recorded.key");
        if let Err(error) = read {
            println!("SKIPPED: {error}");
            return None;
        }
        Some(self.run("pkcs8 -topk8 -nocrypt -in recorded.key"))
    }

    /// Whether the leaf's parts come out of `value` as OpenSSL writes them.
    fn assert_parts(&self, value: &str, content_type: &str, context: &str) {
        let part = |wanted| {
            certificate(value.to_owned(), content_type, wanted)
                .unwrap_or_else(|error| panic!("{context}: {error}"))
        };
        let key = self.run("pkcs8 -topk8 -nocrypt -in leaf.key");
        let full_chain = [self.read("leaf.pem"), self.read("middle.pem")].concat();
        assert!(
            part(CertificateContent::PrivateKey) == key,
            "{context}: private key"
        );
        assert_eq!(
            part(CertificateContent::Leaf),
            self.read("leaf.pem"),
            "{context}: leaf"
        );
        assert_eq!(
            part(CertificateContent::Chain),
            self.read("middle.pem"),
            "{context}: chain"
        );
        assert_eq!(
            part(CertificateContent::FullChain),
            full_chain,
            "{context}: full chain"
        );
        assert_eq!(
            part(CertificateContent::Der),
            self.run("x509 -in leaf.pem -outform DER"),
            "{context}: DER"
        );
        let key_last = part(CertificateContent::Bundle(BundleOrder::KeyLast));
        assert!(key_last == [full_chain, key].concat(), "{context}: bundle");
    }
}

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

fn ec(curve: &str) -> String {
    format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve} -pkeyopt ec_param_enc:named_curve")
}

#[test]
fn every_pfx_that_openssl_writes_without_a_password_is_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), RSA);
    for options in [
        "",
        "-legacy",
        "-descert",
        "-nomac",
        "-keypbe NONE -certpbe NONE",
        "-keypbe NONE -certpbe NONE -nomac",
        "-legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40",
        "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128",
        "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES",
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -nomac",
        "-keypbe aes-128-cbc -certpbe aes-128-cbc",
        "-keypbe aes-192-cbc -certpbe aes-192-cbc",
        "-keypbe des-ede3-cbc -certpbe des-ede3-cbc",
        "-macalg sha1",
        "-macalg sha224",
        "-macalg sha384",
        "-macalg sha512",
        "-nomaciter -noiter",
        "-iter 100000",
        "-LMK -CSP x -keyex",
    ] {
        match openssl.try_pfx(&format!("{options} -passout pass:")) {
            Ok(value) => openssl.assert_parts(&value, "application/x-pkcs12", options),
            // Distributions leave the legacy provider out.
            Err(error) if options.contains("legacy") => println!("SKIPPED: {error}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_openssl_can_write_and_we_do_not_read_is_refused_by_name() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    for (options, expected) in [
        ("-passout pass:secret", "password that is not empty"),
        ("-passout pass:secret -nomac", "password that is not empty"),
        (
            "-passout pass: -legacy -keypbe PBE-SHA1-RC4-128",
            "pbeWithSHAAnd128BitRC4",
        ),
        (
            "-passout pass: -legacy -keypbe PBE-MD5-DES",
            "pbeWithMD5AndDES-CBC",
        ),
        ("-passout pass: -keypbe camellia-256-cbc", "CAMELLIA-256-CBC"),
        ("-passout pass: -macalg md5", "MD5"),
        ("-passout pass: -macalg sha3-256", "SHA3-256"),
        ("-passout pass: -iter 2500000", "rounds of key derivation"),
    ] {
        let value = match openssl.try_pfx(options) {
            Ok(value) => value,
            Err(error) => {
                println!("SKIPPED: {error}");
                continue;
            }
        };
        let error = certificate(value, "application/x-pkcs12", CertificateContent::PrivateKey);
        let error = error.expect_err(options).to_string();
        assert!(error.contains(expected), "{options}: {error}");
    }
}

#[test]
fn keys_and_signatures_of_every_algorithm_are_matched() {
    let Some(openssl) = OpenSsl::find() else { return };
    let small = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    let pss = "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048";
    for (authorities, leaf) in [
        (RSA.to_owned(), ec("P-256")),
        (ec("P-384"), ec("P-384")),
        (ec("P-521"), ec("P-521")),
        (ec("secp256k1"), ec("secp256k1")),
        ("-algorithm ED25519".to_owned(), "-algorithm ED25519".to_owned()),
        ("-algorithm ED448".to_owned(), "-algorithm ED448".to_owned()),
        (small.to_owned(), small.to_owned()),
        (pss.to_owned(), pss.to_owned()),
    ] {
        let context = format!("{authorities} / {leaf}");
        openssl.make_line(&authorities, &leaf);
        let pfx = openssl.try_pfx("-passout pass:").expect("exportable");
        openssl.assert_parts(&pfx, "application/x-pkcs12", &context);

        let parts = ["root.pem", "leaf.key", "middle.pem", "leaf.pem"].map(|name| openssl.read(name));
        let pem = String::from_utf8(parts.concat()).expect("PEM is ASCII");
        openssl.assert_parts(&pem, "application/x-pem-file", &context);
    }
}

#[test]
fn keys_in_their_own_older_formats_come_out_as_openssl_converts_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    for algorithm in [
        RSA.to_owned(),
        ec("P-256"),
        ec("P-384"),
        ec("P-521"),
        ec("secp256k1"),
    ] {
        openssl.make_line(&ec("P-256"), &algorithm);
        let traditional = openssl.run("pkey -in leaf.key -traditional");
        assert!(!traditional.starts_with(b"-----BEGIN PRIVATE"), "{algorithm}");
        let certificates = [openssl.read("leaf.pem"), openssl.read("others.pem")].concat();
        let pem = String::from_utf8([traditional, certificates].concat()).expect("PEM is ASCII");
        openssl.assert_parts(&pem, "application/x-pem-file", &algorithm);
    }
    for curve in ["P-256", "P-384", "P-521", "secp256k1"] {
        openssl.make_line(&ec("P-256"), &ec(curve));
        // Without its public point, the key has to be matched by other means.
        openssl.run("ec -in leaf.key -no_public -out bare.key");
        fs::copy(openssl.path("bare.key"), openssl.path("leaf.key")).expect("writable");
        let parts = ["leaf.key", "others.pem", "leaf.pem"].map(|name| openssl.read(name));
        assert!(parts[0].starts_with(b"-----BEGIN"), "{curve}");
        let pem = String::from_utf8(parts.concat()).expect("PEM is ASCII");
        let leaf = certificate(pem, "application/x-pem-file", CertificateContent::Leaf);
        assert_eq!(
            leaf.unwrap_or_else(|error| panic!("{curve}: {error}")),
            openssl.read("leaf.pem"),
            "{curve}"
        );
    }
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    let encrypted = openssl.run("pkey -in leaf.key -aes256 -passout pass:secret");
    let error = certificate(
        String::from_utf8(encrypted).expect("PEM is ASCII"),
        "application/x-pem-file",
        CertificateContent::PrivateKey,
    );
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("encrypted private key")
    );
}

#[test]
fn a_certificate_without_its_key_still_has_its_public_parts() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), RSA);
    openssl.run("pkcs12 -export -nokeys -in leaf.pem -certfile others.pem -out leaf.pfx -passout pass:");
    let value = STANDARD.encode(openssl.read("leaf.pfx"));
    let part = |wanted| certificate(value.clone(), "application/x-pkcs12", wanted);
    let full_chain = [openssl.read("leaf.pem"), openssl.read("middle.pem")].concat();
    assert_eq!(part(CertificateContent::FullChain).expect("public"), full_chain);
    let error = part(CertificateContent::PrivateKey).expect_err("no key");
    assert!(error.to_string().contains("not exportable"), "{error}");
}

#[test]
fn public_keys_are_written_as_openssl_writes_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    for (name, curve) in [
        ("P-256", Curve::P256),
        ("P-384", Curve::P384),
        ("P-521", Curve::P521),
        ("secp256k1", Curve::P256K),
    ] {
        openssl.run(&format!("genpkey {} -out key", ec(name)));
        let der = openssl.run("pkey -in key -pubout -outform DER");
        let (rest, y) = der.split_at(der.len() - curve.coordinate_len());
        let x = rest[rest.len() - curve.coordinate_len()..].to_vec();
        let key = FetchedContent::Key(PublicKey::Ec {
            curve,
            x,
            y: y.to_vec(),
        });
        let form = |format| rendered(ObjectKind::Key, key.clone(), Content::Key(format)).expect("valid");
        assert_eq!(form(KeyFormat::Der), der, "{name}");
        assert_eq!(
            form(KeyFormat::Pem),
            openssl.run("pkey -in key -pubout"),
            "{name}"
        );
    }
    openssl.run(&format!("genpkey {RSA} -out key"));
    let modulus = String::from_utf8(openssl.run("rsa -in key -noout -modulus")).expect("ASCII");
    let digits = modulus.trim().trim_start_matches("Modulus=");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    let n = (0..digits.len()).step_by(2).map(byte).collect();
    let key = FetchedContent::Key(PublicKey::Rsa { n, e: vec![1, 0, 1] });
    let form = |format| rendered(ObjectKind::Key, key.clone(), Content::Key(format)).expect("valid");
    assert_eq!(
        form(KeyFormat::Der),
        openssl.run("pkey -in key -pubout -outform DER")
    );
    assert_eq!(form(KeyFormat::Pem), openssl.run("pkey -in key -pubout"));
}

#[test]
fn every_recorded_certificate_secret_is_read() {
    let Some(folder) = std::env::var_os("AKV_SYNC_RECORDINGS") else {
        println!("SKIPPED: AKV_SYNC_RECORDINGS is unset; no recorded answer was read");
        return;
    };
    let openssl = OpenSsl::find();
    let mut read = 0;
    for entry in fs::read_dir(&folder).expect("AKV_SYNC_RECORDINGS names a folder") {
        let path = entry.expect("readable").path();
        let Some((value, content_type)) = certificate_secret(&path) else {
            continue;
        };
        let part = |wanted| {
            let part = certificate(value.clone(), &content_type, wanted);
            String::from_utf8(part.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
                .expect("PEM")
        };
        let key = part(CertificateContent::PrivateKey);
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        if let Some(openssl) = openssl.as_ref().filter(|_| content_type.ends_with("pkcs12")) {
            assert!(
                openssl
                    .recorded_key(&value)
                    .is_none_or(|theirs| theirs == key.as_bytes()),
                "{}",
                path.display()
            );
        }
        let full_chain = part(CertificateContent::FullChain);
        assert_eq!(
            full_chain,
            part(CertificateContent::Leaf) + &part(CertificateContent::Chain)
        );
        read += 1;
    }
    println!("{read} recorded certificates were read");
    assert!(read > 0, "the folder holds no recorded certificate");
}

/// Value and `contentType` of a recorded answer that is a certificate's secret.
fn certificate_secret(path: &Path) -> Option<(String, String)> {
    if path.extension() != Some(OsStr::new("json")) {
        return None;
    }
    let recording: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let body: serde_json::Value = serde_json::from_str(recording["response"]["body"].as_str()?).ok()?;
    let content_type = body["contentType"].as_str()?;
    let is_certificate = matches!(content_type, "application/x-pkcs12" | "application/x-pem-file");
    let value = body["value"].as_str().filter(|_| is_certificate)?;
    Some((value.to_owned(), content_type.to_owned()))
}
