//! Secrets, certificates, keys and templates, and the files made of them.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

use super::paths::Paths;
use super::vaults::Vaults;
use crate::field::{Choice, Located, Optional, Required, Text};
use crate::problem::{Code, Mark, Problem, Sink};
use crate::scalar::{HistoryCount, Interval};
use crate::wire;
use domain::desired::{Content, FileSpec, ObjectSpec, SelectionSpec, TemplateSpec, VersionPolicy, Wanted};
use domain::mode::{FileMode, Principal};
use domain::object::{GroupName, ObjectId, ObjectKind, ObjectName, VaultId, VaultName};
use domain::path::RelativePath;

/// Groups that systems have, and that nobody would call entries by.
const GROUPS_OF_SYSTEMS: [&str; 14] = [
    "adm", "bin", "daemon", "docker", "nginx", "nobody", "nogroup", "root", "shadow", "ssl-cert", "staff",
    "users", "wheel", "www-data",
];

/// Resolves the object lists of one manifest.
pub(super) struct Objects<'r> {
    pub(super) vaults: &'r Vaults,
    pub(super) defaults: Defaults,
    pub(super) sink: &'r Sink,
    paths: Paths,
    /// The versions that entries ask of each object: other files that need the object take the same.
    declared: BTreeMap<ObjectId, Vec<VersionPolicy>>,
}

/// What an entry has that does not say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    pub(super) file_mode: FileMode,
    pub(super) interval: Duration,
    /// Of the whole volume: no entry has an owner of its own.
    pub(super) owner_is_not_root: bool,
}

/// What came of all lists.
#[derive(Default)]
pub(super) struct ObjectSpecs {
    pub(super) objects: Vec<ObjectSpec>,
    pub(super) selections: Vec<SelectionSpec>,
    pub(super) templates: Vec<TemplateSpec>,
}

/// The fields that decide what is fetched.
pub(super) struct Asked<'w> {
    pub(super) kind: ObjectKind,
    pub(super) entry: Mark,
    pub(super) vault: &'w Optional<Text<VaultName>>,
    pub(super) name: Option<ObjectName>,
    pub(super) version: &'w Optional<wire::Version>,
    pub(super) history: &'w Optional<Text<HistoryCount>>,
}

/// A path and its place in the manifest.
pub(super) type Placed = (RelativePath, Mark);

impl<'r> Objects<'r> {
    pub(super) fn new(vaults: &'r Vaults, defaults: Defaults, sink: &'r Sink) -> Self {
        Self {
            vaults,
            defaults,
            sink,
            paths: Paths::default(),
            declared: BTreeMap::new(),
        }
    }

    /// The usable entries, in manifest order.
    pub(super) fn resolve(mut self, wire: &wire::Manifest) -> ObjectSpecs {
        let mut specs = ObjectSpecs::default();
        for entry in wire.secrets.elements() {
            self.secret(entry, &mut specs);
        }
        self.declare(&specs.objects);
        let certificates = wire.certificates.elements();
        let certificates: Vec<_> = certificates.filter_map(|entry| self.certificate(entry)).collect();
        self.declare(&certificates);
        let keys: Vec<_> = wire.keys.elements().filter_map(|entry| self.key(entry)).collect();
        self.declare(&keys);
        specs.objects.extend(certificates.into_iter().chain(keys));
        for entry in wire.templates.elements() {
            specs.templates.extend(self.template(entry));
        }
        self.paths.refuse_conflicts(self.sink);
        specs
    }

    fn declare(&mut self, objects: &[ObjectSpec]) {
        for ObjectSpec { wanted, .. } in objects {
            let versions = self.declared.entry(wanted.object.clone()).or_default();
            if !versions.contains(&wanted.version) {
                versions.push(wanted.version.clone());
            }
        }
    }

    /// What an object that another file needs is asked for: the version that its own entry says, else the latest.
    pub(super) fn needed(&self, object: ObjectId, mark: Mark) -> Option<Wanted> {
        let version = match self.declared.get(&object).map(Vec::as_slice) {
            None | Some([]) => VersionPolicy::Latest,
            Some([version]) => version.clone(),
            Some(_) => {
                let error =
                    "this object has entries with several versions, so it is unclear which one is meant";
                let problem = Problem::new(Code::SeveralVersions, error);
                let hint = "let all entries of the object have the same `version`";
                self.sink.push(problem.at(mark).hint(hint));
                return None;
            }
        };
        Some(Wanted { object, version })
    }

    /// Object, version and history of an entry.
    pub(super) fn wanted(&self, asked: Asked<'_>) -> Option<(Wanted, Option<NonZeroU16>)> {
        let vault = self.vaults.choose(asked.vault, asked.entry, self.sink);
        let version = match asked.version {
            Optional::Absent => Some(VersionPolicy::Latest),
            Optional::Invalid => None,
            Optional::Given(given) => match &given.value {
                Choice::Text(word) => word.parse_at(given.mark, self.sink).map(|word| word.0),
                Choice::Mapping(rule) => {
                    let time = rule.created_before.parse(self.sink);
                    time.map(|time| VersionPolicy::CreatedBefore(time.0))
                }
            },
        };
        let history = asked.history.parse(self.sink).map(|count| count.0);
        if let (Some(given), Some(version)) = (asked.history.given(), &version)
            && matches!(version, VersionPolicy::Exact(_))
        {
            let error = "`history` is for entries that do not name one version";
            let problem = Problem::new(Code::HistoryVersion, error);
            self.sink
                .push(problem.at(given.mark).hint("remove it, or remove `version`"));
        }
        self.refuse_hsm(asked.kind, vault.as_ref(), asked.entry);
        let object = ObjectId {
            vault: vault?,
            kind: asked.kind,
            name: asked.name?,
        };
        let wanted = Wanted {
            object,
            version: version?,
        };
        Some((wanted, history))
    }

