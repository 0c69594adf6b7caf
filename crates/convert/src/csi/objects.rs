//! `objects` of a class: YAML in a text, whose elements are YAML in texts again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::content::{self, Content, Hints};
use super::object::{KeyVaultObject, Kind};
use super::{Class, tls_files};
use crate::draft::{Entry, Files, MadeOf, Object};
use crate::input::{NestedBudget, Value};
use crate::note::{Notes, listed};
use domain::desired::{MAX_HISTORY, VersionPolicy};
use domain::object::VaultName;
use domain::path::RelativePath;
use manifest::word_of;

/// Puts the files of a class behind those of the classes before it.
pub(super) fn read(
    class: &Class<'_>,
    vault: &VaultName,
    budget: &NestedBudget,
    files: &mut Files,
    notes: &Notes,
) {
    let parameters = class.spec().and_then(|spec| spec.get("parameters"));
    let Some(value) = parameters.and_then(|parameters| parameters.get("objects")) else {
        notes.not_carried(class.subject("objects"), "there are none");
        return;
    };
    let objects = match with_yaml(value, budget, |list| elements(list, class, budget, notes)) {
        Ok(objects) => objects,
        Err(reason) => {
            notes.not_carried(class.subject("objects"), reason);
            return;
        }
    };
    let reading = Reading::new(class, vault, &objects, notes);
    for object in &objects {
        reading.file(object, files);
    }
    reading.tell_undecided();
}

