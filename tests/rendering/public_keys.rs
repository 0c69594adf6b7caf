//! Public keys are written as OpenSSL and OpenSSH write them.

use std::fs;
use std::process::Command;

use akv_sync::domain::desired::KeyFormat;
use akv_sync::domain::fetched::{Curve, PublicKey};

use super::openssl::{OpenSsl, RSA, ec};
use super::render;

/// Makes a key in the file `key`; gives its public half.
fn make_ec(openssl: &OpenSsl, name: &str, curve: Curve) -> PublicKey {
    openssl.run(&format!("genpkey {} -out key", ec(name)));
    let der = openssl.run("pkey -in key -pubout -outform DER");
    let (rest, y) = der.split_at(der.len() - curve.coordinate_len());
    let x = rest[rest.len() - curve.coordinate_len()..].to_vec();
    PublicKey::Ec {
        curve,
        x,
        y: y.to_vec(),
    }
}

/// Likewise.
fn make_rsa(openssl: &OpenSsl) -> PublicKey {
    openssl.run(&format!("genpkey {RSA} -out key"));
    let modulus = String::from_utf8(openssl.run("rsa -in key -noout -modulus")).expect("ASCII");
    let digits = modulus.trim().trim_start_matches("Modulus=");
    let bytes = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal"));
    PublicKey::Rsa {
        n: bytes.collect(),
        e: vec![1, 0, 1],
    }
}

const CURVES: [(&str, Curve); 4] = [
    ("P-256", Curve::P256),
    ("P-384", Curve::P384),
    ("P-521", Curve::P521),
    ("secp256k1", Curve::Secp256k1),
];

#[test]
fn public_keys_are_written_as_openssl_writes_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    let assert_same = |key: &PublicKey, name: &str| {
        let der = openssl.run("pkey -in key -pubout -outform DER");
        assert_eq!(
            render::key(key.clone(), KeyFormat::Der).expect("valid"),
            der,
            "{name}"
        );
        let pem = openssl.run("pkey -in key -pubout");
        assert_eq!(
            render::key(key.clone(), KeyFormat::Pem).expect("valid"),
            pem,
            "{name}"
        );
    };
    for (name, curve) in CURVES {
        assert_same(&make_ec(&openssl, name, curve), name);
    }
    assert_same(&make_rsa(&openssl), "RSA");
}

#[test]
fn ssh_keys_are_written_as_openssh_writes_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    if let Err(error) = Command::new("ssh-keygen").arg("-?").output() {
        println!("SKIPPED: no `ssh-keygen` in PATH ({error}); nothing was compared with OpenSSH");
        return;
    }
    let assert_same = |key: &PublicKey, name: &str| {
        fs::write(openssl.path("public.pem"), openssl.run("pkey -in key -pubout")).expect("writable");
        let theirs = Command::new("ssh-keygen")
            .args(["-i", "-m", "PKCS8", "-f"])
            .arg(openssl.path("public.pem"))
            .output()
            .expect("ssh-keygen was there a moment ago");
        let theirs = String::from_utf8(theirs.stdout).expect("ASCII");
        let ours =
            String::from_utf8(render::key(key.clone(), KeyFormat::Ssh).expect("valid")).expect("ASCII");
        assert_eq!(ours, format!("{} web\n", theirs.trim_end()), "{name}");

        fs::write(openssl.path("ours.pub"), ours).expect("writable");
        let listed = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(openssl.path("ours.pub"))
            .output();
        let listed = listed.expect("ssh-keygen was there a moment ago");
        assert!(
            String::from_utf8_lossy(&listed.stdout).contains(" web ("),
            "{name}"
        );
    };
    for (name, curve) in CURVES {
        let key = make_ec(&openssl, name, curve);
        if curve == Curve::Secp256k1 {
            let refusal = render::key(key, KeyFormat::Ssh)
                .expect_err("OpenSSH has none")
                .to_string();
            assert!(
                refusal.contains("`file`") && refusal.contains("P-256K"),
                "{refusal}"
            );
        } else {
            assert_same(&key, name);
        }
    }
    assert_same(&make_rsa(&openssl), "RSA");
}
