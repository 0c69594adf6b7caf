//! Another tool's configuration to a manifest, with a list of what is assumed and of what could not be carried.
//!
//! The way of an input, one module a step:
//! 1. `input` reads YAML into documents within a budget; `detect` tells whose configuration it is.
//! 2. `csi`, `akva` and `acs` each know one tool and turn its configuration into a `draft`.
//! 3. `draft` lets each path be used once.
//! 4. `emit` is the only code that knows the keys of the manifest; `yaml` writes them.
//! 5. `checked` loads the manifest, and takes out and tells what `check` would refuse.
//!
//! Invariant: the manifest passes `check`. What is not in it is in the list. No credential of the input is in either. No I/O.

mod acs;
mod akva;
#[cfg(test)]
mod bytes;
mod checked;
mod cloud;
mod csi;
mod detect;
mod draft;
mod emit;
mod error;
#[cfg(test)]
mod fixtures;
mod input;
mod note;
#[cfg(test)]
mod properties;
mod rendered;
mod scalar;
mod vaults;
mod yaml;

use std::fmt;

pub use self::error::ConvertError;
use self::note::Notes;
pub use self::note::{Fate, Note};

/// A tool whose configuration can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The Azure provider of the Secrets Store CSI driver: `SecretProviderClass`.
    SecretProviderClass,
    /// `covermymeds/azure-key-vault-agent`: a YAML file.
    Akva,
    /// `Hexadite/acs-keyvault-agent`: environment variables.
    AcsKeyvaultAgent,
}

impl Tool {
    /// Its name, as `--from` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecretProviderClass => "secretProviderClass",
            Self::Akva => "akva",
            Self::AcsKeyvaultAgent => "acsKeyvaultAgent",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A manifest, and what to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The text of the manifest, with a line end.
    pub manifest: String,
    /// What was assumed and what was not carried, in the order of the input.
    pub notes: Vec<Note>,
}

fn draft(text: &str, tool: Tool, notes: &Notes) -> Result<draft::Draft, ConvertError> {
    match tool {
        Tool::SecretProviderClass => {
            let documents = input::documents(text)?;
            rendered::refuse_class(&documents)?;
            csi::draft(&documents, notes)
        }
        Tool::Akva => {
            let documents = input::documents(text)?;
            rendered::refuse_akva(&documents)?;
            akva::draft(&documents, notes)
        }
        Tool::AcsKeyvaultAgent => acs::draft(text, notes),
    }
}

/// Bytes of an input.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Turns a configuration of at most [`MAX_BYTES`] into a manifest. Without `from`, the text itself tells whose it is. Of
/// many remarks, the first of each sort are given, and the number of the others.
pub fn convert(text: &str, from: Option<Tool>) -> Result<Conversion, ConvertError> {
    match with_all_notes(text, from) {
        Ok(Conversion { manifest, notes }) => Ok(Conversion {
            manifest,
            notes: note::bounded(notes),
        }),
        Err(ConvertError::Nothing { tool, notes }) => Err(ConvertError::Nothing {
            tool,
            notes: note::bounded(notes),
        }),
        Err(error) => Err(error),
    }
}

fn with_all_notes(text: &str, from: Option<Tool>) -> Result<Conversion, ConvertError> {
    if text.len() > MAX_BYTES {
        return Err(ConvertError::TooLarge { limit: "1 MiB" });
    }
    if input::is_empty(text) {
        return Err(ConvertError::Empty);
    }
    let tool = from.map_or_else(|| detect::tool(text), Ok);
    let tool = tool.map_err(|error| detect::explained(error, text))?;
    let notes = Notes::default();
    let draft = draft(text, tool, &notes).map_err(|error| detect::explained(error, text))?;
    let manifest = checked::manifest(draft.settled(&notes), &notes)?;
    let notes = notes.into_list();
    match manifest {
        Some(manifest) => Ok(Conversion { manifest, notes }),
        None => Err(ConvertError::Nothing { tool, notes }),
    }
}
