//! What the volume has, by what it was made of: bytes are found wherever they stand, so that a new path, or a version
//! that moves down in a history, costs no fetch.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::attribute_digest::AttributeDigest;
use super::desired::{Content, FileSpec};
use super::entry::Entry;
use super::fetched::FetchedObject;
use super::object::{ObjectId, ObjectKind, ObjectName, VersionId, VersionSelector};
use super::path::RelativePath;
use super::payload::{FileRecord, Input, InputRecord, Observation, ObservedFile};
use super::query::Query;

/// An input, and which state of it will do.
#[derive(Debug, Clone, Copy)]
pub struct Needed<'k> {
    /// What it is.
    pub input: &'k Input,
    /// The version that will do; `None` when any will.
    pub version: Option<&'k VersionId>,
    /// The object as it is now, when that was told: its tags and attributes count too, for a file that takes them.
    pub told: Option<&'k FetchedObject>,
}

impl<'k> Needed<'k> {
    /// Any version.
    const fn any(input: &'k Input) -> Self {
        Self {
            input,
            version: None,
            told: None,
        }
    }
}

/// A published file: where it is, and what is known of it.
pub type Found<'o> = (&'o RelativePath, &'o ObservedFile);

/// The files of an observation, found by path or by content.
#[derive(Debug)]
pub struct Published<'o> {
    files: &'o BTreeMap<RelativePath, ObservedFile>,
    /// By the name of the first object of each file, in whatever vault.
    of: BTreeMap<NameOfObject<'o>, Vec<&'o RelativePath>>,
    /// The paths that entries have, each with what its file is made of first.
    wanted: BTreeMap<&'o RelativePath, Option<&'o Input>>,
}

impl<'o> Published<'o> {
    /// Takes what a volume has.
    pub fn new(observed: &'o Observation) -> Self {
        let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (path, file) in &observed.files {
            if let Some(object) = first_object(&file.record) {
                of.entry(name_of(object)).or_default().push(path);
            }
        }
        Self {
            files: &observed.files,
            of,
            wanted: BTreeMap::new(),
        }
    }

    /// Notes the paths that entries have: what stands there is theirs.
    #[must_use]
    pub fn wanted_by(mut self, entries: &'o [Entry]) -> Self {
        let files = entries.iter().flat_map(|entry| {
            let files = entry.files.iter();
            files.map(|file| (&file.path, entry.inputs.first()))
        });
        self.wanted = files.collect();
        self
    }

