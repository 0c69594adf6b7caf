//! Forms of secrets and of certificates as files: what the manifest can ask for beside the plain ones.

use std::collections::BTreeMap;
use std::fs;

use fake_azure::{CertificateFormat, CertificateIssuer, CertificateOptions, PfxEncoding, SecretOptions};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn bytes(world: &World, path: &str) -> Vec<u8> {
    fs::read(world.path("volume").join(path)).expect("published")
}

#[test]
fn a_secret_is_decoded_as_its_tag_says_unless_the_manifest_does() {
    let world = World::new();
    let options = SecretOptions {
        tags: BTreeMap::from([("file-encoding".to_owned(), "base64".to_owned())]),
        ..SecretOptions::default()
    };
    world.fake.vault("app").set_secret_with("a", "AP8=", options);
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a }, { name: a, path: text, encoding: utf-8 }]",
    );
    synced(&world);
    assert_eq!(bytes(&world, "a"), [0, 255]);
    assert_eq!(world.text("text").as_deref(), Some("AP8="));
}

#[test]
fn a_property_is_trimmed_and_ended_when_asked_and_never_otherwise() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("json", "{\"a\": {\"b\": \" text \", \"n\": 1.10}}");
    vault.set_secret("plain", " text \n");
    world.manifest_with(
        BY_HAND,
        "secrets:\n\
         - { name: json, path: raw, property: /a/b }\n\
         - { name: json, path: trimmed, property: /a/b, trim: true, newline: true }\n\
         - { name: json, path: number, property: /a/n }\n\
         - { name: plain }\n\
         - { name: plain, path: ended, newline: true }\n",
    );
    synced(&world);
    for (path, text) in [
        ("raw", " text "),
        ("trimmed", "text\n"),
        ("number", "1.10"),
        ("plain", " text \n"),
        ("ended", " text \n"),
    ] {
        assert_eq!(world.text(path).as_deref(), Some(text), "{path}");
    }
}

#[test]
fn a_pfx_kept_as_a_plain_secret_is_a_certificate_when_it_is_listed_as_one() {
    let world = World::new();
    let options = CertificateOptions {
        issuer: CertificateIssuer::Authority,
        format: CertificateFormat::Pfx(PfxEncoding::TripleDes2024),
        ..CertificateOptions::default()
    };
    world.fake.vault("app").set_certificate_as_secret("web", &options);
    world.manifest_with(
        BY_HAND,
        "certificates: [{ name: web, files: [{ path: crt, content: fullChain }, { path: key, content: privateKey }] }]\n\
         secrets: [{ name: web, path: text }]",
    );
    synced(&world);
    assert_eq!(
        world
            .text("crt")
            .expect("published")
            .matches("BEGIN CERTIFICATE")
            .count(),
        2
    );
    assert!(
        world
            .text("key")
            .expect("published")
            .starts_with("-----BEGIN PRIVATE KEY-----")
    );
    assert!(world.text("text").expect("published").starts_with("MII"));
}

/// Key stores are made anew when the certificate or the password changed, and not otherwise.
#[test]
fn a_key_store_follows_its_certificate_and_its_password() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.create_certificate("web", &CertificateOptions::default());
    vault.set_secret("password", "first");
    fs::write(world.path("password"), "from a file\n").expect("written");
    let file = world.path("password");
    world.manifest_with(
        BY_HAND,
        &format!(
            "certificates:\n- name: web\n  files:\n\
             \x20 - {{ path: web.p12, content: pkcs12, passwordFrom: {{ secret: password }} }}\n\
             - name: web\n  files:\n\
             \x20 - {{ path: web.jks, content: jks, passwordFrom: {{ file: \"{}\" }} }}\n",
            file.display()
        ),
    );
    let mut running = world.run();
    running.event("Ready");
    let stores = |world: &World| (bytes(world, "web.p12"), bytes(world, "web.jks"));
    let first = stores(&world);
    let generation = world.generation();
    running.sync();
    assert_eq!(world.generation(), generation, "nothing changed");

    vault.set_secret("password", "second");
    running.sync();
    let second = stores(&world);
    assert_ne!(second.0, first.0);
    assert_eq!(second.1, first.1);

    fs::write(&file, "another").expect("written");
    running.sync();
    let third = stores(&world);
    assert_eq!(third.0, second.0);
    assert_ne!(third.1, second.1);

    fs::remove_file(&file).expect("removed");
    running.sync();
    assert_eq!(stores(&world), third, "last known good");
    let (status, log) = running.stop();
    assert_eq!(status.code(), Some(0));
    assert!(
        log.iter().any(|line| line.contains("passwordUnreadable")),
        "{log:#?}"
    );

    // A restart makes the store again, since it cannot know whether the file's password changed, and finds the same bytes.
    fs::write(&file, "another").expect("written");
    let generation = world.generation();
    synced(&world);
    assert_eq!(world.generation(), generation);
}
