//! `SecretProviderClass` of the Secrets Store CSI driver, with the parameters of its Azure provider.
//!
//! Facts: `pkg/provider/types`, `pkg/provider/provider.go` and the website of
//! `Azure/secrets-store-csi-driver-provider-azure`, version 1.8; the schema of `secrets-store.csi.x-k8s.io/v1`.

mod content;
mod object;
mod objects;
mod settings;

use std::collections::BTreeSet;

use self::settings::Settings;
use super::draft::{Draft, Files, Lost, Volume};
use super::input::{NestedBudget, Value};
use super::note::{Notes, listed, quoted};
use super::vaults::Vaults;
use super::{ConvertError, Tool};
use domain::mode::FileMode;
use manifest::{Tree, quoted_key};

/// Where the documentation of the driver mounts its volumes.
const VOLUME_PATH: &str = "/mnt/secrets-store";
const KIND: &str = "SecretProviderClass";

/// One class of the input.
pub(super) struct Class<'a> {
    value: Value<'a>,
    /// What remarks start with: nothing when it is the only one.
    prefix: String,
}

impl<'a> Class<'a> {
    /// The subject of a remark on a part of it.
    fn subject(&self, part: &str) -> String {
        format!("{}{part}", self.prefix)
    }

    fn spec(&self) -> Option<Value<'a>> {
        self.value.get("spec")
    }

    fn name(&self) -> Option<&'a str> {
        name_of(self.value)
    }
}

/// Whether a document is a class, or a list that has one.
pub(super) fn is_mine(document: Value<'_>) -> bool {
    let is_class = |value: Value<'_>| value.text_of("kind") == Some(KIND);
    let mut items = document.get("items").and_then(Value::items).into_iter().flatten();
    is_class(document) || items.any(is_class)
}

