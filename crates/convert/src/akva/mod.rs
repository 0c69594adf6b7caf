//! `akva`, the Azure Key Vault agent of `covermymeds`: workers that fetch resources and write files from templates.
//!
//! Facts: `config`, `configparser`, `worker`, `templaterenderer`, `README.md` and `CHANGELOG.md` of
//! `covermymeds/azure-key-vault-agent`, version 1.8.

mod duration;
mod expression;
mod identity;
mod resources;
mod sink;
mod template;
mod volume;
mod worker;

use self::volume::Place;
use super::draft::{Draft, Files};
use super::input::Value;
use super::note::Notes;
use super::vaults::Vaults;
use super::{ConvertError, Tool, cloud};
use manifest::{Tree, quoted_key};

/// Whether a document is the agent's: `workers`, or the `sinks` of its first versions, which name vaults themselves.
pub(super) fn is_mine(document: Value<'_>) -> bool {
    let has_workers = document.get("workers").and_then(Value::items).is_some();
    let mut sinks = document.get("sinks").and_then(Value::items).into_iter().flatten();
    has_workers || sinks.any(|sink| worker::vault_of(sink).is_some())
}

/// The agent's configuration as a draft.
pub(super) fn draft(documents: &[Tree<'_>], notes: &Notes) -> Result<Draft, ConvertError> {
    let mut mine = documents.iter().map(Value::root).filter(|root| is_mine(*root));
    let root = mine.next().ok_or(ConvertError::NotOfTool {
        tool: Tool::Akva,
        known_by: "a document with a list of `workers`",
    })?;
    if mine.next().is_some() {
        notes.not_carried(
            "the other documents",
            "the agent reads one; convert them one by one",
        );
    }
    for (key, _) in root.entries() {
        if !matches!(key, "credentials" | "workers" | "sinks") {
            notes.not_carried(quoted_key(key), "the agent has no such key");
        }
    }
    let workers = worker::workers(root, notes);
    let credential = identity::credential_of(&workers);
    let mut identity = identity::read(root, credential, notes);
    let place = Place::of(&workers, notes);
    let mut vaults = Vaults::default();
    let mut files = Files::default();
    for worker in &workers {
        let resources = resources::read(worker, credential, &mut vaults, notes);
        sink::read(worker, &resources, &place, &mut files, notes);
    }
    let vaults = vaults.into_list();
    cloud::settle_authority(&mut identity, &vaults, notes);
    Ok(Draft {
        origin: "the configuration of akva".to_owned(),
        identity,
        vaults,
        volume: volume::read(place, &workers, notes),
        interval: Some(worker::shortest(&workers)),
        entries: files.entries,
        lost: files.lost,
        selections: Vec::new(),
    })
}
