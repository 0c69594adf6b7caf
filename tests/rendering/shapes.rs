//! The same certificate in values of many shapes comes out the same.

use std::fs;

use akv_sync::domain::desired::CertificateContent;

use super::openssl::{OpenSsl, RSA, ec};
use super::render::{PKCS8, certificate};

const PEM: &str = "application/x-pem-file";
const PFX: &str = "application/x-pkcs12";

fn pem(openssl: &OpenSsl, names: &[&str]) -> String {
    let parts: Vec<_> = names.iter().map(|name| openssl.read(name)).collect();
    String::from_utf8(parts.concat()).expect("PEM is ASCII")
}

/// Every order of the elements (Heap's algorithm).
fn orders<T: Copy>(mut elements: Vec<T>) -> Vec<Vec<T>> {
    let mut counters = vec![0; elements.len()];
    let mut all = vec![elements.clone()];
    let mut at = 1;
    while at < elements.len() {
        if counters[at] < at {
            elements.swap(if at % 2 == 0 { 0 } else { counters[at] }, at);
            all.push(elements.clone());
            counters[at] += 1;
            at = 1;
        } else {
            counters[at] = 0;
            at += 1;
        }
    }
    all
}

#[test]
fn the_blocks_of_a_pem_text_may_stand_in_any_order_and_with_any_line_ends() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    let key = openssl.run("pkcs8 -topk8 -nocrypt -in leaf.key");
    let chain = pem(&openssl, &["leaf.pem", "middle.pem"]);
    let all = orders(vec!["leaf.key", "leaf.pem", "middle.pem", "root.pem"]);
    assert_eq!(all.len(), 24);
    for order in all {
        let text = pem(&openssl, &order);
        for text in [text.replace('\n', "\r\n"), text] {
            let part = |wanted| certificate(text.clone(), PEM, wanted).expect("readable");
            assert!(part(PKCS8) == key, "{order:?}");
            let found = part(CertificateContent::FullChain { root: false });
            assert!(found == chain.as_bytes(), "{order:?}");
        }
    }
}

#[test]
fn a_pem_text_whose_line_breaks_were_written_out_is_refused_and_one_without_any_is_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    let text = pem(&openssl, &["leaf.key", "leaf.pem"]);
    for content_type in [PEM, ""] {
        // As JSON and shells leave them.
        let error = certificate(text.replace('\n', "\\n"), content_type, PKCS8).expect_err("no PEM");
        assert!(
            error.to_string().contains("line breaks as the two characters"),
            "{error}"
        );
        // As a form with one line does.
        let one_line = certificate(text.replace('\n', " "), content_type, PKCS8).expect("read");
        assert!(one_line == certificate(text.clone(), content_type, PKCS8).expect("read"));
    }
}

#[test]
fn rsa_keys_of_every_size_that_key_vault_makes_are_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    for bits in [2048, 3072, 4096] {
        let rsa = format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}");
        openssl.make_line(&ec("P-256"), &rsa);
        let value = openssl.try_pfx("-passout pass:").expect("exportable");
        openssl.assert_parts(&value, PFX, &rsa);
    }
}

#[test]
fn duplicates_strangers_and_crossed_signatures_change_nothing() {
    let Some(openssl) = OpenSsl::find() else { return };
    for leaf in [RSA.to_owned(), ec("P-384")] {
        openssl.make("other", &ec("P-256"), None);
        openssl.make_line(&ec("P-256"), &leaf);
        // The same authority, certified by a root that the value does not hold.
        openssl.run(
            "x509 -req -in middle.csr -days 90 -extfile middle.cnf -CA other.pem -CAkey other.key -CAcreateserial \
             -out crossed.pem",
        );
        let names = [
            "crossed.pem",
            "root.pem",
            "leaf.pem",
            "middle.pem",
            "root.pem",
            "middle.pem",
        ];
        fs::write(openssl.path("others.pem"), pem(&openssl, &names)).expect("writable");
        let value = openssl.try_pfx("-passout pass:").expect("exportable");
        openssl.assert_parts(&value, PFX, "PFX");

        // The key of another beside, a revocation list, and the text that OpenSSL prints above a certificate.
        openssl.run("x509 -in leaf.pem -text -out described.pem");
        let names = ["other.key", "leaf.key", "others.pem", "described.pem"];
        let list = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
        let text = list.to_owned() + &pem(&openssl, &names);
        openssl.assert_parts(&text, PEM, "PEM");
    }
}

#[test]
fn certificates_without_key_identifiers_find_their_issuers() {
    let Some(openssl) = OpenSsl::find() else { return };
    // The second's signatures are of a curve on which they cannot be checked here.
    for authorities in [ec("P-256"), ec("P-521")] {
        openssl.make_line(&authorities, &ec("P-256"));
        let bare = |authority| {
            format!(
                "basicConstraints=CA:{authority}\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n"
            )
        };
        for (name, issuer, authority) in [("middle", "root", "TRUE"), ("leaf", "middle", "FALSE")] {
            fs::write(openssl.path("bare.cnf"), bare(authority)).expect("writable");
            openssl.run(&format!(
                "x509 -req -in {name}.csr -days 30 -extfile bare.cnf -CA {issuer}.pem -CAkey {issuer}.key \
                 -CAcreateserial -out {name}.pem"
            ));
            let text = String::from_utf8(openssl.run(&format!("x509 -in {name}.pem -noout -text")));
            assert!(!text.expect("ASCII").contains("Key Identifier"), "{name}");
        }
        fs::write(
            openssl.path("others.pem"),
            pem(&openssl, &["root.pem", "middle.pem"]),
        )
        .expect("writable");
        let value = openssl.try_pfx("-passout pass:").expect("exportable");
        openssl.assert_parts(&value, PFX, &authorities);
    }
}
