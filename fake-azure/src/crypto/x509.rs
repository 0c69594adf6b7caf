//! X.509 certificates (RFC 5280), made for the vault's certificates of every key type.

use std::net::IpAddr;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use time::OffsetDateTime;
use time::macros::format_description;

use super::der;
use super::key::{KeyPair, KeyType};
use crate::ids;

/// What a certificate is to say.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// `CN=..., O=...`.
    pub(crate) subject: String,
    /// Alternative names; what parses as an address becomes one.
    pub(crate) names: Vec<String>,
    /// Seconds since the epoch, below 2050.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) is_ca: bool,
}

/// A certificate and the key that it certifies.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) key: KeyPair,
    subject: String,
    pub(crate) der: Vec<u8>,
}

impl Identity {
    /// A certificate that is signed with its own key.
    pub(crate) fn self_signed(key: KeyPair, template: &Template) -> Self {
        let der = certificate(&key, template, &key, &template.subject);
        Self {
            key,
            subject: template.subject.clone(),
            der,
        }
    }

    /// A certificate that this identity signs.
    pub(crate) fn issue(&self, key: KeyPair, template: &Template) -> Self {
        let der = certificate(&key, template, &self.key, &self.subject);
        Self {
            key,
            subject: template.subject.clone(),
            der,
        }
    }
}

/// An authority of two levels, for certificates with a chain.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    pub(crate) root: Identity,
    pub(crate) intermediate: Identity,
}

impl Hierarchy {
    pub(crate) fn new(now: i64) -> Self {
        let template = |subject: &str| Template {
            subject: subject.to_owned(),
            names: Vec::new(),
            not_before: now - 86_400,
            not_after: now + 3650 * 86_400,
            is_ca: true,
        };
        let root = Identity::self_signed(
            KeyPair::generate(KeyType::P256),
            &template("CN=Fake Root, O=Contoso"),
        );
        let intermediate = root.issue(
            KeyPair::generate(KeyType::P256),
            &template("CN=Fake Issuing CA, O=Contoso"),
        );
        Self { root, intermediate }
    }
}

fn certificate(key: &KeyPair, template: &Template, signer: &KeyPair, issuer: &str) -> Vec<u8> {
    let mut serial = ids::random_bytes::<16>();
    serial[0] &= 0x7f;
    let body = der::sequence(&[
        der::tagged(0, &der::integer(2)),
        der::unsigned(&serial),
        signer.signature_algorithm(),
        name(issuer),
        der::sequence(&[time(template.not_before), time(template.not_after)]),
        name(&template.subject),
        key.public_key_info(),
        der::tagged(3, &der::sequence(&extensions(key, template, signer))),
    ]);
    let signature = signer.sign(&body);
    der::sequence(&[body, signer.signature_algorithm(), der::bits(&signature)])
}

fn extensions(key: &KeyPair, template: &Template, signer: &KeyPair) -> Vec<Vec<u8>> {
    let constraints = if template.is_ca {
        vec![der::boolean(true)]
    } else {
        Vec::new()
    };
    // keyCertSign and cRLSign, or digitalSignature and keyEncipherment.
    let usage = der::named_bits(if template.is_ca { 0x06 } else { 0xa0 });
    let mut extensions = vec![
        extension("2.5.29.15", true, &usage),
        extension("2.5.29.19", true, &der::sequence(&constraints)),
        extension("2.5.29.14", false, &der::octets(&key_id(key))),
        extension(
            "2.5.29.35",
            false,
            &der::sequence(&[der::implicit(0, &key_id(signer))]),
        ),
    ];
    if !template.is_ca {
        let purposes = der::sequence(&[der::oid("1.3.6.1.5.5.7.3.1"), der::oid("1.3.6.1.5.5.7.3.2")]);
        extensions.push(extension("2.5.29.37", false, &purposes));
    }
    if !template.names.is_empty() {
        let names: Vec<_> = template.names.iter().map(|name| alternative_name(name)).collect();
        extensions.push(extension("2.5.29.17", false, &der::sequence(&names)));
    }
    extensions
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::oid(oid)];
    if critical {
        parts.push(der::boolean(true));
    }
    parts.push(der::octets(value));
    der::sequence(&parts)
}

