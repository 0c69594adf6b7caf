//! A manifest that is being made: what the tools' configurations have in common, in the words of the domain.
//!
//! Invariant: once [`Draft::settled`], each path is used once and no file is at the path of another one's directory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::note::{Notes, quoted};
use super::vaults::Vault;
use domain::desired::{BundleOrder, IdentitySpec, SecretEncoding, VersionPolicy};
use domain::mode::{FileMode, Principal};
use domain::object::{ObjectName, VaultName};
use domain::path::RelativePath;

/// A manifest before it is text.
#[derive(Debug)]
pub(super) struct Draft {
    /// What it is made from, for its first line.
    pub(super) origin: String,
    pub(super) identity: IdentitySpec,
    pub(super) vaults: Vec<Vault>,
    pub(super) volume: Volume,
    /// How often what has no interval of its own is asked for, when the tool says it.
    pub(super) interval: Option<Duration>,
    pub(super) entries: Vec<Entry>,
    pub(super) lost: Lost,
    pub(super) selections: Vec<Selection>,
}

/// The paths of files that are not carried, each with the number of entries before the last of them. The tool writes
/// these files over those, so that an earlier entry would bring back what programs do not read today.
pub(super) type Lost = HashMap<RelativePath, usize>;

/// The files of a tool, in the order in which it writes them.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) entries: Vec<Entry>,
    pub(super) lost: Lost,
}

impl Files {
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// A file that is not carried.
    pub(super) fn lose(&mut self, path: RelativePath) {
        self.lost.insert(path, self.entries.len());
    }
}

/// Where the files go.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) path: String,
    pub(super) file_mode: FileMode,
    pub(super) dir_mode: FileMode,
    pub(super) owner: Option<Principal>,
    pub(super) group: Option<Principal>,
}

/// One file.
#[derive(Debug)]
pub(super) struct Entry {
    /// What the input calls it.
    pub(super) label: String,
    pub(super) path: RelativePath,
    pub(super) mode: Option<FileMode>,
    /// How often its objects are asked for, when the tool says it.
    pub(super) interval: Option<Duration>,
    pub(super) made_of: MadeOf,
}

/// What a file is made of.
#[derive(Debug)]
pub(super) enum MadeOf {
    /// One object.
    Object(Object, Part),
    /// Several secrets.
    Template(TemplateBody),
}

/// An object of a vault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Object {
    pub(super) vault: VaultName,
    pub(super) name: ObjectName,
    pub(super) version: VersionPolicy,
    /// How many versions are kept, as `path/0`, `path/1` and so on.
    pub(super) history: Option<u32>,
}

/// What of the object.
#[derive(Debug)]
pub(super) enum Part {
    /// The value of a secret.
    Secret {
        /// How it is decoded; when absent, a tag of the secret may say so.
        encoding: Option<SecretEncoding>,
        /// Whether white space at both ends is removed.
        trim: bool,
    },
    /// Parts of a certificate.
    Certificate(CertificatePart),
    /// Parts of a certificate that the tool asks for without its private key.
    PublicCertificate(CertificatePart),
    /// The public part of a key, PEM.
    KeyPem,
    /// The public part of a key, as a JSON Web Key.
    KeyJwk,
}

/// The parts of a certificate that the tools write. A root that the vault holds is in each of their chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificatePart {
    Leaf,
    FullChain,
    /// The full chain without the leaf.
    Issuers,
    PrivateKey,
    Bundle(BundleOrder),
    /// Without a password.
    Pkcs12,
}

/// How several secrets are put together.
#[derive(Debug)]
pub(super) enum TemplateBody {
    /// Text, and the current values of secrets.
    Text(Vec<Piece>),
    /// A JSON object: keys and the secrets whose values they have.
    Json(Vec<(String, SecretName)>),
}

/// A secret of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretName {
    pub(super) vault: VaultName,
    pub(super) name: ObjectName,
}

/// A part of a template's text.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Secret(SecretName),
}

