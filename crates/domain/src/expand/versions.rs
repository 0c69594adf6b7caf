//! Which version a policy means.
//!
//! Key Vault lists versions by identifier, with times in whole seconds. So two versions of one second cannot be put in
//! order by a list: the current one of them is known only by fetching it, and is then the newest; others go by their
//! identifiers, so that the order is at least always the same.

use std::cmp::Reverse;
use std::time::Duration;

use super::Expander;
use crate::desired::{VersionPolicy, Wanted};
use crate::failure::{Failure, Reason};
use crate::listed::ListedVersion;
use crate::object::{ObjectId, Source, VersionId, VersionSelector};
use crate::query::Query;

/// What a policy came to.
pub(super) struct Resolved {
    /// The version that is meant; of a policy that cannot be decided, the current one stands in.
    pub(super) source: Source,
    /// Why the policy cannot be decided, and the question whose answer said so.
    pub(super) obstacle: Option<(Failure, Query)>,
    /// Whether no list decides it: it is missing, or has no version that is allowed.
    pub(super) unresolved: bool,
    /// The questions whose answers decide it.
    pub(super) depends_on: Vec<Query>,
}

/// A list of versions: the one of this pass, else the last one, and why that is so.
pub(super) struct Versions<'f> {
    pub(super) list: Option<&'f [ListedVersion]>,
    pub(super) failure: Option<&'f Failure>,
}

impl<'f> Expander<'f> {
    /// Decides which version is meant, for somebody who asks for it again after `interval`.
    pub(super) fn resolve(&mut self, wanted: &Wanted, interval: Duration) -> Resolved {
        let object = &wanted.object;
        match &wanted.version {
            VersionPolicy::Latest => Resolved::to(latest(object)),
            VersionPolicy::Exact(version) => Resolved::to(exact(object, version)),
            VersionPolicy::CreatedBefore(_) => {
                self.want(Query::Versions(object.clone()), interval);
                self.newest(wanted)
            }
            VersionPolicy::LatestEnabled => {
                let current = Query::Object(latest(object));
                if !self.is_disabled(object, &current, interval) {
                    return Resolved::to(latest(object));
                }
                let mut resolved = self.newest(wanted);
                resolved.depends_on.push(current);
                resolved
            }
        }
    }

    /// Whether the current version is disabled, as far as was told now or before. Just told, it leads to the list.
    fn is_disabled(&mut self, object: &ObjectId, current: &Query, interval: Duration) -> bool {
        let is_disabled = |failure: &Failure| failure.reason == Reason::Disabled;
        let Some(told) = self.facts.answers.object(&latest(object)) else {
            let disabled = self.facts.timing.failure(current).is_some_and(is_disabled);
            if disabled {
                self.want(Query::Versions(object.clone()), interval);
                // Enabled again, it needs no list.
                self.want(current.clone(), interval);
            }
            return disabled;
        };
        let disabled = told.err().is_some_and(is_disabled);
        if disabled {
            self.followed.insert(Query::Versions(object.clone()));
        }
        disabled
    }

    /// The newest enabled version that the policy allows.
    fn newest(&self, wanted: &Wanted) -> Resolved {
        let object = &wanted.object;
        let query = Query::Versions(object.clone());
        let Versions { list, failure } = self.versions(object);
        let allowed = list.map(|list| allowed(wanted, list, None));
        let newest = allowed.as_ref().and_then(|allowed| allowed.first());
        let none = || list.filter(|_| newest.is_none()).map(|list| none(wanted, list));
        Resolved {
            source: newest.map_or_else(|| latest(object), |version| exact(object, &version.version)),
            obstacle: failure
                .cloned()
                .or_else(none)
                .map(|failure| (failure, query.clone())),
            unresolved: newest.is_none(),
            depends_on: vec![query],
        }
    }

