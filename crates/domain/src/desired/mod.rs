//! The desired state: what a valid manifest asks for, with every text parsed into its type.
//!
//! A value of these types is valid by construction; `manifest` is the only maker of them outside tests.

mod admin;
mod certificate;
mod changes;
mod hook;
mod hook_filter;
mod identity;
mod key;
mod object;
mod password;
mod secret;
mod selection;
mod template;
mod wanted;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use self::admin::{AdminSpec, PerObject};
pub use self::certificate::{Alias, BundleOrder, CertificateContent, KeyForm, StoreFormat};
pub use self::changes::needs_restart;
pub use self::hook::{
    ExecHook, HookAction, HookBody, HookHeader, HookHeaderValue, HookMethod, HookRetry, HookSignal, HookSpec,
    HttpHook, SignalHook, SignalTarget, Verify,
};
pub use self::hook_filter::{HookFilter, HookFilterError, PathGlob};
pub use self::identity::{IdentityKind, IdentitySpec};
pub use self::key::KeyFormat;
pub use self::object::{Content, FileSpec, MAX_HISTORY, ObjectSpec};
pub use self::password::PasswordSource;
pub use self::secret::{FILE_ENCODING, JsonPointer, JsonPointerError, SecretEncoding, SecretForm};
pub use self::selection::{PathTemplate, SelectionRule, SelectionSpec};
pub use self::template::{CombinedFormat, CombinedValue, Reference, Template, TemplateBody, TemplateSpec};
pub use self::wanted::{VersionPolicy, Wanted};
use super::mode::{FileMode, Principal};
use super::object::{ObjectId, VaultHost, VaultId, VaultName};
use super::path::RelativePath;

/// A whole manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSpec {
    /// Who signs in.
    pub identity: IdentitySpec,
    /// The vaults, each name once.
    pub vaults: Vec<VaultSpec>,
    /// Where the files go.
    pub volume: VolumeSpec,
    /// When they are fetched again.
    pub refresh: RefreshSpec,
    /// What is fetched and written by name, in manifest order. Every path of it and of `templates` occurs once, and
    /// none is a directory of another.
    pub objects: Vec<ObjectSpec>,
    /// What is fetched and written by rule; the paths are known when the vault's list is.
    pub selections: Vec<SelectionSpec>,
    /// Files made of several objects.
    pub templates: Vec<TemplateSpec>,
    /// What is done after files changed, in manifest order.
    pub hooks: Vec<HookSpec>,
    /// Where the running program answers.
    pub admin: AdminSpec,
    /// For which objects there are metrics of their own.
    pub per_object: PerObject,
}

impl SyncSpec {
    /// How many secrets, certificates and keys it names that have files of their own, each once. What selections pick is not
    /// known here.
    pub fn objects(&self) -> usize {
        let ids = self.objects.iter().map(|object| &object.wanted.object);
        ids.collect::<BTreeSet<_>>().len()
    }

    /// How many files it names, those of templates too.
    pub fn files(&self) -> usize {
        let files = self.objects.iter().map(|object| {
            let versions = object.history.map_or(1, |history| usize::from(history.get()));
            object.files.len() * versions
        });
        files.sum::<usize>() + self.templates.len()
    }

    /// Whether a selection may have an object's file at a path, as far as a name tells.
    pub(crate) fn may_select(&self, object: &ObjectId, path: &RelativePath) -> bool {
        self.selections
            .iter()
            .any(|spec| spec.vault == object.vault && spec.may_have(object, path))
    }
}

/// One vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSpec {
    /// The manifest's name for it.
    pub name: VaultName,
    /// `https://HOST[:PORT]/`, no userinfo, path, query or fragment.
    pub url: Url,
    /// Whether `url`'s host was accepted because of `trustedHosts`, not because of a known Key Vault suffix.
    pub trusted_by_name: bool,
}

impl VaultSpec {
    /// What its objects say that they are of.
    pub fn id(&self) -> VaultId {
        VaultId {
            name: self.name.clone(),
            host: VaultHost::of(&self.url),
        }
    }
}

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Absolute path of the volume's root.
    pub path: PathBuf,
    /// How a set is published.
    pub layout: Layout,
    /// Mode of directories.
    pub dir_mode: FileMode,
    /// Owner of files and directories; `None` is the process's own user.
    pub owner: Option<Principal>,
    /// Group; `None` is what the volume gives (a set-group-ID root hands its group down).
    pub group: Option<Principal>,
}

/// How a set of files is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// One `..data` swap for the whole set, as a Kubernetes projected volume does.
    #[default]
    Atomic,
    /// One rename for each file, for programs that do not follow links.
    Flat,
}

/// When objects are fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshSpec {
    /// Mean time after which an object whose entry has no interval of its own is asked for again.
    pub interval: Duration,
    /// What start-up waits for.
    pub on_start: OnStart,
}

/// What start-up waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStart {
    /// Every required object as its vault has it: fetched, or confirmed by an earlier run within one interval.
    #[default]
    Fresh,
    /// Required files on the volume, of whatever age; the first pass follows.
    LastKnownGood,
}