/// Every secret of a vault, each written to a file of its name.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) vault: VaultName,
    /// Their paths; `{name}` stands for the name.
    pub(super) path_template: &'static str,
    /// How they are decoded; when absent, a tag of each secret may say so.
    pub(super) encoding: Option<SecretEncoding>,
}

impl Draft {
    /// Whether it would write nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.selections.is_empty()
    }

    /// Leaves each path to one entry: of several, to the last, as the tools do, or to none when that one is lost. A
    /// file that stands where an earlier one needs a directory, or the reverse, goes. So does a template that would not
    /// get the current versions.
    pub(super) fn settled(mut self, notes: &Notes) -> Self {
        self.keep_last(notes);
        self.refuse_conflicts(notes);
        self.refuse_other_versions(notes);
        self
    }

    /// Says what the identity needs to be allowed that the tool did not need.
    pub(super) fn tell_permissions(&self, notes: &Notes) {
        let is_public =
            |entry: &Entry| matches!(&entry.made_of, MadeOf::Object(_, Part::PublicCertificate(_)));
        if self.entries.iter().any(is_public) {
            let reason = "each is read as the secret behind it, with its private key: the identity needs `secrets: get` \
                          (the role Key Vault Secrets User), where `certificates: get` was enough for a certificate \
                          without its key";
            notes.assumed("certificates", reason);
        }
    }

    /// Takes out the entries that have a reason against them, by their places.
    pub(super) fn take_out(&mut self, reasons: &BTreeMap<usize, String>, notes: &Notes) {
        let mut places = 0..;
        self.entries.retain(|entry| {
            let reason = places.next().and_then(|place| reasons.get(&place));
            if let Some(reason) = reason {
                notes.not_carried(entry.label.as_str(), reason.as_str());
            }
            reason.is_none()
        });
    }

    fn keep_last(&mut self, notes: &Notes) {
        let last: HashMap<RelativePath, usize> = self
            .entries
            .iter()
            .map(|entry| entry.path.clone())
            .zip(0..)
            .collect();
        let mut places = 0..;
        self.entries.retain(|entry| {
            let place = places.next();
            let is_lost = self.lost.get(&entry.path).copied() > place;
            // The last one may still go for a reason of its own, so that the remark does not say that it stays.
            let later = match last.get(&entry.path).copied() == place {
                true if !is_lost => return true,
                true => "a later file, which is not carried,",
                false => "a later file",
            };
            let reason = format!(
                "{later} has the same path, {}, and takes its place in the tool; give it a path of its own",
                quoted(entry.path.as_str())
            );
            notes.not_carried(entry.label.as_str(), reason);
            false
        });
    }

    fn refuse_conflicts(&mut self, notes: &Notes) {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        self.entries.retain(|entry| {
            let path = entry.path.as_str();
            let above = path
                .match_indices('/')
                .map(|(at, _)| &path[..at])
                .find(|above| taken.contains(*above));
            let directory = format!("{path}/");
            let below = taken.range(directory.clone()..).next();
            let below = below
                .map(String::as_str)
                .filter(|other| other.starts_with(&directory));
            let Some(other) = above.or(below) else {
                taken.insert(path.to_owned());
                return true;
            };
            let reason = format!(
                "the path {} cannot be there together with {}",
                quoted(path),
                quoted(other)
            );
            notes.not_carried(entry.label.as_str(), reason);
            false
        });
    }

    /// In a manifest, a template gets the version of a secret that an entry of it asks for.
    fn refuse_other_versions(&mut self, notes: &Notes) {
        let pinned = self.entries.iter().filter_map(|entry| match &entry.made_of {
            MadeOf::Object(object, Part::Secret { .. }) if object.version != VersionPolicy::Latest => {
                Some((object.vault.clone(), object.name.clone()))
            }
            _ => None,
        });
        let pinned: HashSet<(VaultName, ObjectName)> = pinned.collect();
        let reason = |entry: &Entry| {
            let MadeOf::Template(body) = &entry.made_of else {
                return None;
            };
            let is_pinned =
                |secret: &&SecretName| pinned.contains(&(secret.vault.clone(), secret.name.clone()));
            let secret = body.secrets().find(is_pinned)?;
            Some(format!(
                "it has the current version of {}, of which another file has another version, and in one manifest a \
                 template gets the version of that file; convert the two one by one",
                quoted(secret.name.as_str())
            ))
        };
        let reasons = self.entries.iter().map(reason).enumerate();
        let reasons = reasons.filter_map(|(place, reason)| Some((place, reason?)));
        self.take_out(&reasons.collect(), notes);
    }
}

