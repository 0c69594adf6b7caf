//! How a certificate comes to be: a key, a chain, and the secret that holds both.

use std::collections::BTreeMap;

use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Vault;
use super::keys::{HSM_PLATFORM, Key, default_operations};
use super::policy::{Policy, Sans, SecretForm};
use super::secrets::{self, NewSecret, Secret};
use super::shelf::{Attributes, Tags, Version};
use crate::clock::Clock;
use crate::crypto::key::{KeyPair, KeyType};
use crate::crypto::pfx::{self, PfxEncoding};
use crate::crypto::x509::{Identity, Template};
use crate::crypto::{pem, read_pem};
use crate::http::{base64, from_base64};
use crate::ids;

/// The content of a version of a certificate. Its key and its secret are objects of their own with the same version.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    /// The leaf.
    pub(crate) der: Vec<u8>,
    pub(crate) policy: Policy,
    /// What the next version is made from; `None` for an imported one.
    pub(crate) options: Option<CertificateOptions>,
}

/// What a certificate is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateOptions {
    /// Parts separated by commas: `CN=web.contoso.com, O=Contoso`.
    pub subject: String,
    /// The names that it is valid for.
    pub dns_names: Vec<String>,
    /// The key; not [`KeyType::P256K`] or [`KeyType::Oct256`], and [`KeyType::Ed25519`] only for a file that is
    /// stored as a plain secret: the service makes no such certificates.
    pub key_type: KeyType,
    /// How the secret behind it is written.
    pub format: CertificateFormat,
    /// Without it, the secret holds no private key.
    pub exportable: bool,
    /// Who signs it.
    pub issuer: CertificateIssuer,
    /// The certificates of the secret, in which order.
    pub order: ChainOrder,
    /// How long it is valid.
    pub validity_months: u32,
    /// `created` of the first version, in seconds since the epoch; now when `None`.
    pub created: Option<i64>,
    /// The tags of certificate, key and secret.
    pub tags: BTreeMap<String, String>,
}

/// How the secret behind a certificate is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFormat {
    /// `application/x-pkcs12`, in base64.
    Pfx(PfxEncoding),
    /// `application/x-pem-file`: the private key, then the certificates.
    Pem,
}

/// Who signs a certificate, and what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateIssuer {
    /// The certificate's own key; the chain is the certificate.
    SelfSigned,
    /// The fake's issuing authority; the chain is the leaf and the intermediate.
    Authority,
    /// The same, and the chain ends with the root.
    AuthorityWithRoot,
}

/// In which order a chain is stored. Imported chains come back as they were uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOrder {
    /// Each certificate is followed by its issuer.
    LeafFirst,
    /// The other way round.
    LeafLast,
}

impl Default for CertificateOptions {
    /// An exportable, self-signed P-256 certificate for `web.contoso.com` in a PFX of today, for a year.
    fn default() -> Self {
        Self {
            subject: "CN=web.contoso.com".to_owned(),
            dns_names: vec!["web.contoso.com".to_owned()],
            key_type: KeyType::P256,
            format: CertificateFormat::Pfx(PfxEncoding::default()),
            exportable: true,
            issuer: CertificateIssuer::SelfSigned,
            order: ChainOrder::LeafFirst,
            validity_months: 12,
            created: None,
            tags: BTreeMap::new(),
        }
    }
}

impl CertificateOptions {
    /// What a policy asks for; `None` when the fake does not do it.
    pub(crate) fn of_policy(policy: &Policy) -> Option<Self> {
        let x509 = &policy.x509_props;
        Some(Self {
            subject: x509.subject.clone(),
            dns_names: x509.sans.clone().unwrap_or_default().dns_names,
            key_type: policy.key_type()?,
            format: match policy.secret_form()? {
                SecretForm::Pfx => CertificateFormat::Pfx(PfxEncoding::default()),
                SecretForm::Pem => CertificateFormat::Pem,
            },
            exportable: policy.key_props.exportable,
            issuer: if policy.is_issued_by_authority() {
                CertificateIssuer::Authority
            } else {
                CertificateIssuer::SelfSigned
            },
            order: ChainOrder::LeafFirst,
            validity_months: x509.validity_months,
            created: None,
            tags: BTreeMap::new(),
        })
    }

