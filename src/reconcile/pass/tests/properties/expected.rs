//! What is promised of a publish, said without any of the code that keeps the promises.

use std::collections::BTreeMap;

use super::world::{Secret, State, Version, World};
use crate::domain::answers::Lists;
use crate::domain::desired::{ObjectSpec, SyncSpec, VersionPolicy};
use crate::domain::object::ObjectName;
use crate::domain::path::RelativePath;
use crate::domain::path_set::PathSet;
use crate::domain::payload::FileRecord;
use crate::reconcile::fakes::version_id;

/// The text and the record of each published file.
pub(super) type Files = BTreeMap<RelativePath, (String, FileRecord)>;

/// A publish, and the world that it happened in.
#[derive(Debug)]
pub(super) struct Publish<'p> {
    pub(super) before: &'p Files,
    pub(super) after: &'p Files,
    pub(super) spec: &'p SyncSpec,
    pub(super) world: &'p World,
    /// Names at which something foreign stands.
    pub(super) foreign: &'p [String],
    /// What the vault said last of what it has.
    pub(super) lists: &'p Lists,
    /// Whether nothing but the vault changed since the last publish.
    pub(super) same_manifest: bool,
    /// Whether everything was asked for since the manifest was edited.
    pub(super) all_asked: bool,
    /// Whether what there was before was not known.
    pub(super) records_lost: bool,
}

/// What a file has to be when what it belongs to moves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Must {
    Be(String),
    Leave,
    /// It cannot be made, so nothing moves.
    NotMove,
}

/// Files that move together or not at all.
#[derive(Debug, Default)]
struct Unit {
    files: BTreeMap<RelativePath, Must>,
    /// Why nothing of it can move.
    obstacles: Vec<String>,
}

