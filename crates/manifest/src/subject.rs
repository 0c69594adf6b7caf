//! What a value or key is told to be, and the texts that are none.

use std::fmt;

use super::problem::Problem;
use super::typography;
use domain::placeholder::Placeholder;

/// What a value is the value of, for messages.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Manifest,
    Key(&'static str),
    Entry(&'static str),
}

impl Subject {
    /// The key whose elements a list under this subject has.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Key(key) | Self::Entry(key) => key,
        }
    }

    /// A text without a placeholder, and without what only looks like quotes and spaces. In a template, what looks like one is
    /// meant; in a command, what looks like a placeholder is for the program: `$AKV_SYNC_CHANGED` is for its shell.
    pub(super) fn usable(self, text: &str) -> Result<&str, Problem> {
        if matches!(self, Self::Key("template")) {
            return Ok(text);
        }
        if let Some(problem) = typography::problem(text) {
            return Err(problem);
        }
        if matches!(self, Self::Entry("command")) {
            return Ok(text);
        }
        Placeholder::in_value(text).map_or(Ok(text), |placeholder| {
            Err(Problem::placeholder(&placeholder, &self))
        })
    }

    /// What a text is that stands where a list or a mapping belongs, if it only looks like one.
    pub(super) fn nearly_structure(self, text: &str) -> Option<Problem> {
        typography::problem_of_structure(text).or_else(|| self.usable(text).err())
    }

    /// The line to write where a single value stands in place of a mapping.
    pub(super) const fn example(self) -> Option<&'static str> {
        Some(match self {
            Self::Entry(key) => match key.as_bytes() {
                b"secrets" | b"keys" => "write `- name: NAME`",
                b"certificates" => {
                    "write `- name: NAME`, and below it `files: [{ path: PATH, content: fullChain }]`"
                }
                b"files" => "write `- { path: PATH, content: fullChain }`",
                b"templates" => "write `- path: PATH`, and below it `template: TEXT`",
                b"values" => "write `- { key: WORD, secret: NAME }`",
                b"vaults" => "write `- name: NAME`, and below it `url: https://NAME.vault.azure.net`",
                _ => return None,
            },
            Self::Key(key) => match key.as_bytes() {
                b"passwordFrom" => "write `passwordFrom: { secret: NAME }`, or `{ file: /PATH }`",
                b"identity" => "write `identity: { type: workloadIdentity }`",
                b"volume" => "write `volume: { path: /PATH }`",
                b"refresh" => "write `refresh: { interval: 5m }`",
                b"select" => "write `select: { prefix: WORD }`",
                b"exec" => "write `exec: { command: [/PROGRAM, ARGUMENT] }`",
                _ => return None,
            },
            Self::Manifest => {
                "a manifest is YAML, and starts with `apiVersion: akv-sync/v1` and `kind: SyncManifest`"
            }
        })
    }

    /// Why a text is no key of anything.
    pub(super) fn unusable_key(self, text: &str) -> Option<Problem> {
        typography::problem_of_structure(text).or_else(|| {
            let found = Placeholder::in_value(text)?;
            Some(Problem::placeholder(&found, &format_args!("a key in {self}")).hiding_rest())
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("a manifest"),
            Self::Key(key) => write!(f, "`{key}`"),
            Self::Entry(key) => write!(f, "an entry of `{key}`"),
        }
    }
}
