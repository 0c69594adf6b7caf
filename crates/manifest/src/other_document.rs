//! Documents that are given in place of a manifest, told by what only they have.

mod seen;
mod several;

use std::borrow::Cow;
use std::fmt;

use self::several::Later;
use super::env_file;
use super::problem::{Code, Mark, Problem};
use super::tree::Tree;

/// A document that is no manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherDocument {
    /// A `ConfigMap` or Secret of Kubernetes; where a manifest is a text in it.
    ConfigMap {
        /// What it is called.
        name: &'static str,
        /// The manifest in it.
        held: Option<Held>,
    },
    /// What `convert` reads.
    Convertible(&'static str),
    /// A `SecretProviderClass` of another cloud; of which, if it is known.
    ForeignClass(Option<&'static str>),
    /// A workload of Kubernetes.
    Workload(&'static str),
    /// A resource of a tool that writes Kubernetes Secrets.
    SecretWriter(&'static str),
    /// Another resource of Kubernetes.
    Resource,
    /// A list of resources, and the one that is nearest to a manifest.
    List(Box<Self>),
    /// A file of another program, as a sentence calls it, and where a manifest would be.
    File(&'static str, &'static str),
    /// The values of a chart, and the key under which a manifest stands.
    Values(String),
    /// Lines of `NAME=value`.
    Env,
    /// A page of the web.
    Page,
    /// Keys, none of them of a manifest.
    Unknown,
    /// A manifest of ours.
    Manifest,
}

/// Where a text is that is a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The mapping, as `kubectl` writes it: `data`, `items[1].data`.
    place: String,
    key: String,
}

impl Held {
    /// What `kubectl get` is asked for it. Dots of a key are escaped; a Secret is kept in base64, under `data` alone.
    fn query(&self, kind: &str) -> String {
        let key = self.key.replace('.', "\\.");
        if kind == "Secret" {
            return format!("secret NAME -o jsonpath='{{.data.{key}}}' | base64 -d");
        }
        format!(
            "{} NAME -o jsonpath='{{.{}.{key}}}'",
            kind.to_lowercase(),
            self.place
        )
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.place, self.key)
    }
}

impl OtherDocument {
    /// What a text is that need not be YAML.
    pub fn of_text(text: &str) -> Option<Self> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        let begins_with = |mark: &str| {
            let start = start.get(..mark.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(mark))
        };
        if ["<!doctype html", "<html", "<head", "<body"]
            .into_iter()
            .any(begins_with)
        {
            return Some(Self::Page);
        }
        if begins_with("-----BEGIN ") {
            return Some(Self::File(
                "PEM text, such as a certificate or a key",
                "a manifest is a file of its own, in YAML",
            ));
        }
        if is_terraform(text) {
            return Some(Self::File(
                "a file of Terraform",
                "a manifest is a file of its own, in YAML, such as what `templatefile` makes of one",
            ));
        }
        env_file::is_env_file(text).then_some(Self::Env)
    }

    /// What it is, as a sentence goes on after "this is".
    pub fn what(&self) -> String {
        match self {
            Self::ConfigMap { name, held: Some(_) } => {
                format!("a {name} of Kubernetes with a manifest in it")
            }
            Self::ConfigMap { name, held: None } => format!("a {name} of Kubernetes"),
            Self::Convertible(name) => format!("a {name}"),
            Self::ForeignClass(Some(provider)) => {
                format!("a SecretProviderClass for the provider `{provider}`")
            }
            Self::ForeignClass(None) => "a SecretProviderClass for another provider than `azure`".to_owned(),
            Self::Workload(kind) => format!("a {kind} of Kubernetes"),
            Self::SecretWriter(kind) => format!("{} {kind}", article(kind)),
            Self::Resource => "another resource of Kubernetes".to_owned(),
            Self::List(inner) => format!("a List of Kubernetes, in which is {}", inner.what()),
            Self::File(name, _) => (*name).to_owned(),
            Self::Values(_) => "the values.yaml of a Helm chart with a manifest in it".to_owned(),
            Self::Env => "an env file, lines of `NAME=value`".to_owned(),
            Self::Page => "a page of the web (HTML)".to_owned(),
            Self::Unknown => "another document".to_owned(),
            Self::Manifest => "a manifest of akv-sync already".to_owned(),
        }
    }

    /// What to do where a manifest is expected.
    pub fn instead_of_a_manifest(&self) -> Cow<'static, str> {
        match self {
            Self::ConfigMap {
                name,
                held: Some(held),
            } => format!(
                "the manifest is the text under `{held}`: name the file that it becomes where it is mounted, or take it \
                 out, such as with `kubectl get {}`",
                held.query(name)
            )
            .into(),
            Self::List(inner) => match inner.as_ref() {
                Self::ConfigMap { held: Some(held), .. } => {
                    format!("the manifest is the text under `{held}`: give that text alone").into()
                }
                inner => inner.instead_of_a_manifest(),
            },
            Self::ConfigMap { held: None, .. } => {
                "a manifest is a file of its own, or a text under a key of `data`; it starts with \
                 `apiVersion: akv-sync/v1`"
                    .into()
            }
            Self::Convertible(_) => "run `akv-sync convert FILE`, which makes a manifest of it".into(),
            Self::ForeignClass(_) => NO_OTHER_CLOUD.into(),
            Self::Workload(_) => {
                "the manifest is another file, which the workload mounts; where this one runs acs-keyvault-agent, \
                 `akv-sync convert FILE` makes a manifest of its variables"
                    .into()
            }
            Self::SecretWriter(_) => {
                "`convert` does not read it, because it makes Kubernetes Secrets, and akv-sync writes files: list its \
                 objects under `secrets`"
                    .into()
            }
            Self::Env => {
                "a manifest is YAML, and starts with `apiVersion: akv-sync/v1` and `kind: SyncManifest`; of the variables of \
                 acs-keyvault-agent, `akv-sync convert FILE` makes one"
                    .into()
            }
            Self::Page => PAGE.into(),
            Self::File(_, place) => format!("{place}; it starts with `apiVersion: akv-sync/v1` and `kind: SyncManifest`").into(),
            Self::Values(key) => format!(
                "the chart makes the manifest of `{key}`: run `helm template`, and give the text under `data` of its ConfigMap"
            )
            .into(),
            Self::Resource | Self::Unknown | Self::Manifest => {
                "a manifest starts with `apiVersion: akv-sync/v1` and `kind: SyncManifest`".into()
            }
        }
    }

    /// What to do where the configuration of another tool is expected.
    pub fn instead_of_a_configuration(&self) -> Cow<'static, str> {
        match self {
            Self::ConfigMap { held: Some(held), .. } => {
                format!("there is nothing to convert: give the text under `{held}` to `akv-sync check`").into()
            }
            Self::ConfigMap { held: None, .. } => {
                "give the text under one of the keys of its `data`, if that is the configuration of a tool".into()
            }
            Self::List(inner) => inner.instead_of_a_configuration(),
            Self::ForeignClass(_) => NO_OTHER_CLOUD.into(),
            Self::Convertible(_) | Self::Resource | Self::File(..) | Self::Values(_) | Self::Env | Self::Unknown => {
                "`convert` reads a SecretProviderClass, the YAML of akva, and the variables of acs-keyvault-agent".into()
            }
            Self::Page => PAGE.into(),
            Self::Workload(_) => {
                "`convert` reads from it only an `env` list of acs-keyvault-agent, with VAULT_BASE_URL; a class that it \
                 mounts is a document of its own"
                    .into()
            }
            Self::SecretWriter(_) => self.instead_of_a_manifest(),
            Self::Manifest => "there is nothing to convert: run `akv-sync check --manifest FILE`".into(),
        }
    }
}