    /// Records a secret or certificate of a vault that holds keys only.
    pub(super) fn refuse_hsm(&self, kind: ObjectKind, vault: Option<&VaultId>, entry: Mark) {
        if kind == ObjectKind::Key || !vault.is_some_and(|vault| self.vaults.is_managed_hsm(&vault.name)) {
            return;
        }
        let problem = Problem::new(
            Code::KeysOnly,
            "this vault is a managed HSM, which holds keys only",
        );
        self.sink.push(
            problem
                .at(entry)
                .hint("keep secrets and certificates in a key vault, `https://NAME.vault.azure.net`"),
        );
    }

    /// The path of an entry, which is the object's name when none is given.
    pub(super) fn path_or_name(
        &self,
        path: &Optional<Text<RelativePath>>,
        name: Option<&Located<Text<ObjectName>>>,
    ) -> Option<Placed> {
        match path {
            Optional::Given(text) => text.parse(self.sink).map(|path| (path, text.mark)),
            Optional::Invalid => None,
            // A name that is a problem has been recorded with the object.
            Optional::Absent => name.and_then(|text| Some((text.parse_as()?, text.mark))),
        }
    }

    /// A required path.
    pub(super) fn path(&self, path: &Required<Text<RelativePath>>) -> Option<Placed> {
        let text = path.given()?;
        Some((text.parse(self.sink)?, text.mark))
    }

    /// A file, whose path this takes; with a history, the paths of all its versions.
    pub(super) fn file(
        &mut self,
        placed: Option<Placed>,
        mode: &Optional<Text<FileMode>>,
        content: Option<Content>,
        history: Option<NonZeroU16>,
    ) -> Option<FileSpec> {
        let mode = self.mode(mode);
        let (path, mark) = placed?;
        match history {
            None => {
                self.paths.claim(&path, mark, self.sink);
            }
            Some(count) => {
                let mut slots = (0..count.get()).map(|slot| path.join(&slot.to_string()));
                // One report is enough.
                let _ = slots.all(|slot| self.paths.claim(&slot, mark, self.sink));
            }
        }
        Some(FileSpec {
            path,
            content: content?,
            mode,
        })
    }

    /// Takes a path.
    pub(super) fn claim(&mut self, path: &RelativePath, mark: Mark) {
        self.paths.claim(path, mark, self.sink);
    }

    /// The mode of a file: its own, or the volume's.
    pub(super) fn mode(&self, mode: &Optional<Text<FileMode>>) -> FileMode {
        super::warn_of_mode(mode, self.sink);
        mode.parse(self.sink).unwrap_or(self.defaults.file_mode)
    }

    /// The name that an entry shares with what it moves together with; `None` is none, or one with a problem.
    ///
    /// `old` is what the key was called: it meant this, while `volume.group` is a group of the system.
    pub(super) fn together(
        &self,
        together: &Optional<Text<GroupName>>,
        old: &Optional<Text<GroupName>>,
    ) -> Option<GroupName> {
        let Some(given) = old.given() else {
            return together.parse(self.sink);
        };
        if !together.is_absent() {
            let message = "`group` is the old name of `together`, and both are here";
            self.refuse_key(Code::EitherKey, old.mark(), message, "remove `group`");
            return None;
        }
        let is_of_system = match given.parse_as() {
            Some(Principal::Id(_)) => true,
            Some(Principal::Name(name)) => GROUPS_OF_SYSTEMS.contains(&name.as_str()),
            None => false,
        };
        let (message, hint) = if is_of_system {
            (
                "`group` of an entry gives its files no group of the system: it is the old name of `together`",
                "the group of all files is `volume.group`; for entries that move together write `together: NAME`",
            )
        } else {
            (
                "`group` of an entry is called `together` now",
                "write `together` instead",
            )
        };
        self.sink
            .warn(Problem::new(Code::OldKey, message).at(given.mark).hint(hint));
        given.parse(self.sink)
    }

    /// The interval of an entry: its own, or that of `refresh`.
    pub(super) fn interval(&self, interval: &Optional<Text<Interval>>) -> Duration {
        let own = interval.parse(self.sink);
        own.map_or(self.defaults.interval, |own| own.0)
    }

    /// Records a key that does not belong where it stands.
    pub(super) fn refuse_key(
        &self,
        code: Code,
        mark: Option<Mark>,
        message: &'static str,
        hint: &'static str,
    ) {
        if let Some(mark) = mark {
            self.sink.push(Problem::new(code, message).at(mark).hint(hint));
        }
    }
}