    fn policy(&self) -> Policy {
        let form = match self.format {
            CertificateFormat::Pfx(_) => SecretForm::Pfx,
            CertificateFormat::Pem => SecretForm::Pem,
        };
        let mut policy = Policy::new(&self.subject, self.key_type, form);
        policy.key_props.exportable = self.exportable;
        policy.x509_props.validity_months = self.validity_months;
        policy.x509_props.sans = (!self.dns_names.is_empty()).then(|| Sans {
            dns_names: self.dns_names.clone(),
        });
        if self.issuer != CertificateIssuer::SelfSigned {
            policy.issue_by_authority();
        }
        policy
    }

    fn template(&self, now: i64) -> Template {
        Template {
            subject: self.subject.clone(),
            names: self.dns_names.clone(),
            // The service dates a certificate back by ten minutes.
            not_before: now - 600,
            not_after: now - 600 + i64::from(self.validity_months) * 30 * 86_400,
            is_ca: false,
        }
    }

    /// Makes the key and the chain, leaf first.
    fn make(&self, vault: &Vault, now: i64) -> (Identity, Vec<Vec<u8>>) {
        let key = KeyPair::generate(self.key_type);
        let template = self.template(now);
        if self.issuer == CertificateIssuer::SelfSigned {
            let leaf = Identity::self_signed(key, &template);
            let chain = vec![leaf.der.clone()];
            return (leaf, chain);
        }
        let hierarchy = &vault.hierarchy;
        let leaf = hierarchy.intermediate.issue(key, &template);
        let mut chain = vec![leaf.der.clone(), hierarchy.intermediate.der.clone()];
        if self.issuer == CertificateIssuer::AuthorityWithRoot {
            chain.push(hierarchy.root.der.clone());
        }
        (leaf, chain)
    }

    fn secret_value(&self, pkcs8: &[u8], chain: &[Vec<u8>]) -> String {
        let key = self.exportable.then_some(pkcs8);
        let leaf = chain.first().cloned().unwrap_or_default();
        let mut chain = if key.is_some() {
            chain.to_vec()
        } else {
            vec![leaf.clone()]
        };
        if self.order == ChainOrder::LeafLast {
            chain.reverse();
        }
        match self.format {
            CertificateFormat::Pfx(encoding) => base64(&pfx::encode(encoding, key, &leaf, &chain)),
            CertificateFormat::Pem => pem_file(key, &chain),
        }
    }
}

fn pem_file(pkcs8: Option<&[u8]>, chain: &[Vec<u8>]) -> String {
    let key = pkcs8.map(|key| pem("PRIVATE KEY", key)).unwrap_or_default();
    let chain: String = chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    key + &chain
}

/// Adds a version of a certificate with its key and secret; gives the id that all three have.
pub(crate) fn create(
    vault: &Vault,
    clock: &Clock,
    name: &str,
    options: &CertificateOptions,
    policy: Option<Policy>,
    tags: Option<Tags>,
) -> String {
    let now = clock.now();
    let (leaf, chain) = options.make(vault, now);
    let of_options = (!options.tags.is_empty()).then(|| options.tags.clone());
    let made = Made {
        value: options.secret_value(&leaf.key.pkcs8, &chain),
        as_pem: options
            .exportable
            .then(|| pem_file(Some(&leaf.key.pkcs8), &chain)),
        der: leaf.der,
        pair: Some(leaf.key),
        policy: policy.unwrap_or_else(|| options.policy()),
        // A renewed version is made when it is renewed.
        options: Some(CertificateOptions {
            created: None,
            ..options.clone()
        }),
        tags: tags.or(of_options),
    };
    store(vault, options.created.unwrap_or(now), name, made)
}

