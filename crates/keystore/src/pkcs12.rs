//! PKCS#12 stores (RFC 7292) as OpenSSL, Java, Windows and Go read them.
//!
//! Certificates first, then the key, each in a safe of its own; the key in a shrouded bag, the certificates in encrypted
//! contents; a MAC over both.

use der::asn1::ObjectIdentifier;
use encoding::SecretBytes;
use hmac::{Hmac, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::appendix_b::{self, Purpose};
use super::asn1::{algorithm, bmp_string, explicit_0, integer, octets, oid, sequence, set, tlv};
use super::encryption::{Encrypted, encrypt};
use super::password::StorePassword;
use super::salts::{KEY_SALTS, Salts};
use super::{ITERATIONS, KeyEntry, Strength};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// Oracle's attribute: the purposes that a certificate is trusted for. Java passes over certificates without it.
const TRUSTED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Gives a store with one key and its certificates.
pub fn key_store(entry: &KeyEntry<'_>, password: &StorePassword, strength: Strength) -> SecretBytes {
    let sort = match strength {
        Strength::Modern => "pkcs12",
        Strength::Legacy => "pkcs12 legacy",
    };
    let parts = [entry.alias.as_bytes()].into_iter().chain(entry.certificates());
    let salts = Salts::new(entry.key.expose(), sort, parts);

    // The mark that ties the two together is the one that OpenSSL writes.
    let mark = attribute(LOCAL_KEY_ID, &octets(&Sha1::digest(entry.leaf)));
    let attributes = set(vec![mark, attribute(FRIENDLY_NAME, &bmp_string(entry.alias))]);
    let leaf = certificate_bag(entry.leaf, &attributes);
    let chain: Vec<u8> = entry
        .chain
        .iter()
        .flat_map(|der| certificate_bag(der, &[]))
        .collect();
    let certificates = encrypt(
        strength,
        password,
        &sequence(&[&leaf, &chain]),
        &salts,
        CERTIFICATE_SALTS,
    );
    let key = encrypt(strength, password, entry.key.expose(), &salts, KEY_SALTS).key_info();
    let key_bag = sequence(&[&oid(SHROUDED_KEY_BAG), &explicit_0(&key), &attributes]);
    let safes = sequence(&[&encrypted_data(&certificates), &data(&sequence(&[&key_bag]))]);
    with_mac(&safes, password, strength, &salts)
}

/// Gives a store with one certificate that Java trusts for every purpose.
pub fn trust_store(certificate: &[u8], alias: &str, password: &StorePassword) -> SecretBytes {
    let salts = Salts::new(&[], "pkcs12 trust", [alias.as_bytes(), certificate]);
    let attributes = set(vec![
        attribute(FRIENDLY_NAME, &bmp_string(alias)),
        attribute(TRUSTED_KEY_USAGE, &oid(ANY_PURPOSE)),
    ]);
    let bags = sequence(&[&certificate_bag(certificate, &attributes)]);
    let safe = if password.is_empty() {
        // `javax.net.ssl.trustStore` without a password: Java opens the store with none, and passes over what is
        // encrypted. The certificate is public, and the MAC stays.
        data(&bags)
    } else {
        encrypted_data(&encrypt(
            Strength::Modern,
            password,
            &bags,
            &salts,
            CERTIFICATE_SALTS,
        ))
    };
    let safes = sequence(&[&safe]);
    with_mac(&safes, password, Strength::Modern, &salts)
}

const CERTIFICATE_SALTS: [&str; 2] = ["certificates salt", "certificates iv"];

/// `SafeBag` with a `CertBag`; `attributes` is a set, or empty.
fn certificate_bag(der: &[u8], attributes: &[u8]) -> Vec<u8> {
    let value = sequence(&[&oid(X509_CERTIFICATE), &explicit_0(&octets(der))]);
    sequence(&[&oid(CERT_BAG), &explicit_0(&value), attributes])
}

fn attribute(identifier: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(identifier), &set(vec![value.to_vec()])])
}

/// `ContentInfo` of octets (RFC 5652, section 4).
fn data(content: &[u8]) -> Vec<u8> {
    sequence(&[&oid(DATA), &explicit_0(&octets(content))])
}

/// `ContentInfo` of `EncryptedData` (RFC 5652, section 8).
fn encrypted_data(encrypted: &Encrypted) -> Vec<u8> {
    let content = tlv(0x80, &[&encrypted.data]);
    let info = sequence(&[&oid(DATA), &encrypted.algorithm, &content]);
    let encrypted_data = sequence(&[&integer(0), &info]);
    sequence(&[&oid(ENCRYPTED_DATA), &explicit_0(&encrypted_data)])
}

/// `PFX`: the safes, and a MAC over them.
fn with_mac(safes: &[u8], password: &StorePassword, strength: Strength, salts: &Salts) -> SecretBytes {
    let password = password.terminated_utf16();
    let salt: [u8; 16] = salts.derive("mac salt");
    let (hash, tag) = match strength {
        Strength::Modern => {
            let key = appendix_b::derive::<Sha256>(&password, &salt, Purpose::Mac, ITERATIONS, 32);
            (SHA256, tag::<Hmac<Sha256>>(&key, safes))
        }
        Strength::Legacy => {
            let key = appendix_b::derive::<Sha1>(&password, &salt, Purpose::Mac, ITERATIONS, 20);
            (SHA1, tag::<Hmac<Sha1>>(&key, safes))
        }
    };
    let digest = sequence(&[&algorithm(hash), &octets(&tag)]);
    let mac = sequence(&[&digest, &octets(&salt), &integer(ITERATIONS)]);
    SecretBytes::new(sequence(&[&integer(3), &data(safes), &mac]))
}

fn tag<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = <M as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}
