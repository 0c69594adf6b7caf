//! Keys: create, rotate, get, list. The private part never leaves the vault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::access::Operation;
use super::page;
use super::refusal::{Kind, Refusal};
use super::shelf::{Attributes, Object, Tags, Version, WantedAttributes};
use super::{Store, Vault};
use crate::clock::Clock;
use crate::crypto::key::{KeyPair, KeyType};
use crate::http::{Answer, Call};
use crate::ids;
use crate::journal::CallKind;

/// `hsmPlatform` of keys: kept in software.
pub(crate) const HSM_PLATFORM: &str = "0";

/// The content of a version of a key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) pair: KeyPair,
    /// Kept in a hardware security module: `RSA-HSM`, `EC-HSM`.
    pub(crate) hardware: bool,
    pub(crate) operations: Vec<String>,
    /// The key belongs to a certificate.
    pub(crate) managed: bool,
}

/// What a key is made from.
#[derive(Debug, Clone)]
pub struct KeyOptions {
    /// The algorithm and its size.
    pub key_type: KeyType,
    /// The key pretends to live in a hardware security module (`RSA-HSM`, `EC-HSM`, `oct-HSM`).
    pub hardware: bool,
    /// `exp`, in seconds since the epoch.
    pub expires: Option<i64>,
    /// `created`, in seconds since the epoch; now when `None`.
    pub created: Option<i64>,
    /// The version is made disabled.
    pub disabled: bool,
    /// `key_ops`; what the service gives by default when empty.
    pub operations: Vec<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

impl Default for KeyOptions {
    /// An enabled EC P-256 key in software.
    fn default() -> Self {
        Self {
            key_type: KeyType::P256,
            hardware: false,
            expires: None,
            created: None,
            disabled: false,
            operations: Vec::new(),
            tags: BTreeMap::new(),
        }
    }
}

#[derive(Deserialize)]
struct CreateKey {
    kty: String,
    key_size: Option<u64>,
    crv: Option<String>,
    #[serde(default)]
    key_ops: Vec<String>,
    #[serde(default)]
    attributes: WantedAttributes,
    tags: Option<Tags>,
}

#[derive(Serialize)]
struct Bundle<'a> {
    key: Jwk<'a>,
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
}

#[derive(Serialize)]
struct Jwk<'a> {
    kid: String,
    kty: String,
    key_ops: &'a [String],
    #[serde(flatten)]
    public: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Item<'a> {
    kid: String,
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
}

