//! A vault with an object of every sort, all of which can be published.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure::{CertificateFormat, CertificateOptions, KeyOptions, PfxEncoding};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;

use super::search::Marker;
use super::traces::{Traces, admin};
use crate::support::World;

/// The password of a key store that is in no file on the volume.
pub(super) const FILE_PASSWORD: &str = "the password of a key store";

/// Puts new values of every sort into the vault and the manifest; gives those that have a text.
pub(super) fn stock(world: &World) -> Vec<Marker> {
    let vault = world.fake.vault("app");
    let password = Marker::plain(FILE_PASSWORD);
    let values = ["utf-8", "base64", "hex"].map(|name| Marker::random(format!("the {name} value")));
    vault.set_secret("text", values[0].text());
    vault.set_secret("base64", &STANDARD.encode(&values[1].value));
    vault.set_secret("hex", &values[2].hex());
    vault.create_key("token-signing", &KeyOptions::default());
    let (mut certificates, mut copies) = (Vec::new(), Vec::new());
    for (name, format) in [
        ("pem", CertificateFormat::Pem),
        ("pfx-2018", CertificateFormat::Pfx(PfxEncoding::Legacy2018)),
        ("pfx-2024", CertificateFormat::Pfx(PfxEncoding::TripleDes2024)),
        ("pfx-modern", CertificateFormat::Pfx(PfxEncoding::Modern)),
    ] {
        let options = CertificateOptions {
            format,
            ..CertificateOptions::default()
        };
        vault.create_certificate(name, &options);
        certificates.push(format!(
            "  - {{ name: {name}, files: [{{ path: {name}/tls.crt, content: fullChain }}, \
             {{ path: {name}/tls.key, content: privateKey }}, {{ path: {name}/tls.pem, content: bundle }}, \
             {{ path: {name}/tls.p12, content: pkcs12, passwordFrom: {{ secret: text }} }}, \
             {{ path: {name}/tls.jks, content: jks, passwordFrom: {{ file: \"{password}\" }} }}, \
             {{ path: {name}/metadata.json, content: metadata }}] }}\n",
            password = world.path("keystore-password").display(),
        ));
        copies.push(format!("  - {{ name: {name}, path: {name}/stored }}\n"));
    }
    let (certificates, copies) = (certificates.concat(), copies.concat());
    fs::write(world.path("keystore-password"), password.text()).expect("written");
    world.manifest_with(&format!("refresh: {{ interval: 10s }}\n{}", admin(world)), &format!(
        "templates:\n  - {{ path: all.conf, template: \"{{{{ secret('text') | json }}}} {{{{ certificate('pem').privateKey }}}}\" }}\n\
         \x20 - {{ path: all.env, format: dotenv, values: [{{ key: TEXT, secret: text }}] }}\n\
         secrets:\n  - {{ select: {{ prefix: tex }}, pathTemplate: \"picked/{{name}}\" }}\n\
         \x20 - {{ name: text, path: about/metadata.json, content: metadata }}\n  - {{ name: text, path: history, history: 2 }}\n\
         \x20 - {{ name: text }}\n  - {{ name: base64, encoding: base64 }}\n  - {{ name: hex, encoding: hex }}\n\
         {copies}certificates:\n{certificates}keys:\n  - {{ name: token-signing, path: key.pem }}"
    ));
    values.into_iter().chain([password]).collect()
}

/// The private keys and PFX files on the volume: the fake makes them and keeps them to itself.
pub(super) fn published(traces: &Traces) -> Vec<Marker> {
    let data = traces.volume.join("..data");
    let keys = ["pem", "pfx-2018", "pfx-2024", "pfx-modern"].map(|name| {
        let text = fs::read(data.join(name).join("tls.key")).expect("published");
        let key = PrivatePkcs8KeyDer::from_pem_slice(&text).expect("a key");
        let der = key.secret_pkcs8_der();
        // RFC 5915: the private number follows version 1, as 32 bytes.
        let before = [2, 1, 1, 4, 32];
        let at = der.windows(before.len()).position(|window| window == before);
        let number = at.expect("a P-256 key") + before.len();
        Marker::new(format!("the key of {name}"), &der[number..number + 32])
    });
    let stored = ["pfx-2018", "pfx-2024", "pfx-modern"].map(|name| {
        let text = fs::read(data.join(name).join("stored")).expect("published");
        Marker::new(format!("the PFX of {name}"), text)
    });
    stored.into_iter().chain(keys).collect()
}