fn alternative_name(name: &str) -> Vec<u8> {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => der::implicit(7, &address.octets()),
        Ok(IpAddr::V6(address)) => der::implicit(7, &address.octets()),
        Err(_) => der::implicit(2, name.as_bytes()),
    }
}

fn key_id(key: &KeyPair) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, &key.public_key_info())
        .as_ref()
        .to_vec()
}

/// A distinguished name; a part whose type is not known is left out.
fn name(text: &str) -> Vec<u8> {
    let parts = text.split(',').filter_map(|part| part.trim().split_once('='));
    let relative: Vec<_> = parts.filter_map(|(kind, value)| attribute(kind, value)).collect();
    der::sequence(&relative)
}

fn attribute(kind: &str, value: &str) -> Option<Vec<u8>> {
    let oid = match kind.to_ascii_uppercase().as_str() {
        "CN" => "2.5.4.3",
        "C" => "2.5.4.6",
        "L" => "2.5.4.7",
        "ST" => "2.5.4.8",
        "O" => "2.5.4.10",
        "OU" => "2.5.4.11",
        _ => return None,
    };
    let value = if oid == "2.5.4.6" {
        der::printable(value)
    } else {
        der::utf8(value)
    };
    Some(der::set(&[der::sequence(&[der::oid(oid), value])]))
}

fn time(second: i64) -> Vec<u8> {
    let format = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let text = OffsetDateTime::from_unix_timestamp(second)
        .ok()
        .and_then(|instant| instant.format(format).ok());
    der::utc_time(&text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    fn template() -> Template {
        Template {
            subject: "CN=web.contoso.com, O=Contoso".to_owned(),
            names: vec!["web.contoso.com".to_owned(), "127.0.0.1".to_owned()],
            not_before: 1_700_000_000,
            not_after: 1_800_000_000,
            is_ca: false,
        }
    }

    #[test]
    fn another_parser_reads_the_certificate() {
        let hierarchy = Hierarchy::new(1_700_000_000);
        let leaf = hierarchy
            .intermediate
            .issue(KeyPair::generate(KeyType::P521), &template());
        let (rest, parsed) = X509Certificate::from_der(&leaf.der).expect("a certificate");
        assert!(rest.is_empty());
        assert_eq!(parsed.subject().to_string(), "CN=web.contoso.com, O=Contoso");
        assert_eq!(parsed.issuer().to_string(), "CN=Fake Issuing CA, O=Contoso");
        assert_eq!(parsed.validity().not_before.timestamp(), 1_700_000_000);
        let names = parsed
            .subject_alternative_name()
            .expect("readable")
            .expect("there");
        assert_eq!(names.value.general_names.len(), 2);
    }

    #[test]
    fn the_signatures_hold() {
        let hierarchy = Hierarchy::new(1_700_000_000);
        let (_, root) = X509Certificate::from_der(&hierarchy.root.der).expect("a certificate");
        let (_, intermediate) =
            X509Certificate::from_der(&hierarchy.intermediate.der).expect("a certificate");
        assert!(intermediate.verify_signature(Some(root.public_key())).is_ok());
        let ed25519 = Identity::self_signed(KeyPair::generate(KeyType::Ed25519), &template());
        let (_, ed25519) = X509Certificate::from_der(&ed25519.der).expect("a certificate");
        assert!(ed25519.verify_signature(None).is_ok());
        let leaf = Identity::self_signed(KeyPair::generate(KeyType::P384), &template());
        let (_, leaf) = X509Certificate::from_der(&leaf.der).expect("a certificate");
        assert!(leaf.verify_signature(None).is_ok());
    }
}