const NO_OTHER_CLOUD: &str =
    "akv-sync reads Azure Key Vault and nothing else: `convert` takes a class with `provider: azure`";

const PAGE: &str =
    "a download gave a page in place of the file, such as one to sign in: take the address of the raw file";

/// Says of a text that is no YAML document what it is, and what to do.
pub(super) fn refuse_text(text: &str) -> Option<Problem> {
    OtherDocument::of_text(text).map(|other| told(&other))
}

/// Says of the first document of a text that it is no manifest, and what to do; nothing where it may be meant as one.
pub(super) fn refuse(tree: &Tree<'_>) -> Option<Problem> {
    let other = OtherDocument::of(tree).filter(|other| *other != OtherDocument::Manifest)?;
    Some(match Later::with_a_manifest(tree.source()) {
        Some(later) => {
            let message = format!(
                "this is several documents, the first of which is {}",
                other.what()
            );
            let problem = Problem::new(Code::WrongDocument, message).at(Mark::START);
            problem.hint(later.hint())
        }
        None => told(&other),
    })
}

/// Whether the first line that is no comment opens a block of HCL: no YAML has one.
fn is_terraform(text: &str) -> bool {
    const BLOCKS: [&str; 8] = [
        "terraform",
        "provider",
        "resource",
        "data",
        "variable",
        "module",
        "locals",
        "output",
    ];
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with(['#', '/']))
        .unwrap_or_default();
    let word = first.split([' ', '{']).next().unwrap_or_default();
    BLOCKS.contains(&word) && first.ends_with('{')
}

fn told(other: &OtherDocument) -> Problem {
    let message = format!("this is {}, not a manifest", other.what());
    let problem = Problem::new(Code::WrongDocument, message).at(Mark::START);
    problem.hint(other.instead_of_a_manifest())
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    }
}
