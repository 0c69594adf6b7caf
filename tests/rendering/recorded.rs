//! Values that Key Vault answered with are read.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use akv_sync::domain::desired::CertificateContent;

use super::openssl::OpenSsl;
use super::render::{PKCS8, certificate};

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
        let key = part(PKCS8);
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
        let full_chain = part(CertificateContent::FullChain { root: false });
        assert_eq!(
            full_chain,
            part(CertificateContent::Leaf) + &part(CertificateContent::Chain { root: false })
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