/// Performs an operation on keys.
pub(crate) fn perform(
    vault: &Vault,
    clock: &Clock,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Refusal> {
    let name = operation.name.as_str();
    match operation.kind {
        CallKind::CreateKey => create(vault, clock, name, call),
        CallKind::RotateKey => rotate(vault, clock, name),
        CallKind::ListKeys => {
            let store = vault.store();
            let shown = store.keys.iter().filter(|key| store.lists(&key.name));
            let items = shown.map(|key| item(vault.id("keys", &key.name), key.current()));
            Ok(Answer::json(
                200,
                &page::cut(items.collect(), call, &vault.url, store.empty_pages),
            ))
        }
        CallKind::ListKeyVersions => {
            let store = vault.store();
            let items = store.keys.get(name).into_iter().flat_map(|key| {
                let versions = key.listed().into_iter();
                versions.map(|version| item(version_id(vault, key, version), version))
            });
            Ok(Answer::json(
                200,
                &page::cut(items.collect(), call, &vault.url, store.empty_pages),
            ))
        }
        _ => get(vault, &vault.store(), operation),
    }
}

fn get(vault: &Vault, store: &Store, operation: &Operation) -> Result<Answer, Refusal> {
    let name = operation.name.as_str();
    let key = store
        .keys
        .get(name)
        .ok_or_else(|| Refusal::NotFound(Kind::Key, name.to_owned()))?;
    let version = match &operation.version {
        None => key.current(),
        Some(id) => key
            .version(id)
            .ok_or_else(|| Refusal::NotFound(Kind::Key, format!("{name}/{id}")))?,
    };
    Ok(Answer::json(200, &bundle(vault, key, version)))
}

fn create(vault: &Vault, clock: &Clock, name: &str, call: &Call) -> Result<Answer, Refusal> {
    let wanted: CreateKey = call
        .json()
        .map_err(|_| Refusal::BadParameter("Property kty has invalid value".to_owned()))?;
    let key_type = KeyType::parse(&wanted.kty, wanted.key_size, wanted.crv.as_deref())
        .ok_or_else(|| Refusal::BadParameter("The key type, size or curve is not supported".to_owned()))?;
    let options = KeyOptions {
        key_type,
        hardware: wanted.kty.ends_with("-HSM"),
        expires: wanted.attributes.exp,
        created: None,
        disabled: wanted.attributes.enabled == Some(false),
        operations: wanted.key_ops,
        tags: wanted.tags.unwrap_or_default(),
    };
    add(vault, clock, name, &options);
    current(vault, name)
}

fn rotate(vault: &Vault, clock: &Clock, name: &str) -> Result<Answer, Refusal> {
    rotated(vault, clock, name).ok_or_else(|| Refusal::NotFound(Kind::Key, name.to_owned()))?;
    current(vault, name)
}

fn current(vault: &Vault, name: &str) -> Result<Answer, Refusal> {
    let store = vault.store();
    let key = store
        .keys
        .get(name)
        .ok_or_else(|| Refusal::NotFound(Kind::Key, name.to_owned()))?;
    Ok(Answer::json(200, &bundle(vault, key, key.current())))
}

/// Adds a version of a key and gives its id.
pub(crate) fn add(vault: &Vault, clock: &Clock, name: &str, options: &KeyOptions) -> String {
    let pair = KeyPair::generate(options.key_type);
    let mut attributes = Attributes::created_at(options.created.unwrap_or_else(|| clock.now()));
    attributes.enabled = !options.disabled;
    attributes.exp = options.expires;
    attributes.hsm_platform = Some(HSM_PLATFORM);
    let operations = match options.operations.as_slice() {
        [] => default_operations(options.key_type, false),
        given => given.to_vec(),
    };
    let version = Version {
        id: ids::version_id(),
        attributes,
        tags: (!options.tags.is_empty()).then(|| options.tags.clone()),
        content: Key {
            pair,
            hardware: options.hardware,
            operations,
            managed: false,
        },
    };
    vault.store().keys.add(name, version).id.clone()
}

/// Adds a version with a new key of the same kind; `None` when there is no such key.
pub(crate) fn rotated(vault: &Vault, clock: &Clock, name: &str) -> Option<String> {
    let options = {
        let store = vault.store();
        let version = store.keys.get(name)?.current();
        KeyOptions {
            key_type: version.content.pair.key_type,
            hardware: version.content.hardware,
            operations: version.content.operations.clone(),
            tags: version.tags.clone().unwrap_or_default(),
            ..KeyOptions::default()
        }
    };
    Some(add(vault, clock, name, &options))
}

/// `key_ops` of a key that asked for none; those of a certificate are fewer.
pub(crate) fn default_operations(key_type: KeyType, of_certificate: bool) -> Vec<String> {
    if key_type == KeyType::Oct256 {
        return ["encrypt", "decrypt", "wrapKey", "unwrapKey"]
            .map(str::to_owned)
            .into();
    }
    let operations: &[&str] = match (key_type.rsa_bits(), of_certificate) {
        (Some(_), false) => &["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        (Some(_), true) => &["sign", "verify", "wrapKey", "unwrapKey"],
        (None, _) => &["sign", "verify"],
    };
    operations.iter().map(|&operation| operation.to_owned()).collect()
}

fn version_id(vault: &Vault, key: &Object<Key>, version: &Version<Key>) -> String {
    format!("{}/{}", vault.id("keys", &key.name), version.id)
}

fn bundle<'a>(vault: &Vault, key: &Object<Key>, version: &'a Version<Key>) -> Bundle<'a> {
    let content = &version.content;
    let suffix = if content.hardware { "-HSM" } else { "" };
    Bundle {
        key: Jwk {
            kid: version_id(vault, key, version),
            kty: format!("{}{suffix}", content.pair.key_type.kty()),
            key_ops: &content.operations,
            public: content.pair.jwk_members(),
        },
        attributes: &version.attributes,
        tags: version.tags.as_ref(),
        managed: content.managed.then_some(true),
    }
}

fn item(kid: String, version: &Version<Key>) -> Item<'_> {
    Item {
        kid,
        attributes: &version.attributes,
        tags: version.tags.as_ref(),
        managed: version.content.managed.then_some(true),
    }
}
