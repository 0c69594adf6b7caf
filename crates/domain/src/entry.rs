//! What is planned as one: files that are made of the same versions, all of them or none.
//!
//! The manifest's entries become these when it is known which objects and versions they stand for: a history is one
//! for each version, a selection one for each secret.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::desired::{FileSpec, PasswordSource, PathTemplate, Reference, Template};
use super::failure::Failure;
use super::object::{GroupName, ObjectId, Source, VaultId};
use super::path::RelativePath;
use super::payload::{Input, Selected};
use super::query::Query;

/// Files that are made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What messages call it.
    pub id: EntryId,
    /// Whether start-up and `once` wait for it.
    pub required: bool,
    /// What it moves together with.
    pub group: Option<Group>,
    /// What its files are made of.
    pub body: Body,
    /// The same as [`Body::inputs`] gives: everybody who decides needs it, many times in a pass.
    pub inputs: Vec<Input>,
    /// Its files.
    pub files: Vec<FileSpec>,
    /// The mean time after which what it is made of is asked for again.
    pub interval: Duration,
    /// Why it cannot be made in this pass, whatever its inputs are, and the question whose answer said so.
    pub obstacle: Option<(Failure, Query)>,
    /// Whether it is open which versions it is made of, because the list that decides was not told yet, or has none.
    /// Until then nothing is asked for it, and what is published stays.
    pub unresolved: bool,
    /// The questions whose answers decide what it is made of, besides its inputs. When it fails, they are asked again
    /// with it: another answer may mend it.
    pub depends_on: Vec<Query>,
    /// That a selection picked it, if one did.
    pub selected: Option<Selected>,
    /// Published files that belonged to it and do so no more: they go when its group moves, and not before.
    pub removals: Vec<RelativePath>,
}

/// What messages call an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryId {
    /// By its object.
    Object(Source),
    /// By its path.
    Template(RelativePath),
    /// A selection as a whole.
    Selection {
        /// Where it looks.
        vault: VaultId,
        /// What it picks.
        rule: String,
        /// Where it puts that: two selections may differ in nothing else.
        path: PathTemplate,
    },
}

/// What moves together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Entries that the manifest groups.
    Named(GroupName),
    /// The versions of one history, by the first of its paths.
    History(RelativePath),
}

/// What the files of an entry are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// One object, and the passwords of its key stores.
    Object(Source, Vec<(PasswordSource, Input)>),
    /// Several objects.
    Template(Arc<Template>, Vec<(Reference, Source)>),
    /// Nothing: a selection as a whole has no files of its own.
    Selection {
        /// Whether there is anything to go by: a list, or published files of its secrets.
        known: bool,
        /// Whether that is a list.
        listed: bool,
        /// How many secrets the list has, when the rule picks none of them.
        picks_none_of: Option<usize>,
    },
}

/// What tells an entry from every other, over passes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKey {
    /// The first of its paths, which no other entry has. Its object may be another entry's too, and which version it
    /// is made of may change from pass to pass.
    Path(RelativePath),
    /// Of what has no path of its own: its name.
    Id(EntryId),
}

impl Body {
    /// Everything that the files are made of, in the order of their records.
    pub fn inputs(&self) -> Vec<Input> {
        match self {
            Self::Object(source, passwords) => {
                let passwords = passwords.iter().map(|(_, input)| input.clone());
                std::iter::once(Input::Object(source.clone()))
                    .chain(passwords)
                    .collect()
            }
            Self::Template(_, inputs) => inputs
                .iter()
                .map(|(_, source)| Input::Object(source.clone()))
                .collect(),
            Self::Selection { .. } => Vec::new(),
        }
    }
}

impl Entry {
    /// The questions that lead to its files: for its inputs, and for what decides which those are.
    pub fn questions(&self) -> impl Iterator<Item = Query> {
        let inputs = self.inputs.iter().map(Query::from);
        inputs.chain(self.depends_on.iter().cloned())
    }

    /// The object that it is made of, when it is one.
    pub const fn source(&self) -> Option<&Source> {
        match &self.body {
            Body::Object(source, _) => Some(source),
            Body::Template(..) | Body::Selection { .. } => None,
        }
    }

    /// What tells it from every other entry, over passes.
    pub fn key(&self) -> EntryKey {
        let first = self.files.first().map(|file| file.path.clone());
        first.map_or_else(|| EntryKey::Id(self.id.clone()), EntryKey::Path)
    }
}

impl EntryId {
    /// The vault that it is about, when it is one.
    pub const fn vault(&self) -> Option<&VaultId> {
        match self {
            Self::Object(source) => Some(&source.object.vault),
            Self::Selection { vault, .. } => Some(vault),
            Self::Template(_) => None,
        }
    }

    /// The object that it has its name from, if there is one.
    pub const fn object(&self) -> Option<&ObjectId> {
        match self {
            Self::Object(source) => Some(&source.object),
            Self::Template(_) | Self::Selection { .. } => None,
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(source) => write!(f, "{source}"),
            Self::Template(path) => write!(f, "template {path}"),
            Self::Selection { vault, rule, .. } => write!(f, "{vault}/secrets?{rule}"),
        }
    }
}
