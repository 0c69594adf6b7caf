//! Named objects with versions: what secrets, keys and certificates have in common.
//!
//! Invariant: an object on the shelf has at least one version, and its newest version is the current one, whether it
//! is enabled or not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Labels of a version.
pub(crate) type Tags = BTreeMap<String, String>;

/// The days that a deleted object can be recovered.
const RECOVERABLE_DAYS: u32 = 90;

/// What the service tells about a version. Times are seconds since the epoch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attributes {
    pub(crate) enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exp: Option<i64>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    recovery_level: &'static str,
    recoverable_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hsm_platform: Option<&'static str>,
}

impl Attributes {
    pub(crate) fn created_at(now: i64) -> Self {
        Self {
            enabled: true,
            nbf: None,
            exp: None,
            created: now,
            updated: now,
            recovery_level: "Recoverable+Purgeable",
            recoverable_days: RECOVERABLE_DAYS,
            hsm_platform: None,
        }
    }

    /// Takes over what a request asks for.
    pub(crate) fn change(&mut self, wanted: &WantedAttributes) {
        self.enabled = wanted.enabled.unwrap_or(self.enabled);
        self.nbf = wanted.nbf.or(self.nbf);
        self.exp = wanted.exp.or(self.exp);
    }
}

/// The attributes that a request may set.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct WantedAttributes {
    pub(crate) enabled: Option<bool>,
    pub(crate) nbf: Option<i64>,
    pub(crate) exp: Option<i64>,
}

/// One version of an object.
#[derive(Debug, Clone)]
pub(crate) struct Version<T> {
    pub(crate) id: String,
    pub(crate) attributes: Attributes,
    /// `None` and empty differ on the wire.
    pub(crate) tags: Option<Tags>,
    pub(crate) content: T,
}

/// An object and its versions, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Object<T> {
    /// As it was written when the object was made; comparisons ignore case.
    pub(crate) name: String,
    versions: Vec<Version<T>>,
}

impl<T> Object<T> {
    pub(crate) fn current(&self) -> &Version<T> {
        self.versions
            .last()
            .expect("an object on the shelf has a version")
    }

    pub(crate) fn version(&self, id: &str) -> Option<&Version<T>> {
        self.versions
            .iter()
            .find(|version| version.id.eq_ignore_ascii_case(id))
    }

    pub(crate) fn version_mut(&mut self, id: &str) -> Option<&mut Version<T>> {
        self.versions
            .iter_mut()
            .find(|version| version.id.eq_ignore_ascii_case(id))
    }

    /// The versions in the order of their ids, in which the service lists them.
    pub(crate) fn listed(&self) -> Vec<&Version<T>> {
        let mut versions: Vec<_> = self.versions.iter().collect();
        versions.sort_by(|one, other| one.id.cmp(&other.id));
        versions
    }
}

/// A soft-deleted object.
#[derive(Debug, Clone)]
pub(crate) struct Deleted<T> {
    pub(crate) object: Object<T>,
    pub(crate) at: i64,
}

impl<T> Deleted<T> {
    pub(crate) fn purged_at(&self) -> i64 {
        self.at + i64::from(RECOVERABLE_DAYS) * 86_400
    }
}

/// All objects of one kind in a vault, by their names in upper case, which is their order in lists.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    objects: BTreeMap<String, Object<T>>,
    deleted: BTreeMap<String, Deleted<T>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            deleted: BTreeMap::new(),
        }
    }
}

impl<T> Shelf<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&Object<T>> {
        self.objects.get(&key(name))
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Object<T>> {
        self.objects.get_mut(&key(name))
    }

    pub(crate) fn deleted(&self, name: &str) -> Option<&Deleted<T>> {
        self.deleted.get(&key(name))
    }

    /// Adds a version, which becomes the current one.
    pub(crate) fn add(&mut self, name: &str, version: Version<T>) -> &Version<T> {
        let object = self.objects.entry(key(name)).or_insert_with(|| Object {
            name: name.to_owned(),
            versions: Vec::new(),
        });
        object.versions.push(version);
        object.current()
    }

    /// Takes one version away, as a purge of it would; the object goes with its last version.
    pub(crate) fn remove_version(&mut self, name: &str, id: &str) {
        if let Some(object) = self.get_mut(name) {
            object
                .versions
                .retain(|version| !version.id.eq_ignore_ascii_case(id));
            if object.versions.is_empty() {
                self.objects.remove(&key(name));
            }
        }
    }

    /// Changes a version, the current one if `id` is `None`, and dates the change; says whether there is one.
    pub(crate) fn change(
        &mut self,
        name: &str,
        id: Option<&str>,
        now: i64,
        change: impl FnOnce(&mut Version<T>),
    ) -> bool {
        let Some(object) = self.get_mut(name) else {
            return false;
        };
        let id = id.map_or_else(|| object.current().id.clone(), str::to_owned);
        let version = object.version_mut(&id).map(|version| {
            change(version);
            version.attributes.updated = now;
        });
        version.is_some()
    }

    /// Moves an object among the deleted ones; `None` when there is none.
    pub(crate) fn delete(&mut self, name: &str, now: i64) -> Option<&Deleted<T>> {
        let object = self.objects.remove(&key(name))?;
        self.deleted.insert(key(name), Deleted { object, at: now });
        self.deleted(name)
    }

    /// Brings a deleted object back; `None` when there is none.
    pub(crate) fn recover(&mut self, name: &str) -> Option<&Object<T>> {
        let deleted = self.deleted.remove(&key(name))?;
        self.objects.insert(key(name), deleted.object);
        self.get(name)
    }

    /// Forgets a deleted object; says whether there was one.
    pub(crate) fn purge(&mut self, name: &str) -> bool {
        self.deleted.remove(&key(name)).is_some()
    }

    /// The objects in the order of lists.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Object<T>> {
        self.objects.values()
    }
}

fn key(name: &str) -> String {
    name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str) -> Version<()> {
        Version {
            id: id.to_owned(),
            attributes: Attributes::created_at(1),
            tags: None,
            content: (),
        }
    }

    #[test]
    fn the_newest_version_is_current_and_the_list_is_ordered_by_id() {
        let mut shelf = Shelf::default();
        shelf.add("name", version("ff"));
        shelf.add("NAME", version("00"));
        let object = shelf.get("Name").expect("names ignore case");
        assert_eq!(object.current().id, "00");
        assert_eq!(
            object.listed().iter().map(|v| v.id.as_str()).collect::<Vec<_>>(),
            ["00", "ff"]
        );
        assert_eq!(object.name, "name");
    }

    #[test]
    fn a_deleted_object_can_be_recovered_until_it_is_purged() {
        let mut shelf = Shelf::default();
        shelf.add("a", version("1"));
        assert_eq!(
            shelf.delete("a", 5).map(Deleted::purged_at),
            Some(5 + 90 * 86_400)
        );
        assert!(shelf.get("a").is_none());
        assert!(shelf.recover("A").is_some());
        shelf.delete("a", 6);
        assert!(shelf.purge("a"));
        assert!(shelf.recover("a").is_none());
    }

    #[test]
    fn an_object_goes_with_its_last_version() {
        let mut shelf = Shelf::default();
        shelf.add("a", version("1"));
        shelf.remove_version("a", "1");
        assert!(shelf.get("a").is_none());
    }
}
