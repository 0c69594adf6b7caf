//! An answer of success that is not what was asked for.

use crate::domain::failure::{Failure, Reason};
use crate::domain::hint::Hint;

use super::hint;
use super::retry::{Refused, Retry};
use super::target::Target;

/// What is wrong with an answer. The words are ours; no byte of the answer is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Defect {
    #[error("the answer ends within its JSON")]
    CutShort,
    #[error("the answer is not the JSON that Key Vault answers")]
    NotTheModel,
    #[error("the answer has no {0}")]
    Missing(&'static str),
    #[error("the answer's identifier is not that of a version of an object")]
    BadIdentifier,
    #[error("the answer is another object's")]
    OtherObject,
    #[error("the answer is another version's")]
    OtherVersion,
    #[error("the version is not enabled")]
    Disabled,
    #[error("the key's {0} is not a number of the size of its type")]
    BadNumber(&'static str),
    #[error("the key is symmetric ({0}) and has no public part")]
    NoPublicPart(&'static str),
    #[error("item {0} of the list is not an object of this collection")]
    ForeignObject(usize),
    #[error("item {0} of the list is not a version of this object")]
    ForeignVersion(usize),
    #[error("the key's type or curve is not one that can be written")]
    UnknownKey,
}

impl Defect {
    /// What a parser's error means. Its words may quote the answer, so only its sort is taken.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof => Self::CutShort,
            _ => Self::NotTheModel,
        }
    }

    /// As the failure of the request for `target`.
    pub(super) fn into_refused(self, target: &Target<'_>, request: Option<String>) -> Refused {
        let (reason, hint, retry) = match self {
            Self::CutShort => (Reason::Unavailable, hint::CUT_SHORT, Retry::Soon),
            Self::Disabled => (Reason::Disabled, Hint::act(hint::disabled(target)), Retry::No),
            Self::NoPublicPart(_) => (Reason::Unrenderable, Hint::act(hint::NO_PUBLIC_PART), Retry::No),
            Self::UnknownKey => (Reason::Unrenderable, Hint::act(hint::UNKNOWN_KEY), Retry::No),
            Self::NotTheModel
            | Self::Missing(_)
            | Self::BadIdentifier
            | Self::OtherObject
            | Self::OtherVersion
            | Self::ForeignObject(_)
            | Self::ForeignVersion(_)
            | Self::BadNumber(_) => (Reason::Malformed, Hint::act(hint::NOT_KEY_VAULT), Retry::No),
        };
        let request = request.map(|id| format!("; request id {id}")).unwrap_or_default();
        let detail = format!("{target}: {self}{request}");
        let failure = Failure::new(reason, detail, hint).caused_by(self);
        Refused { failure, retry }
    }
}