impl TemplateBody {
    fn secrets(&self) -> Box<dyn Iterator<Item = &SecretName> + '_> {
        match self {
            Self::Json(values) => Box::new(values.iter().map(|(_, secret)| secret)),
            Self::Text(pieces) => Box::new(pieces.iter().filter_map(|piece| match piece {
                Piece::Secret(secret) => Some(secret),
                Piece::Text(_) => None,
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(paths: &[&str]) -> Draft {
        let entries = paths.iter().enumerate().map(|(index, path)| Entry {
            label: index.to_string(),
            path: RelativePath::parse(path).expect("a path"),
            mode: None,
            interval: None,
            made_of: MadeOf::Template(TemplateBody::Json(Vec::new())),
        });
        Draft {
            origin: String::new(),
            identity: IdentitySpec::default(),
            vaults: Vec::new(),
            volume: Volume {
                path: "/mnt".to_owned(),
                file_mode: FileMode::from_bits(0o400),
                dir_mode: FileMode::from_bits(0o700),
                owner: None,
                group: None,
            },
            interval: None,
            entries: entries.collect(),
            lost: Lost::new(),
            selections: Vec::new(),
        }
    }

    fn settled(paths: &[&str]) -> (Vec<String>, usize) {
        let notes = Notes::default();
        let draft = draft(paths).settled(&notes);
        let kept = draft.entries.into_iter().map(|entry| entry.label).collect();
        (kept, notes.into_list().len())
    }

    #[test]
    fn of_several_files_with_one_path_the_last_stays_and_the_others_are_told() {
        assert_eq!(
            settled(&["a", "b", "a", "a"]),
            (vec!["1".to_owned(), "3".to_owned()], 2)
        );
    }

    #[test]
    fn a_lost_file_takes_its_path_from_earlier_ones_and_not_from_later_ones() {
        let notes = Notes::default();
        let mut draft = draft(&["a", "b", "a", "b"]);
        let path = |path| RelativePath::parse(path).expect("a path");
        draft.lost = Lost::from([(path("a"), 4), (path("b"), 2), (path("c"), 0)]);
        let kept: Vec<String> = draft
            .settled(&notes)
            .entries
            .into_iter()
            .map(|entry| entry.label)
            .collect();
        assert_eq!(kept, ["3"]);
        let notes = notes.into_list();
        assert_eq!(notes.len(), 3);
        assert!(
            notes[2]
                .reason
                .starts_with("a later file, which is not carried, has the same path, `a`"),
            "{notes:?}"
        );
    }

    #[test]
    fn no_remark_says_that_a_file_stays_which_goes_in_a_later_step() {
        let notes = Notes::default();
        let draft = draft(&["a/b", "a", "a/b"]).settled(&notes);
        assert_eq!(draft.entries.len(), 1);
        let notes = notes.into_list();
        assert_eq!(notes.len(), 2);
        assert!(
            notes.iter().all(|note| !note.reason.contains("stays")),
            "{notes:?}"
        );
    }

    #[test]
    fn a_file_at_the_path_of_a_directory_goes_whichever_came_first() {
        assert_eq!(
            settled(&["a", "a/b/c", "ab"]),
            (vec!["0".to_owned(), "2".to_owned()], 1)
        );
        assert_eq!(
            settled(&["a/b", "a-", "a"]),
            (vec!["0".to_owned(), "1".to_owned()], 1)
        );
    }
}