    /// The file at a path.
    pub fn at(&self, path: &RelativePath) -> Option<&'o ObservedFile> {
        self.files.get(path)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = Found<'o>> {
        self.files.iter()
    }

    /// A file with this content, made of just these inputs: the one at the wanted path, else one elsewhere.
    ///
    /// Elsewhere counts only when every version is known: another path may have another version.
    pub fn made_of(&self, file: &FileSpec, inputs: &[Needed<'_>]) -> Option<Found<'o>> {
        let fits = |found: &ObservedFile| {
            found.record.content == file.content && is_made_of(&found.record, inputs.iter().copied())
        };
        let own = self
            .files
            .get_key_value(&file.path)
            .filter(|(_, found)| fits(found));
        own.or_else(|| {
            let known = inputs.iter().all(|needed| needed.version.is_some());
            let mut elsewhere = self.beside(inputs.first().map(|needed| needed.input));
            elsewhere.find(|(_, found)| known && fits(found))
        })
    }

    /// The last known good files of an entry that cannot be made now, as far as there are any.
    ///
    /// Of files at places of other entries, all that it needs are taken, of one version, or none: a certificate must not
    /// come to stand without its key.
    pub fn last_good<'e>(&self, entry: &'e Entry) -> Vec<(&'e FileSpec, Found<'o>)> {
        let files = entry.files.iter();
        let found = files.filter_map(|file| Some((file, self.last_good_file(file, entry)?)));
        let mut found: Vec<_> = found.collect();
        let is_whole = found.len() == entry.files.len()
            && found
                .windows(2)
                .all(|pair| of_same_version(&pair[0].1.1.record, &pair[1].1.1.record));
        if !is_whole {
            found.retain(|(file, (at, _))| file.path == **at || !self.wanted.contains_key(*at));
        }
        found
    }

    /// The last known good bytes of a file that cannot be made now; the first of these that there are:
    ///
    /// 1. its object at its path, when that was made by a rule of the same kind;
    /// 2. the same content of its object elsewhere, made by a rule of the same kind, of a version that will do;
    /// 3. its object at its path, by whatever rule, else elsewhere, of a version that will do;
    /// 4. the same content elsewhere, of any version, when no other entry is of the object: then it can only be what this
    ///    one had at another path;
    /// 5. whatever is at its path;
    /// 6. the same content elsewhere, from the vault that had this one's name before its URL was edited, when nobody else
    ///    wants the place.
    ///
    /// Rules are of two kinds, the current version and a named one: where paths of both are exchanged, each takes its bytes
    /// along. Another entry's file, in its place, is none that does: that entry may ask for another version, and it may be
    /// ahead of what this one moves together with.
    fn last_good_file(&self, file: &FileSpec, entry: &Entry) -> Option<Found<'o>> {
        let inputs = entry.inputs.as_slice();
        let at = self.files.get_key_value(&file.path);
        let first = inputs.first();
        let is_of_object = |record: &FileRecord| {
            let made = record.inputs.first().zip(first);
            made.is_some_and(|(made, first)| same(&made.input, first))
        };
        // What is unresolved has an input that only stands in for a version that a list will name. Of `latestEnabled`, the answer
        // for the current version decides too: the file was of the current version until that was disabled.
        let mut decisive = entry.depends_on.iter();
        let is_of_either_kind = decisive.any(|query| matches!(query, Query::Object(_)));
        let by_kind = |record: &FileRecord| {
            let made = record.inputs.first().zip(first);
            made.is_some_and(|(made, first)| {
                is_of_either_kind || is_named(&made.input) == (is_named(first) || entry.unresolved)
            })
        };
        let is_form = |record: &FileRecord| is_form_of(record, &file.content, inputs);
        let will_do = |record: &FileRecord| record.content == file.content && may_be_of(record, inputs);
        let here = |fits: &dyn Fn(&FileRecord) -> bool| at.filter(|(_, found)| fits(&found.record));
        here(&|record| is_of_object(record) && by_kind(record))
            .or_else(|| self.elsewhere(first, &|record| by_kind(record) && will_do(record)))
            .or_else(|| here(&is_of_object))
            .or_else(|| self.elsewhere(first, &will_do))
            .or_else(|| self.elsewhere(first, &is_form).filter(|_| self.is_alone(entry)))
            .or(at)
            .or_else(|| self.of_another_host(file, first).filter(|_| self.is_alone(entry)))
    }

    /// A file of the input's object that fits and that no entry has in its place: the first slot of a history, which is its
    /// newest, before the others; of several, the one that was fetched last.
    fn elsewhere(&self, first: Option<&Input>, fits: &dyn Fn(&FileRecord) -> bool) -> Option<Found<'o>> {
        let free = self
            .beside(first)
            .filter(|(at, found)| fits(&found.record) && !self.is_anothers(at, found));
        free.min_by_key(|(at, found)| (at.slot(), Reverse(found.record.fetched)))
    }

    /// A file of an object that has the same name in a vault of the same name at another host.
    fn of_another_host(&self, file: &FileSpec, first: Option<&Input>) -> Option<Found<'o>> {
        let Some(Input::Object(wanted)) = first else {
            return None;
        };
        let had = self
            .of_name(&wanted.object)
            .filter(|(_, found)| {
                let object = first_object(&found.record);
                object.is_some_and(|object| object.vault.name == wanted.object.vault.name)
            })
            .filter(|(at, found)| found.record.content == file.content && !self.wanted.contains_key(*at));
        had.min_by_key(|(at, found)| (at.slot(), Reverse(found.record.fetched)))
    }

    /// Whether no other entry is made of the same object.
    fn is_alone(&self, entry: &Entry) -> bool {
        let own = entry.inputs.first();
        !self.wanted.iter().any(|(path, first)| {
            let is_same = first.zip(own).is_some_and(|(one, other)| same(one, other));
            is_same && entry.files.iter().all(|file| file.path != **path)
        })
    }

    /// Whether a file is where the entry wants it that it belongs to: of its object, by a rule of its kind.
    fn is_anothers(&self, at: &RelativePath, found: &ObservedFile) -> bool {
        match (self.wanted.get(at), found.record.inputs.first()) {
            (Some(Some(wanted)), Some(record)) => {
                same(wanted, &record.input) && is_named(wanted) == is_named(&record.input)
            }
            _ => false,
        }
    }

    /// The files whose first object is this input's.
    fn beside<'s>(&'s self, input: Option<&'s Input>) -> impl Iterator<Item = Found<'o>> + 's {
        let object = match input {
            Some(Input::Object(source)) => Some(&source.object),
            Some(Input::File(_)) | None => None,
        };
        let of_name = object.into_iter().flat_map(|object| self.of_name(object));
        of_name.filter(move |(_, found)| first_object(&found.record) == object)
    }

    /// The files whose first object has this name, in whatever vault.
    fn of_name<'s>(&'s self, object: &'s ObjectId) -> impl Iterator<Item = Found<'o>> + 's {
        let paths = self.of.get(&name_of(object));
        let paths = paths.map(Vec::as_slice).unwrap_or_default().iter();
        paths.filter_map(|path| self.files.get_key_value(*path))
    }
}