    /// The versions of an object, as far as a list was told.
    pub(super) fn versions(&self, object: &ObjectId) -> Versions<'f> {
        let remembered = self.facts.lists.versions(object);
        match self.facts.answers.versions(object) {
            Some(Ok(list)) => Versions {
                list: Some(list),
                failure: None,
            },
            Some(Err(failure)) => Versions {
                list: remembered,
                failure: Some(failure),
            },
            None => Versions {
                list: remembered,
                failure: self.facts.timing.failure(&Query::Versions(object.clone())),
            },
        }
    }
}

impl Resolved {
    const fn to(source: Source) -> Self {
        Self {
            source,
            obstacle: None,
            unresolved: false,
            depends_on: Vec::new(),
        }
    }
}

/// The enabled versions that the policy allows, the newest first; of one second, the current one first if it is known.
pub(super) fn allowed<'l>(
    wanted: &Wanted,
    list: &'l [ListedVersion],
    current: Option<&VersionId>,
) -> Vec<&'l ListedVersion> {
    let mut versions: Vec<_> = list
        .iter()
        .filter(|version| version.enabled && wanted.version.allows(version.created))
        .collect();
    versions.sort_by_key(|version| {
        let is_current = current == Some(&version.version);
        (Reverse(version.created), !is_current, version.version.clone())
    });
    versions
}

/// The current version of an object.
pub(super) fn latest(object: &ObjectId) -> Source {
    Source {
        object: object.clone(),
        version: VersionSelector::Latest,
    }
}

/// One version of an object.
pub(super) fn exact(object: &ObjectId, version: &VersionId) -> Source {
    Source {
        object: object.clone(),
        version: VersionSelector::Exact(version.clone()),
    }
}

/// No version of the list is allowed. Of an unknown object, Key Vault lists no version at all.
pub(super) fn none(wanted: &Wanted, list: &[ListedVersion]) -> Failure {
    let Wanted { object, version } = wanted;
    let kind = object.kind;
    let (reason, detail, hint) = if list.is_empty() {
        (
            Reason::NotFound,
            format!("{object} has no version: there is no such {kind}"),
            format!("check the {kind}'s name and vault in the manifest; a deleted one can be recovered"),
        )
    } else if matches!(version, VersionPolicy::CreatedBefore(_)) {
        (
            Reason::VersionNotFound,
            format!("{wanted}: no enabled version is that old"),
            "give `createdBefore` a later time, or enable a version that was made before it".to_owned(),
        )
    } else {
        (
            Reason::Disabled,
            format!("{object}: none of its versions is enabled"),
            "enable a version or create a new one".to_owned(),
        )
    };
    Failure::new(reason, detail, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{ObjectKind, ObjectName, VaultId};
    use time::OffsetDateTime;

    fn version(number: u32, second: i64, enabled: bool) -> ListedVersion {
        ListedVersion {
            version: VersionId::parse(&format!("{number:032x}")).expect("valid"),
            enabled,
            created: OffsetDateTime::from_unix_timestamp(second).ok(),
        }
    }

    fn order(list: &[ListedVersion], current: Option<u32>) -> Vec<i64> {
        let current = current.map(|number| version(number, 0, true).version);
        let wanted = Wanted {
            object: ObjectId {
                vault: VaultId::named("app"),
                kind: ObjectKind::Secret,
                name: ObjectName::parse("a").expect("valid"),
            },
            version: VersionPolicy::Latest,
        };
        let ordered = allowed(&wanted, list, current.as_ref());
        let number =
            |version: &&ListedVersion| i64::from_str_radix(version.version.as_str(), 16).expect("a number");
        ordered.iter().map(number).collect()
    }

    #[test]
    fn time_decides_then_being_current_then_the_identifier() {
        let list = [
            version(4, 10, true),
            version(1, 20, true),
            version(3, 20, true),
            version(2, 20, true),
            version(5, 30, false),
        ];
        assert_eq!(order(&list, None), [1, 2, 3, 4]);
        assert_eq!(order(&list, Some(3)), [3, 1, 2, 4]);
    }
}