impl Publish<'_> {
    /// Checks every promise.
    pub(super) fn keeps_its_promises(&self) {
        self.no_file_is_in_the_way_of_another();
        self.what_is_foreign_is_not_touched();
        self.nothing_gets_lost();
        self.content_is_kept();
        if !self.all_asked {
            return;
        }
        let mut together = Unit::default();
        let units = self.units(&mut together);
        for unit in units.iter().chain([&together]) {
            self.is_one_set(unit);
        }
    }

    fn no_file_is_in_the_way_of_another(&self) {
        let mut paths = PathSet::default();
        for path in self.after.keys() {
            assert_eq!(paths.claim(path), Ok(()), "{path} is in the way");
        }
    }

    fn is_foreign(&self, path: &RelativePath) -> bool {
        let covers = |name: &String| {
            let rest = path.as_str().strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.foreign.iter().any(covers)
    }

    fn what_is_foreign_is_not_touched(&self) {
        for (path, (text, _)) in self.after.iter().filter(|(path, _)| self.is_foreign(path)) {
            let before = self.before.get(path).map(|(text, _)| text);
            assert_eq!(before, Some(text), "{path} is somebody else's");
        }
    }

    /// No file disappears unless the manifest or the vault said so.
    fn nothing_gets_lost(&self) {
        let gone = self
            .before
            .iter()
            .filter(|(path, _)| !self.after.contains_key(*path));
        for (path, (_, record)) in gone {
            // What is of another entry now may go: behind something foreign nobody reaches it, and what was to take its
            // place may have to stay where it is, with all that moves together with it.
            let may_go = !self.foreign.is_empty() && !self.is_at_home(path, record);
            assert!(may_go || !self.is_wanted(path, record), "{path} got lost");
        }
    }

    /// Whether the object that it is of is to be there.
    fn is_at_home(&self, path: &RelativePath, record: &FileRecord) -> bool {
        let Some((source, _)) = record.object() else {
            return true;
        };
        let mut objects = self.spec.objects.iter();
        objects.any(|object| {
            let mut files = object.files.iter();
            object.wanted.object == source.object
                && files.any(|file| path.as_str().starts_with(file.path.as_str()))
        })
    }

    /// Whether an entry has the path, and the vault did not say that the file goes.
    fn is_wanted(&self, path: &RelativePath, record: &FileRecord) -> bool {
        let of_objects = self.spec.objects.iter().any(|object| {
            let slots = object.history.map(|count| match self.history(object).len() {
                0 => usize::from(count.get()),
                length => length,
            });
            object.files.iter().any(|file| match slots {
                None => file.path == *path,
                Some(slots) => (0..slots).any(|slot| file.path.join(&slot.to_string()) == *path),
            })
        });
        let of_templates = self.spec.templates.iter().any(|template| template.path == *path);
        let of_selections = self.spec.selections.iter().any(|selection| {
            let Some((source, _)) = record.object() else {
                return false;
            };
            let secret = self.world.secrets.get(source.object.name.as_str());
            let at = selection
                .path
                .path_of(&source.object.name, selection.rule.prefix.as_deref());
            // By another name and at another host, it is a vault that the manifest did not have before.
            let vault = &source.object.vault;
            let is_known = *vault == selection.vault || vault.name == selection.vault.name;
            is_known && at.as_ref() == Ok(path) && secret.is_some_and(|secret| secret.state != State::Gone)
        });
        of_objects || of_templates || of_selections && !self.records_lost
    }

    /// What moved is whole, and of what the vault has now.
    fn is_one_set(&self, unit: &Unit) {
        let is_new = |path: &&RelativePath| match (text_of(self.before, path), text_of(self.after, path)) {
            (before, after) if before == after => false,
            (_, None) => false,
            (_, Some(after)) => self.same_manifest || !self.before.values().any(|(text, _)| text == after),
        };
        let Some(new) = unit.files.keys().find(is_new) else {
            return;
        };
        assert_eq!(unit.obstacles, Vec::<String>::new(), "{new} moved all the same");
        for (path, must) in &unit.files {
            let after = text_of(self.after, path);
            match must {
                Must::Be(text) => assert_eq!(after, Some(text.as_str()), "{path}, while {new} moved"),
                Must::Leave => assert_eq!(after, None, "{path}, while {new} moved"),
                Must::NotMove => panic!("{path} cannot be made, and {new} moved"),
            }
        }
    }

    /// Everything that moves as one; what is in the group goes into `together`.
    fn units(&self, together: &mut Unit) -> Vec<Unit> {
        let mut alone = Vec::new();
        for object in &self.spec.objects {
            let mut unit = Unit::default();
            self.add_object(object, &mut unit);
            put(unit, object.group.is_some(), &mut alone, together);
        }
        for template in &self.spec.templates {
            let mut unit = Unit::default();
            let names = template.inputs.iter().map(|(_, wanted)| &wanted.object.name);
            let values: Option<Vec<_>> = names.map(|name| self.input(name, &mut unit)).collect();
            let must = values.map_or(Must::NotMove, |values| Must::Be(values.join(" ")));
            self.add(&mut unit, template.path.clone(), must);
            put(unit, template.group.is_some(), &mut alone, together);
        }
        for selection in &self.spec.selections {
            for secret in self.world.secrets.values() {
                let name = ObjectName::parse(secret.name).expect("valid");
                let path = selection.path.path_of(&name, selection.rule.prefix.as_deref());
                let (true, Ok(path)) = (selection.rule.fits_name(&name), path) else {
                    continue;
                };
                let mut unit = Unit::default();
                if selection.group.is_some() && self.world.lists != State::Fine {
                    unit.obstacles.push("there is no list".to_owned());
                }
                let published = self.before.contains_key(&path);
                match (secret.state, secret.current()) {
                    (State::Gone, _) => self.add(&mut unit, path, Must::Leave),
                    (_, None) if !published => {}
                    (_, current) => {
                        asks(secret, &mut unit);
                        self.add(&mut unit, path, made_of(secret, current));
                    }
                }
                put(unit, selection.group.is_some(), &mut alone, together);
            }
        }
        alone
    }

    fn add(&self, unit: &mut Unit, path: RelativePath, must: Must) {
        if self.is_foreign(&path) {
            unit.obstacles.push(format!("{path} is taken"));
        }
        unit.files.insert(path, must);
    }

    fn input(&self, name: &ObjectName, unit: &mut Unit) -> Option<String> {
        let secret = &self.world.secrets[name.as_str()];
        asks(secret, unit);
        secret.current().map(|current| secret.value(current))
    }

    fn add_object(&self, object: &ObjectSpec, unit: &mut Unit) {
        let secret = &self.world.secrets[object.wanted.object.name.as_str()];
        if let Some(count) = object.history {
            if self.world.lists != State::Fine {
                unit.obstacles
                    .push(format!("there is no list of {}", secret.name));
            }
            let versions = self.history(object);
            for slot in 0..usize::from(count.get()) {
                let must = match versions.get(slot) {
                    Some(version) => made_of(secret, Some(*version)),
                    None if versions.is_empty() => Must::NotMove,
                    None => Must::Leave,
                };
                for file in &object.files {
                    self.add(unit, file.path.join(&slot.to_string()), must.clone());
                }
            }
            return;
        }
        let newest = || self.history(object).first().copied();
        let version = match &object.wanted.version {
            VersionPolicy::Latest => {
                asks(secret, unit);
                secret.current()
            }
            VersionPolicy::LatestEnabled => {
                asks(secret, unit);
                secret.current().or_else(newest)
            }
            VersionPolicy::CreatedBefore(_) => newest(),
            VersionPolicy::Exact(wanted) => {
                let mut versions = secret.versions.iter().copied();
                versions.find(|version| version_id(version.number) == *wanted)
            }
        };
        for file in &object.files {
            self.add(unit, file.path.clone(), made_of(secret, version));
        }
    }

    /// The versions that a policy allows, the newest first, as many as the history is long.
    fn history(&self, object: &ObjectSpec) -> Vec<Version> {
        let secret = &self.world.secrets[object.wanted.object.name.as_str()];
        if secret.state == State::Gone {
            return Vec::new();
        }
        let allowed = |version: &&Version| {
            let created = time::OffsetDateTime::from_unix_timestamp(i64::from(version.number)).ok();
            version.enabled && object.wanted.version.allows(created)
        };
        let count = object.history.map_or(1, |count| usize::from(count.get()));
        secret
            .versions
            .iter()
            .rev()
            .filter(allowed)
            .take(count)
            .copied()
            .collect()
    }
}

fn text_of<'f>(files: &'f Files, path: &RelativePath) -> Option<&'f str> {
    files.get(path).map(|(text, _)| text.as_str())
}

fn put(unit: Unit, grouped: bool, alone: &mut Vec<Unit>, together: &mut Unit) {
    if grouped {
        together.files.extend(unit.files);
        together.obstacles.extend(unit.obstacles);
    } else {
        alone.push(unit);
    }
}

/// Of what is asked for in each round, nothing moves without an answer.
fn asks(secret: &Secret, unit: &mut Unit) {
    if !secret.answers() {
        unit.obstacles.push(format!("{} does not answer", secret.name));
    }
}

fn made_of(secret: &Secret, version: Option<Version>) -> Must {
    match version.filter(|version| version.good) {
        Some(version) => Must::Be(secret.text(version)),
        None => Must::NotMove,
    }
}
