//! What one scrape is made of.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::counts::Counts;
use crate::domain::desired::{PerObject, SyncSpec};
use crate::domain::object::VaultId;
use crate::domain::status::{EntryStatus, Status};
use crate::ports::{ProcessUsage, TokenStatus};

/// Everything that is known when somebody asks.
pub(super) struct Scrape<'s> {
    /// What the loop knew last; `None` before its first pass.
    pub(super) status: Option<&'s Status>,
    pub(super) counts: &'s Counts,
    pub(super) manifest: &'s Manifest,
    pub(super) usage: ProcessUsage,
    pub(super) tokens: Vec<TokenStatus>,
    /// When counting began.
    pub(super) began: OffsetDateTime,
}

/// What is known of the manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Since when the one that is in effect is.
    pub(super) taken: OffsetDateTime,
    pub(super) per_object: PerObject,
    /// The vaults that it names. Of two names for one vault the first counts.
    pub(super) vaults: BTreeSet<VaultId>,
}

impl Manifest {
    pub(super) fn of(spec: &SyncSpec, at: OffsetDateTime) -> Self {
        let mut vaults = BTreeSet::new();
        for vault in &spec.vaults {
            let id = vault.id();
            if !vaults.contains(&id) {
                vaults.insert(id);
            }
        }
        Self {
            taken: at,
            per_object: spec.per_object,
            vaults,
        }
    }
}

impl<'s> Scrape<'s> {
    pub(super) fn entries(&self) -> impl Iterator<Item = &'s EntryStatus> {
        self.status.into_iter().flat_map(|status| &status.entries)
    }
}

#[cfg(test)]
pub(super) mod test_specs {
    //! Manifests for tests.

    use std::time::Duration;

    use url::Url;

    use crate::domain::desired::{
        AdminSpec, IdentitySpec, Layout, OnStart, PerObject, RefreshSpec, SyncSpec, VaultSpec, VolumeSpec,
    };
    use crate::domain::mode::FileMode;
    use crate::domain::object::VaultName;

    /// Of vaults, each by its name here and its name in Azure, and of nothing else.
    pub(in crate::observers::metrics) fn spec(vaults: &[(&str, &str)], per_object: PerObject) -> SyncSpec {
        let vaults = vaults.iter().map(|(name, host)| VaultSpec {
            name: VaultName::parse(name).expect("valid"),
            url: Url::parse(&format!("https://{host}.vault.azure.net")).expect("a URL"),
            trusted_by_name: false,
        });
        SyncSpec {
            identity: IdentitySpec::default(),
            vaults: vaults.collect(),
            volume: VolumeSpec {
                path: "/mnt/akv".into(),
                layout: Layout::Atomic,
                dir_mode: FileMode::from_bits(0o750),
                owner: None,
                group: None,
            },
            refresh: RefreshSpec {
                interval: Duration::from_mins(5),
                on_start: OnStart::Fresh,
            },
            objects: Vec::new(),
            selections: Vec::new(),
            templates: Vec::new(),
            hooks: Vec::new(),
            admin: AdminSpec::default(),
            per_object,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::test_specs::spec;
    use super::*;

    #[test]
    fn a_vault_of_two_names_has_series_under_the_first() {
        let vaults = [("first", "app"), ("again", "app"), ("other", "other")];
        let manifest = Manifest::of(&spec(&vaults, PerObject::All), OffsetDateTime::UNIX_EPOCH);
        let names: Vec<_> = manifest.vaults.iter().map(|vault| vault.name.as_str()).collect();
        assert_eq!(names, ["first", "other"]);
    }
}