/// Reads a value, or the YAML that its text is. The API wants a text; charts and people also write the list itself.
fn with_yaml<R>(
    value: Value<'_>,
    budget: &NestedBudget,
    read: impl FnOnce(Value<'_>) -> R,
) -> Result<R, String> {
    match value.raw_text() {
        Some(text) => budget.parse(text).map(|tree| read(Value::root(&tree))),
        None => Ok(read(value)),
    }
}

/// The elements of `array`, which may be a text as well.
fn elements(
    objects: Value<'_>,
    class: &Class<'_>,
    budget: &NestedBudget,
    notes: &Notes,
) -> Vec<KeyVaultObject> {
    let array = objects.get("array").unwrap_or(objects);
    let found = with_yaml(array, budget, |array| {
        let items = array.items()?;
        Some(items.map(|item| element(item, budget)).collect::<Vec<_>>())
    });
    let found =
        match found.map(|found| found.ok_or_else(|| "there is no `array` with a list in it".to_owned())) {
            Ok(Ok(found)) => found,
            Ok(Err(reason)) | Err(reason) => {
                notes.not_carried(class.subject("objects"), reason);
                return Vec::new();
            }
        };
    if found.is_empty() {
        notes.not_carried(
            class.subject("objects"),
            "its `array` is empty: there is nothing to convert",
        );
    }
    let mut objects = Vec::new();
    for (number, element) in (1..).zip(found) {
        match element {
            Ok(object) => objects.push(object),
            Err(reason) => notes.not_carried(class.subject(&format!("objects, element {number}")), reason),
        }
    }
    objects
}

fn element(item: Value<'_>, budget: &NestedBudget) -> Result<KeyVaultObject, String> {
    let object = with_yaml(item, budget, KeyVaultObject::of)?;
    object.ok_or_else(|| "it has no keys such as `objectName`".to_owned())
}

/// One class that is being read.
struct Reading<'r, 'a> {
    class: &'r Class<'a>,
    vault: &'r VaultName,
    notes: &'r Notes,
    /// Names of objects of the type `cert`. Key Vault ignores their case.
    certs: BTreeSet<String>,
    tls: BTreeSet<&'a str>,
    /// Names of secrets that may be those of certificates.
    undecided: RefCell<Vec<String>>,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn new(class: &'r Class<'a>, vault: &'r VaultName, objects: &[KeyVaultObject], notes: &'r Notes) -> Self {
        let certs = objects.iter().filter(|object| object.kind() == Ok(Kind::Cert));
        Self {
            class,
            vault,
            notes,
            certs: certs
                .filter_map(|object| object.text("objectName"))
                .map(str::to_ascii_lowercase)
                .collect(),
            tls: tls_files(class),
            undecided: RefCell::default(),
        }
    }

    fn file(&self, object: &KeyVaultObject, files: &mut Files) {
        let label = self.class.subject(&object.label());
        match self.read(object, &label) {
            Ok(entry) => files.push(entry),
            Err(reason) => {
                self.notes.not_carried(label, reason);
                if let Ok(path) = object.name().and_then(|name| object.path(&name)) {
                    files.lose(path);
                }
            }
        }
    }

    fn read(&self, object: &KeyVaultObject, label: &str) -> Result<Entry, String> {
        let name = object.name()?;
        let kind = object.kind()?;
        let path = object.path(&name)?;
        let hints = Hints {
            is_cert_too: self.certs.contains(&name.as_str().to_ascii_lowercase()),
            is_tls: self.tls.contains(path.as_str()),
        };
        let Content {
            part,
            assumption,
            undecided,
        } = content::content(object, kind, &hints)?;
        let (version, history, path) = self.versions(object, path, label)?;
        if let Some(assumption) = assumption {
            self.notes.assumed(label, assumption);
        }
        if undecided {
            self.undecided.borrow_mut().push(name.as_str().to_owned());
        }
        let (mode, remark) = object.mode();
        if let Some(remark) = remark {
            self.notes.assumed(label, remark);
        }
        self.tell_ignored(object, kind, label);
        let object = Object {
            vault: self.vault.clone(),
            name,
            version,
            history,
        };
        Ok(Entry {
            label: label.to_owned(),
            path,
            mode,
            interval: None,
            made_of: MadeOf::Object(object, part),
        })
    }

    /// Which versions of the object, and where they go.
    fn versions(
        &self,
        object: &KeyVaultObject,
        path: RelativePath,
        label: &str,
    ) -> Result<(VersionPolicy, Option<u32>, RelativePath), String> {
        let version = object.version()?;
        match object.history()? {
            None => Ok((version, None, path)),
            Some(_) if matches!(version, VersionPolicy::Exact(_)) => {
                let reason = "only the version that objectVersion names is written, as `0`: the versions before it \
                              cannot be counted from it; `version: { createdBefore: TIME }` with `history` can";
                self.notes
                    .not_carried(format!("{label}, objectVersionHistory"), reason);
                let path = RelativePath::parse(&format!("{path}/0")).map_err(|error| error.to_string())?;
                Ok((version, None, path))
            }
            Some(files) => {
                let most = u32::from(MAX_HISTORY);
                if files > most {
                    let reason =
                        format!("a history has at most {most} versions, so the older ones are left out");
                    self.notes
                        .not_carried(format!("{label}, objectVersionHistory"), reason);
                    return Ok((version, Some(most), path));
                }
                let reason = format!(
                    "`history: {files}`, because the provider writes `0` to `{}` for `objectVersionHistory: {}`",
                    files - 1,
                    files - 1
                );
                self.notes.assumed(label, reason);
                Ok((version, Some(files), path))
            }
        }
    }

    fn tell_ignored(&self, object: &KeyVaultObject, kind: Kind, label: &str) {
        if content::ignored_encoding(object, kind) {
            let reason = "the provider refuses it for anything but secrets";
            self.notes.not_carried(format!("{label}, objectEncoding"), reason);
        }
        let mut unknown: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for key in object.unknown_keys() {
            unknown
                .entry(KeyVaultObject::why_unknown(key))
                .or_default()
                .push(key);
        }
        for (reason, keys) in unknown {
            let subject = format!("{label}, {}", listed(keys.into_iter().map(word_of)));
            self.notes.not_carried(subject, reason);
        }
    }

    /// One remark for all: a class may have hundreds of them.
    fn tell_undecided(&self) {
        let names = self.undecided.borrow();
        if names.is_empty() {
            return;
        }
        let reason = format!(
            "taken as plain secrets: {}. List one that is the secret of a certificate under `certificates`, with \
             `content: bundle`, `order: keyFirst` and `includeRoot: true`, for the file that the provider wrote",
            listed(names.iter().map(String::as_str))
        );
        self.notes.assumed(self.class.subject("secrets"), reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::documents;

    fn read(objects: &str) -> (Vec<String>, Vec<String>) {
        let text = format!("kind: SecretProviderClass\nspec:\n  parameters:\n    objects: {objects}\n");
        let trees = documents(&text).expect("YAML");
        let class = Class {
            value: Value::root(&trees[0]),
            prefix: String::new(),
        };
        let notes = Notes::default();
        let vault = VaultName::parse("app").expect("a name");
        let mut files = Files::default();
        super::read(&class, &vault, &NestedBudget::new(), &mut files, &notes);
        let paths = files
            .entries
            .iter()
            .map(|entry| entry.path.as_str().to_owned())
            .collect();
        (paths, notes.into_list().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_way_of_nesting_yaml_in_texts_gives_the_same_objects() {
        for objects in [
            "|\n      array:\n        - |\n          objectName: a\n          objectType: key\n",
            "|-\n      array:\n        - |+\n          objectName: a\n          objectType: key\n",
            "|\n      array:\n        - objectName: a\n          objectType: key\n",
            "|\n      array:\n        - \"objectName: a\\nobjectType: key\"\n",
            "|\n      array: [\"{ objectName: a, objectType: key }\"]\n",
            "|\n      array: |\n        - |\n          objectName: a\n          objectType: key\n",
            "\"array:\\n- |\\n  objectName: a\\n  objectType: key\\n\"",
            "{ array: [{ objectName: a, objectType: key }] }",
        ] {
            assert_eq!(read(objects), (vec!["a".to_owned()], vec![]), "{objects}");
        }
    }

    #[test]
    fn a_bad_element_is_told_by_its_number_and_the_others_stay() {
        let (paths, notes) = read(
            "|\n      array:\n        - \"[\"\n        - just text\n        - |\n          objectName: a\n          objectType: key\n",
        );
        assert_eq!(paths, ["a"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(
            notes[0].starts_with("objects, element 1: it is not YAML"),
            "{notes:?}"
        );
        assert!(
            notes[1].starts_with("objects, element 2: it has no keys"),
            "{notes:?}"
        );
    }
}
