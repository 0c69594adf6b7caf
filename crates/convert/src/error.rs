//! Why there is no manifest at all.

use std::borrow::Cow;

use super::{Fate, Note, Tool};
use manifest::Mark;

/// Why an input gives no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// It is larger than any configuration of these tools.
    #[error("the input is too large: {limit}")]
    TooLarge {
        /// Which bound it exceeds.
        limit: &'static str,
    },
    /// There is nothing in it but comments.
    #[error("the input is empty")]
    Empty,
    /// It is not YAML.
    #[error("the input cannot be read at {at}: {message}")]
    Syntax {
        /// Where, in the input.
        at: Mark,
        /// What is wrong there.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// It is the configuration of none of the tools, or of several.
    #[error("the input does not tell which tool it is the configuration of")]
    Undetermined,
    /// It is not the configuration of the tool that was named.
    #[error("the input holds no configuration of {tool}")]
    NotOfTool {
        /// The tool.
        tool: Tool,
        /// What its configuration is known by.
        known_by: &'static str,
    },
    /// It is another document.
    #[error("this is {what}, not the configuration of a tool")]
    OtherDocument {
        /// What it is.
        what: String,
        /// What to do.
        hint: Cow<'static, str>,
    },
    /// Something was to fill in a placeholder and did not.
    #[error("{setting} holds the placeholder `{placeholder}`, which nothing filled in")]
    NotRendered {
        /// The setting of the tool, in backquotes.
        setting: String,
        /// The form of the placeholder.
        placeholder: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// The vault is not known, without which nothing can be read.
    #[error("{setting} does not name a vault: {reason}")]
    NoVault {
        /// The setting of the tool.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// Its manifest does not pass `check`, for a reason that is in no entry.
    #[error("the manifest of this configuration would not pass `check`: {problem}")]
    Refused {
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing that it asks for could be carried.
    #[error("nothing of this configuration of {tool} could be carried")]
    Nothing {
        /// The tool.
        tool: Tool,
        /// Why not, item by item.
        notes: Vec<Note>,
    },
}

impl ConvertError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } => "convert its parts one by one".to_owned(),
            Self::Empty => {
                "give it the file with the configuration; look at the command that should have written it".to_owned()
            }
            Self::Syntax { hint, .. } => hint
                .clone()
                .unwrap_or_else(|| "correct it, or render its template first".to_owned()),
            Self::Undetermined => "name the tool: `--from secretProviderClass`, `--from akva` or \
                                   `--from acsKeyvaultAgent`"
                .to_owned(),
            Self::NotOfTool { known_by, .. } => format!("look for {known_by}"),
            Self::OtherDocument { hint, .. } => hint.clone().into_owned(),
            Self::NotRendered { hint, .. } => (*hint).to_owned(),
            Self::NoVault { hint, .. } => hint.clone(),
            Self::Refused { .. } => {
                "this is a mistake of `convert`: report it, with the configuration, but without what is secret in it".to_owned()
            }
            Self::Nothing { notes, .. } => {
                let lost: Vec<_> = notes.iter().filter(|note| note.fate == Fate::NotCarried).collect();
                match lost.as_slice() {
                    [] => "it is empty: it names nothing that is to be written".to_owned(),
                    [only] => only.to_string(),
                    _ => "see the list above for each reason".to_owned(),
                }
            }
        }
    }

    /// Whether the command line can repair it.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Undetermined)
    }

    /// What was said of the input before there was nothing left of it.
    pub fn notes(&self) -> &[Note] {
        match self {
            Self::Nothing { notes, .. } => notes,
            _ => &[],
        }
    }
}