/// The classes of the input that agree on who signs in, as one draft.
pub(super) fn draft(documents: &[Tree<'_>], notes: &Notes) -> Result<Draft, ConvertError> {
    let classes = classes(documents, notes);
    let mut read = Vec::new();
    let mut reasons = Vec::new();
    for class in &classes {
        // What is said of a class that is left out would only be noise.
        let own = Notes::default();
        match Settings::read(class, &own) {
            Ok(settings) => read.push((class, settings, own)),
            Err(wrong) => {
                notes.not_carried(class.subject("keyvaultName"), wrong.to_string());
                reasons.push(wrong);
            }
        }
    }
    let Some((_, Settings { identity, .. }, _)) = read.first() else {
        return Err(match reasons.first() {
            Some(wrong) => ConvertError::NoVault {
                setting: "keyvaultName",
                reason: wrong.message.clone(),
                hint: wrong.hint.clone(),
            },
            None => ConvertError::NotOfTool {
                tool: Tool::SecretProviderClass,
                known_by: "a document with `kind: SecretProviderClass` and `provider: azure`",
            },
        });
    };
    let mut draft = empty_draft(identity.clone());
    let budget = NestedBudget::new();
    let mut names = Vec::new();
    let mut vaults = Vaults::default();
    let mut files = Files::default();
    for (class, settings, own) in read {
        if settings.identity != draft.identity {
            let reason = "it signs in differently from the first one, and a manifest has one identity; convert it alone";
            notes.not_carried(class.subject("all of it"), reason);
            continue;
        }
        notes.append(own);
        names.extend(class.name());
        let vault = vaults.add(settings.vault);
        objects::read(class, &vault, &budget, &mut files, notes);
        refuse_secret_objects(class, notes);
    }
    draft.origin = origin(&names);
    draft.vaults = vaults.into_list();
    draft.entries = files.entries;
    draft.lost = files.lost;
    assume_volume(names.len(), notes);
    Ok(draft)
}

fn empty_draft(identity: domain::desired::IdentitySpec) -> Draft {
    Draft {
        origin: String::new(),
        identity,
        vaults: Vec::new(),
        volume: Volume {
            path: VOLUME_PATH.to_owned(),
            file_mode: FileMode::from_bits(0o644),
            dir_mode: FileMode::from_bits(0o755),
            owner: None,
            group: None,
        },
        interval: None,
        entries: Vec::new(),
        lost: Lost::new(),
        selections: Vec::new(),
    }
}

/// The classes of the provider, in order; tells what else there is.
fn classes<'a>(documents: &'a [Tree<'a>], notes: &Notes) -> Vec<Class<'a>> {
    let mut found = Vec::new();
    for document in documents {
        let root = Value::root(document);
        match root.get("items").and_then(Value::items) {
            Some(items) if root.text_of("kind").is_some_and(|kind| kind.ends_with("List")) => {
                found.extend(items);
            }
            _ => found.push(root),
        }
    }
    let mut classes = Vec::new();
    for value in found {
        let kind = value.text_of("kind").unwrap_or("no kind");
        let provider = value.get("spec").and_then(|spec| spec.text_of("provider"));
        match provider {
            _ if kind != KIND => notes.not_carried(
                format!("document {}", quoted(kind)),
                "only `SecretProviderClass` is read",
            ),
            Some(provider) if !provider.eq_ignore_ascii_case("azure") => notes.not_carried(
                format!("class {}", quoted(name_of(value).unwrap_or_default())),
                format!("its provider is {}, not `azure`", quoted(provider)),
            ),
            _ => classes.push(value),
        }
    }
    let several = classes.len() > 1;
    let prefix = |value: Value<'_>| match name_of(value) {
        Some(name) if several => format!("class {}, ", quoted(name)),
        None if several => "class without a name, ".to_owned(),
        _ => String::new(),
    };
    classes
        .into_iter()
        .map(|value| Class {
            value,
            prefix: prefix(value),
        })
        .collect()
}

fn name_of(class: Value<'_>) -> Option<&str> {
    class
        .get("metadata")
        .and_then(|metadata| metadata.text_of("name"))
}

/// The names go into a comment, so that only those are shown that Kubernetes would take.
fn origin(names: &[&str]) -> String {
    let taken = names.iter().copied().filter(|name| is_resource_name(name));
    let shown: Vec<&str> = taken.take(5).collect();
    match shown.as_slice() {
        [] => "a SecretProviderClass".to_owned(),
        [name] => format!("the SecretProviderClass {name}"),
        names => format!("the SecretProviderClasses {}", names.join(", ")),
    }
}

/// Whether Kubernetes would take a name for a resource.
fn is_resource_name(name: &str) -> bool {
    name.len() <= 253
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}

fn assume_volume(classes: usize, notes: &Notes) {
    let path = format!(
        "`{VOLUME_PATH}`: a class does not say where its volume is mounted; write the pod's `mountPath`"
    );
    notes.assumed("volume.path", path);
    let modes =
        "`0644` and `0755`, as the driver has them; without both keys only the owner and group can read";
    notes.assumed("volume.fileMode, volume.dirMode", modes);
    if classes > 1 {
        notes.assumed(
            "volume",
            "the classes had a volume each; all files are in one now",
        );
    }
}

/// Names of files that the class also writes to a Kubernetes TLS secret: they must hold a certificate and its key.
fn tls_files<'a>(class: &Class<'a>) -> BTreeSet<&'a str> {
    let secrets = class
        .spec()
        .and_then(|spec| spec.get("secretObjects"))
        .and_then(Value::items);
    let tls = secrets
        .into_iter()
        .flatten()
        .filter(|secret| secret.text_of("type") == Some("kubernetes.io/tls"));
    let data = tls
        .filter_map(|secret| secret.get("data"))
        .filter_map(Value::items)
        .flatten();
    data.filter_map(|item| item.text_of("objectName")).collect()
}

fn refuse_secret_objects(class: &Class<'_>, notes: &Notes) {
    let spec = class.spec();
    for (key, _) in spec.into_iter().flat_map(Value::entries) {
        if !matches!(key, "provider" | "parameters" | "secretObjects") {
            notes.not_carried(class.subject(&quoted_key(key)), "a class has no such key");
        }
    }
    let secrets = spec
        .and_then(|spec| spec.get("secretObjects"))
        .and_then(Value::items);
    for secret in secrets.into_iter().flatten() {
        let data = secret.get("data").and_then(Value::items);
        let mut files: Vec<&str> = data
            .into_iter()
            .flatten()
            .filter_map(|item| item.text_of("objectName"))
            .collect();
        files.dedup();
        let name = quoted(secret.text_of("secretName").unwrap_or_default());
        notes.not_carried(
            class.subject(&format!("secretObjects {name}")),
            format!(
                "akv-sync writes no Kubernetes Secrets, which would keep the values in etcd; have the application read \
                 {} from the volume, as files or through `templates` with `format: dotenv`",
                listed(files.into_iter())
            ),
        );
    }
}
