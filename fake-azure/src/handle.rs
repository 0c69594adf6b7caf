//! What a test does to a vault from the inside, without a token and without being counted.

use std::collections::BTreeMap;

use crate::vault::{self, CertificateOptions, Denial, KeyOptions, NewSecret, Vault};
use crate::world::World;

/// A vault of a [`FakeAzure`](crate::FakeAzure), in the hands of a test.
///
/// Changing what does not exist changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct VaultHandle<'a> {
    pub(crate) world: &'a World,
    pub(crate) vault: &'a Vault,
}

/// What a version of a secret has besides its value.
#[derive(Debug, Clone, Default)]
pub struct SecretOptions {
    /// The `contentType`.
    pub content_type: Option<String>,
    /// The version is made disabled.
    pub disabled: bool,
    /// `exp`, in seconds since the epoch.
    pub expires: Option<i64>,
    /// `nbf`, in seconds since the epoch.
    pub not_before: Option<i64>,
    /// `created`, in seconds since the epoch; now when `None`. Two versions may have the same one.
    pub created: Option<i64>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

impl VaultHandle<'_> {
    /// The vault's URL, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.vault.url
    }

    /// Adds a version of a secret and gives its id.
    pub fn set_secret(&self, name: &str, value: &str) -> String {
        self.set_secret_with(name, value, SecretOptions::default())
    }

    /// Adds a version of a secret with attributes and gives its id.
    pub fn set_secret_with(&self, name: &str, value: &str, options: SecretOptions) -> String {
        let mut new = NewSecret {
            value: value.to_owned(),
            content_type: options.content_type,
            tags: (!options.tags.is_empty()).then_some(options.tags),
            created: options.created,
            ..NewSecret::default()
        };
        new.attributes.enabled = Some(!options.disabled);
        new.attributes.exp = options.expires;
        new.attributes.nbf = options.not_before;
        vault::add_secret(&mut self.vault.store(), &self.world.clock, name, new)
    }

    /// The value of the current version of a secret.
    pub fn secret_value(&self, name: &str) -> Option<String> {
        let store = self.vault.store();
        store
            .secrets
            .get(name)
            .map(|secret| secret.current().content.value.clone())
    }

    /// Disables the current version of a secret.
    pub fn disable_secret(&self, name: &str) {
        self.switch_secret(name, None, false);
    }

    /// Enables the current version of a secret again.
    pub fn enable_secret(&self, name: &str) {
        self.switch_secret(name, None, true);
    }

    /// Enables or disables one version of a secret, the current one if `version` is `None`.
    pub fn switch_secret(&self, name: &str, version: Option<&str>, enabled: bool) {
        let now = self.world.clock.now();
        self.vault.store().secrets.change(name, version, now, |version| {
            version.attributes.enabled = enabled;
        });
    }

    /// Replaces the tags of the current version of a secret; no version is added.
    pub fn tag_secret(&self, name: &str, tags: BTreeMap<String, String>) {
        let now = self.world.clock.now();
        self.vault.store().secrets.change(name, None, now, |version| {
            version.tags = Some(tags);
        });
    }

    /// Replaces the `contentType` of the current version of a secret; no version is added.
    pub fn type_secret(&self, name: &str, content_type: &str) {
        let now = self.world.clock.now();
        self.vault.store().secrets.change(name, None, now, |version| {
            version.content.content_type = Some(content_type.to_owned());
        });
    }

    /// Adds a version of a plain secret that holds the file of a certificate, PFX or PEM, and gives its id. The secret
    /// has the `contentType` of such a file and neither `kid` nor `managed`.
    pub fn set_certificate_as_secret(&self, name: &str, options: &CertificateOptions) -> String {
        vault::create_as_secret(self.vault, &self.world.clock, name, options)
    }

    /// Deletes a secret softly: it reads as not found and can be recovered.
    pub fn delete_secret(&self, name: &str) {
        self.vault.store().secrets.delete(name, self.world.clock.now());
    }

    /// Brings a deleted secret back.
    pub fn recover_secret(&self, name: &str) {
        self.vault.store().secrets.recover(name);
    }

    /// Takes a deleted secret away for good.
    pub fn purge_secret(&self, name: &str) {
        self.vault.store().secrets.purge(name);
    }

    /// Takes one version of a secret away for good.
    pub fn purge_secret_version(&self, name: &str, version: &str) {
        self.vault.store().secrets.remove_version(name, version);
    }

    /// Adds a version of a key and gives its id.
    pub fn create_key(&self, name: &str, options: &KeyOptions) -> String {
        vault::add_key(self.vault, &self.world.clock, name, options)
    }

    /// Adds a version of a key with a new key of the same kind; `None` when there is no such key.
    ///
    /// An RSA key stays the same (see [`KeyType`](crate::KeyType)); its version does not.
    pub fn rotate_key(&self, name: &str) -> Option<String> {
        vault::rotate_key(self.vault, &self.world.clock, name)
    }

    /// Adds a version of a certificate, its key and its secret, and gives the id that the three share.
    pub fn create_certificate(&self, name: &str, options: &CertificateOptions) -> String {
        vault::create_certificate(self.vault, &self.world.clock, name, options, None, None)
    }

    /// Adds a version of a certificate that is made like the current one; `None` when there is none to make it like.
    pub fn renew_certificate(&self, name: &str) -> Option<String> {
        vault::renew_certificate(self.vault, &self.world.clock, name)
    }

    /// Adds a version of a certificate from a PEM file with one `PRIVATE KEY`; the secret keeps the file as it is.
    ///
    /// `None` when there is no key or no certificate in it.
    pub fn import_certificate(&self, name: &str, pem: &str) -> Option<String> {
        vault::import_certificate(self.vault, &self.world.clock, name, pem, None, None)
    }

    /// Enables or disables one version of a certificate with its key and its secret, the current one if `version` is
    /// `None`.
    pub fn switch_certificate(&self, name: &str, version: Option<&str>, enabled: bool) {
        let mut store = self.vault.store();
        let current = store
            .certificates
            .get(name)
            .map(|object| object.current().id.clone());
        if let Some(id) = version.map(str::to_owned).or(current) {
            vault::switch_certificate(&mut store, name, &id, enabled, self.world.clock.now());
        }
    }

    /// Deletes a certificate, its key and its secret softly.
    pub fn delete_certificate(&self, name: &str) {
        let (mut store, now) = (self.vault.store(), self.world.clock.now());
        store.certificates.delete(name, now);
        store.keys.delete(name, now);
        store.secrets.delete(name, now);
    }

    /// Brings a deleted certificate back, with its key and its secret.
    pub fn recover_certificate(&self, name: &str) {
        let mut store = self.vault.store();
        store.certificates.recover(name);
        store.keys.recover(name);
        store.secrets.recover(name);
    }

    /// Takes a deleted certificate away for good, with its key and its secret.
    pub fn purge_certificate(&self, name: &str) {
        let mut store = self.vault.store();
        store.certificates.purge(name);
        store.keys.purge(name);
        store.secrets.purge(name);
    }

    /// Enables or disables one version of a key, the current one if `version` is `None`.
    pub fn switch_key(&self, name: &str, version: Option<&str>, enabled: bool) {
        let now = self.world.clock.now();
        self.vault.store().keys.change(name, version, now, |version| {
            version.attributes.enabled = enabled;
        });
    }

    /// Deletes a key softly.
    pub fn delete_key(&self, name: &str) {
        self.vault.store().keys.delete(name, self.world.clock.now());
    }

    /// Brings a deleted key back.
    pub fn recover_key(&self, name: &str) {
        self.vault.store().keys.recover(name);
    }

    /// Takes a deleted key away for good.
    pub fn purge_key(&self, name: &str) {
        self.vault.store().keys.purge(name);
    }

    /// Refuses every authenticated caller, until [`VaultHandle::allow`].
    pub fn deny(&self, denial: Denial) {
        self.vault.store().denial = Some(denial);
    }

    /// Refuses callers that ask for one object, of whichever kind, until [`VaultHandle::allow`].
    pub fn deny_object(&self, name: &str, denial: Denial) {
        let mut store = self.vault.store();
        store.object_denials.insert(name.to_ascii_lowercase(), denial);
    }

    /// Refuses lists of secrets and of their versions, as to an identity whose role has `secrets/getSecret/action`
    /// alone (`ForbiddenByRbac`), until [`VaultHandle::allow`]. Lists of keys need what their GET needs.
    pub fn deny_lists(&self) {
        self.vault.store().lists_denied = true;
    }

    /// Ends all refusals.
    pub fn allow(&self) {
        let mut store = self.vault.store();
        store.denial = None;
        store.lists_denied = false;
        store.object_denials.clear();
    }

    /// Leaves objects of these names out of the lists of the whole vault, although they exist: a list that is too
    /// short. Replaces the names before.
    pub fn hide_from_lists(&self, names: &[&str]) {
        let names = names.iter().map(|name| name.to_ascii_lowercase());
        self.vault.store().hidden = names.collect();
    }

    /// Serves an empty page with a link before each page of a list.
    pub fn serve_empty_pages(&self, on: bool) {
        self.vault.store().empty_pages = on;
    }
}
