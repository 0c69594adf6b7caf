//! What the vault has, and how it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::domain::failure::Reason;
use crate::reconcile::fakes::FakeVault;

/// The secrets that there are.
pub(super) const NAMES: [&str; 5] = ["a", "b", "c", "app-x", "app-y"];

/// How the vault answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Fine,
    Slow(u64),
    Refused(Reason),
    Throttled(u64),
    Silent,
    Gone,
}

/// One version of a secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    pub(super) number: u32,
    /// Whether it can be rendered.
    pub(super) good: bool,
    pub(super) enabled: bool,
}

/// A secret.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub(super) name: &'static str,
    /// Oldest first.
    pub(super) versions: Vec<Version>,
    pub(super) state: State,
}

/// Everything.
#[derive(Debug)]
pub(super) struct World {
    pub(super) secrets: BTreeMap<&'static str, Secret>,
    pub(super) lists: State,
}

pub(super) fn any_state() -> impl Strategy<Value = State> {
    let refused = [
        Reason::Forbidden,
        Reason::Unavailable,
        Reason::Unreachable,
        Reason::Conflict,
    ];
    prop_oneof![
        4 => Just(State::Fine),
        2 => (1_u64..3_000).prop_map(State::Slow),
        3 => prop::sample::select(refused.to_vec()).prop_map(State::Refused),
        1 => (1_u64..60).prop_map(State::Throttled),
        1 => Just(State::Silent),
        1 => Just(State::Gone),
    ]
}

pub(super) fn any_lists() -> impl Strategy<Value = State> {
    prop_oneof![
        2 => Just(State::Fine),
        1 => Just(State::Refused(Reason::Forbidden)),
        1 => Just(State::Refused(Reason::Unreachable)),
        1 => (1_u64..60).prop_map(State::Throttled),
    ]
}

impl World {
    /// Each secret in two versions.
    pub(super) fn new() -> Self {
        let secrets = NAMES.map(|name| {
            let mut secret = Secret {
                name,
                versions: Vec::new(),
                state: State::Fine,
            };
            secret.add(true);
            secret.add(true);
            (name, secret)
        });
        Self {
            secrets: secrets.into(),
            lists: State::Fine,
        }
    }

    pub(super) fn secret(&mut self, number: usize) -> &mut Secret {
        self.secrets.get_mut(NAMES[number]).expect("known")
    }

    /// Lets the vault answer so.
    pub(super) fn apply(&self, vault: &FakeVault) {
        for secret in self.secrets.values() {
            secret.apply(vault);
        }
        match self.lists {
            State::Refused(reason) => vault.refuse_lists(Some(reason)),
            State::Throttled(seconds) => vault.throttle_lists(Duration::from_secs(seconds)),
            _ => vault.refuse_lists(None),
        }
    }

    /// Whether nothing that fails passes by waiting.
    pub(super) fn is_steady(&self) -> bool {
        let steady = |state: State| match state {
            State::Fine | State::Slow(_) | State::Gone => true,
            State::Refused(reason) => !reason.is_transient(),
            State::Throttled(_) | State::Silent => false,
        };
        steady(self.lists) && self.secrets.values().all(|secret| steady(secret.state))
    }
}

impl Secret {
    pub(super) fn add(&mut self, good: bool) {
        let number = self.versions.last().map_or(1, |last| last.number + 1);
        self.versions.push(Version {
            number,
            good,
            enabled: true,
        });
    }

    fn apply(&self, vault: &FakeVault) {
        let name = self.name;
        vault.delete(name);
        for version in &self.versions {
            vault.set(name, &self.value(*version), version.number);
            vault.enable(name, version.number, version.enabled);
        }
        vault.delay(name, Duration::ZERO);
        match self.state {
            State::Fine => {}
            State::Slow(millis) => vault.delay(name, Duration::from_millis(millis)),
            State::Refused(reason) => vault.refuse(name, reason, None),
            State::Throttled(seconds) => {
                vault.refuse(name, Reason::Throttled, Some(Duration::from_secs(seconds)));
            }
            State::Silent => vault.silence(name),
            State::Gone => vault.delete(name),
        }
    }

    /// Whether a fetch of it comes back with something.
    pub(super) const fn answers(&self) -> bool {
        matches!(self.state, State::Fine | State::Slow(_))
    }

    /// The value as the vault has it.
    pub(super) fn value(&self, version: Version) -> String {
        let text = self.text(version);
        if version.good {
            STANDARD.encode(text)
        } else {
            format!("!{text}")
        }
    }

    /// What a file of it says.
    pub(super) fn text(&self, version: Version) -> String {
        format!("{}@{}", self.name, version.number)
    }

    /// The current version, if it is enabled.
    pub(super) fn current(&self) -> Option<Version> {
        self.versions.last().copied().filter(|version| version.enabled)
    }
}