/// What an object is called in its vault.
type NameOfObject<'o> = (&'o ObjectName, ObjectKind);

const fn name_of(object: &ObjectId) -> NameOfObject<'_> {
    (&object.name, object.kind)
}

fn first_object(record: &FileRecord) -> Option<&ObjectId> {
    match &record.inputs.first()?.input {
        Input::Object(source) => Some(&source.object),
        Input::File(_) => None,
    }
}

/// Whether both were made of the same version of their first object.
fn of_same_version(one: &FileRecord, other: &FileRecord) -> bool {
    let version = |record: &FileRecord| record.inputs.first().map(|input| input.version.clone());
    version(one) == version(other)
}

/// Whether both are the same thing, in whatever version.
fn same(one: &Input, other: &Input) -> bool {
    match (one, other) {
        (Input::Object(one), Input::Object(other)) => one.object == other.object,
        (Input::File(one), Input::File(other)) => one == other,
        _ => false,
    }
}

fn is_made_of<'k>(record: &FileRecord, inputs: impl ExactSizeIterator<Item = Needed<'k>>) -> bool {
    record.inputs.len() == inputs.len()
        && record
            .inputs
            .iter()
            .zip(inputs)
            .all(|(made, needed)| is_as_needed(made, needed, &record.content))
}

/// Whether what a file of this content was made of is what is needed now: the same thing, in the version and with the
/// attributes that are known.
fn is_as_needed(made: &InputRecord, needed: Needed<'_>, content: &Content) -> bool {
    same(&made.input, needed.input)
        && needed.version.is_none_or(|version| *version == made.version)
        && needed
            .told
            .is_none_or(|object| AttributeDigest::of(content, object) == made.digest)
}

/// Whether a file was made of the same things, pinned ones in the pinned version.
pub fn may_be_of(record: &FileRecord, inputs: &[Input]) -> bool {
    let needed = inputs.iter().map(|input| Needed {
        version: pinned(input),
        ..Needed::any(input)
    });
    is_made_of(record, needed)
}

/// Whether an input names its version.
fn is_named(input: &Input) -> bool {
    pinned(input).is_some()
}

/// The version that an input names, if it names one.
pub fn pinned(input: &Input) -> Option<&VersionId> {
    match input {
        Input::Object(source) => match &source.version {
            VersionSelector::Exact(version) => Some(version),
            VersionSelector::Latest => None,
        },
        Input::File(_) => None,
    }
}

/// Whether a record is of this content and of these things, in whatever version.
pub fn is_form_of(record: &FileRecord, content: &Content, inputs: &[Input]) -> bool {
    record.content == *content && is_made_of(record, inputs.iter().map(Needed::any))
}