/// Makes a certificate like the other ones, and stores its file as a plain secret: a `contentType`, no `kid`. App
/// Service Certificates are kept like this.
pub(crate) fn create_as_secret(
    vault: &Vault,
    clock: &Clock,
    name: &str,
    options: &CertificateOptions,
) -> String {
    let (leaf, chain) = options.make(vault, clock.now());
    let new = NewSecret {
        value: options.secret_value(&leaf.key.pkcs8, &chain),
        content_type: Some(options.policy().secret_props.content_type),
        tags: (!options.tags.is_empty()).then(|| options.tags.clone()),
        created: options.created,
        ..NewSecret::default()
    };
    secrets::add(&mut vault.store(), clock, name, new)
}

/// Adds the next version, made like the current one; `None` when there is none, or when it was imported.
pub(crate) fn renew(vault: &Vault, clock: &Clock, name: &str) -> Option<String> {
    let (options, policy, tags) = {
        let store = vault.store();
        let version = store.certificates.get(name)?.current();
        let options = version.content.options.clone()?;
        (options, version.content.policy.clone(), version.tags.clone())
    };
    Some(create(vault, clock, name, &options, Some(policy), tags))
}

/// Adds a version from a PEM file; `None` when there is no key or no certificate in it.
pub(crate) fn import(
    vault: &Vault,
    clock: &Clock,
    name: &str,
    value: &str,
    policy: Option<Policy>,
    tags: Option<Tags>,
) -> Option<String> {
    let value = &as_text(value)?;
    let blocks: BTreeMap<String, Vec<u8>> = read_pem(value).into_iter().rev().collect();
    let (der, _key) = (blocks.get("CERTIFICATE")?, blocks.get("PRIVATE KEY")?);
    let subject = X509Certificate::from_der(der).ok()?.1.subject().to_string();
    let policy = policy.unwrap_or_else(|| Policy::new(&subject, KeyType::Rsa2048, SecretForm::Pem));
    let made = Made {
        value: value.to_owned(),
        as_pem: None,
        der: der.clone(),
        pair: None,
        policy,
        options: None,
        tags,
    };
    Some(store(vault, clock.now(), name, made))
}

/// A PEM file comes as it is or, from some clients, in base64.
fn as_text(value: &str) -> Option<String> {
    if value.contains("-----BEGIN ") {
        return Some(value.to_owned());
    }
    String::from_utf8(from_base64(value)?).ok()
}

struct Made {
    value: String,
    as_pem: Option<String>,
    der: Vec<u8>,
    /// `None` when imported: the fake shows no key for it.
    pair: Option<KeyPair>,
    policy: Policy,
    options: Option<CertificateOptions>,
    tags: Option<Tags>,
}

fn store(vault: &Vault, now: i64, name: &str, mut made: Made) -> String {
    let id = ids::version_id();
    let mut attributes = Attributes::created_at(now);
    if let Ok((_, parsed)) = X509Certificate::from_der(&made.der) {
        attributes.nbf = Some(parsed.validity().not_before.timestamp());
        attributes.exp = Some(parsed.validity().not_after.timestamp());
    }
    made.policy
        .complete(format!("{}/policy", vault.id("certificates", name)), now);
    let mut store = vault.store();
    let secret = Secret {
        value: made.value,
        content_type: Some(made.policy.secret_props.content_type.clone()),
        key_id: Some(format!("{}/{id}", vault.id("keys", name))),
        as_pem: made.as_pem,
    };
    store
        .secrets
        .add(name, version(&id, &attributes, made.tags.clone(), secret));
    if let Some(pair) = made.pair {
        let key = Key {
            operations: default_operations(pair.key_type, true),
            pair,
            hardware: false,
            managed: true,
        };
        let mut version = version(&id, &attributes, made.tags.clone(), key);
        version.attributes.hsm_platform = Some(HSM_PLATFORM);
        store.keys.add(name, version);
    }
    let certificate = Certificate {
        der: made.der,
        policy: made.policy,
        options: made.options,
    };
    store
        .certificates
        .add(name, version(&id, &attributes, made.tags, certificate));
    id
}

fn version<T>(id: &str, attributes: &Attributes, tags: Option<Tags>, content: T) -> Version<T> {
    Version {
        id: id.to_owned(),
        attributes: attributes.clone(),
        tags,
        content,
    }
}
