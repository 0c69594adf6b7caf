//! Java opens the stores that are written for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use akv_sync::domain::desired::{CertificateContent, StoreFormat};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::openssl::{OpenSsl, RSA, ec};
use super::render::{alias, password_source, with_password};

/// What the lines of refused stores begin with.
const REFUSED: &str = "refused";

/// One store to open, and what must come out.
struct Store {
    sort: &'static str,
    content: CertificateContent,
    password: &'static str,
    expected: String,
}

/// Whether the program is there; says so if not.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("-help").output();
    if let Err(error) = &found {
        println!("SKIPPED: no `{program}` in PATH ({error}); it opened no store");
    }
    found.is_ok()
}

/// The last is one with which Java opens JKS only.
const PASSWORDS: [&str; 3] = ["", "changeit", "p\u{e4}\u{20ac}\u{1f511} ss"];

fn stores(key: &str, certificates: [&str; 3]) -> Vec<Store> {
    let [leaf, middle, root] = certificates;
    let entry = format!("key web-tls {key} {leaf} {middle}");
    let trusted = format!("trusted 1 web-tls {root}");
    let mut stores = Vec::new();
    for password in PASSWORDS {
        let (source, alias) = (Some(password_source()), alias("Web-TLS"));
        let ascii = password.is_ascii();
        for (legacy, root) in [(false, false), (true, false), (false, true)] {
            let tail = if root {
                format!(" {}", certificates[2])
            } else {
                String::new()
            };
            stores.push(Store {
                sort: "PKCS12",
                content: CertificateContent::Pkcs12 {
                    password: source.clone(),
                    alias: alias.clone(),
                    legacy,
                    root,
                },
                password,
                expected: if ascii {
                    entry.clone() + &tail
                } else {
                    REFUSED.to_owned()
                },
            });
        }
        stores.push(Store {
            sort: "JKS",
            content: CertificateContent::Jks {
                password: source.clone(),
                alias: alias.clone(),
            },
            password,
            expected: format!("{entry} {root}"),
        });
        for (sort, format) in [("JKS", StoreFormat::Jks), ("PKCS12", StoreFormat::Pkcs12)] {
            if format == StoreFormat::Jks || ascii {
                stores.push(Store {
                    sort,
                    content: CertificateContent::Truststore {
                        format,
                        password: source.clone(),
                        alias: alias.clone(),
                    },
                    password,
                    expected: trusted.clone(),
                });
            }
        }
    }
    stores
}

/// Renders the stores to files, in pairs with what they are.
fn written(openssl: &OpenSsl, name: &str, leaf: &str) -> Vec<(PathBuf, Store)> {
    openssl.make_line(&ec("P-256"), leaf);
    let encoded = |line: &str| STANDARD.encode(openssl.run(line));
    let key = encoded("pkcs8 -topk8 -nocrypt -in leaf.key -outform DER");
    let certificates =
        ["leaf", "middle", "root"].map(|name| encoded(&format!("x509 -in {name}.pem -outform DER")));
    let value = openssl.try_pfx("-passout pass:").expect("exportable");
    let stores = stores(&key, certificates.each_ref().map(String::as_str));
    let write = |(index, store): (usize, Store)| {
        let file = openssl.path(&format!("{name}-{index}"));
        let content = store.content.clone();
        let bytes = with_password(value.clone(), "application/x-pkcs12", content, store.password);
        fs::write(&file, bytes.expect("renderable")).expect("writable");
        (file, store)
    };
    stores.into_iter().enumerate().map(write).collect()
}

#[test]
fn java_opens_every_store_and_finds_the_key_the_chain_and_what_it_shall_trust() {
    let Some(openssl) = OpenSsl::find() else { return };
    // A runtime without compiler does not start a source file.
    if !is_there("java") || !is_there("javac") {
        return;
    }
    let mut stores = written(&openssl, "rsa", RSA);
    stores.extend(written(&openssl, "ec", &ec("P-256")));
    let mut java = Command::new("java");
    // Starting costs more than the work: no optimising compiler.
    java.arg("-XX:TieredStopAtLevel=1")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendering/Stores.java"));
    for (file, store) in &stores {
        java.arg(store.sort)
            .arg(file)
            .arg(STANDARD.encode(store.password));
    }
    let output = java.output().expect("java was there a moment ago");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let found = String::from_utf8(output.stdout).expect("text");
    assert_eq!(found.lines().count(), stores.len(), "{complaint}");
    for (found, (_, store)) in found.lines().zip(&stores) {
        let Store {
            content,
            password,
            expected,
            ..
        } = store;
        assert!(
            found.starts_with(expected),
            "{content:?} with `{password}`: {found}"
        );
        assert!(
            expected == REFUSED || found == expected,
            "{content:?} with `{password}` holds more: {found}"
        );
    }
}

/// Each keytool is a virtual machine of its own; one store of each sort is enough.
const fn is_variant(content: &CertificateContent) -> bool {
    matches!(
        content,
        CertificateContent::Pkcs12 { legacy: true, .. } | CertificateContent::Pkcs12 { root: true, .. }
    )
}

#[test]
fn keytool_lists_a_store_of_every_sort() {
    let Some(openssl) = OpenSsl::find() else { return };
    if !is_there("keytool") {
        return;
    }
    let stores = written(&openssl, "listed", &ec("P-256"));
    let listings: Vec<_> = stores
        .iter()
        .filter(|(_, store)| store.password == "changeit" && !is_variant(&store.content))
        .map(|(file, store)| {
            let listing = Command::new("keytool")
                .args(["-J-XX:TieredStopAtLevel=1", "-J-Duser.language=en", "-list"])
                .args(["-storepass", store.password, "-keystore"])
                .arg(file)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            (listing.expect("keytool was there a moment ago"), store)
        })
        .collect();
    assert_eq!(listings.len(), 4);
    for (listing, store) in listings {
        let output = listing.wait_with_output().expect("it ends by itself");
        let text = String::from_utf8_lossy(&output.stdout);
        let entry = match store.content {
            CertificateContent::Truststore { .. } => "trustedCertEntry",
            _ => "PrivateKeyEntry",
        };
        assert!(
            text.contains("contains 1 entry") && text.contains("web-tls, ") && text.contains(entry),
            "{:?}: {text}",
            store.content
        );
    }
}
