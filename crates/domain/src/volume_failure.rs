//! Why a volume could not be read or written, whatever sort of target it is.

use std::error::Error;

use super::hint::Hint;

/// A call of a volume failed. It names what was tried and on what, and never holds any byte of a value.
#[derive(Debug, thiserror::Error)]
#[error("{action} {target} failed")]
pub struct VolumeFailure {
    kind: VolumeFailureKind,
    action: &'static str,
    target: String,
    hint: Hint,
    source: Box<dyn Error + Send + Sync>,
}

/// What went wrong, from a closed set: a label for status and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VolumeFailureKind {
    /// There is no room.
    Full,
    /// Nothing can be written there by anybody.
    ReadOnly,
    /// This process has not the rights.
    Denied,
    /// No answer within the time limit.
    Hangs,
    /// Another akv-sync writes there.
    InUse,
    /// Somebody else's things are there, or somebody else changes it.
    Foreign,
    /// It is not known any more what was published, and not everything can be published anew.
    RecordsLost,
    /// Something else, as hint and source say.
    Other,
}

impl VolumeFailure {
    /// `action` is what was tried: `"open"`, `"create"`, `"rename"`, `"resolve group"`; `target` on what: a path or a
    /// name. `hint` is the next action of the person who reads it, `source` what the system said.
    pub fn new(
        kind: VolumeFailureKind,
        action: &'static str,
        target: impl Into<String>,
        hint: impl Into<Hint>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            action,
            target: target.into(),
            hint: hint.into(),
            source: source.into(),
        }
    }

    /// With another next action, where the caller knows better.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<Hint>) -> Self {
        let hint = hint.into();
        Self { hint, ..self }
    }

    /// What went wrong.
    pub const fn kind(&self) -> VolumeFailureKind {
        self.kind
    }

    /// What was tried.
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// On what.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The next action of the person who reads it.
    pub const fn hint(&self) -> &Hint {
        &self.hint
    }

    /// What the system said.
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_other_than_a_folder_says_is_told_in_the_same_words() {
        let failure = VolumeFailure::new(
            VolumeFailureKind::Denied,
            "replace",
            "secret shop/tls",
            "let its service account write it",
            "403",
        );
        assert_eq!(failure.to_string(), "replace secret shop/tls failed");
        assert_eq!(failure.source().map(ToString::to_string).as_deref(), Some("403"));
        assert_eq!(
            (failure.kind(), failure.action(), failure.target()),
            (VolumeFailureKind::Denied, "replace", "secret shop/tls")
        );
        assert_eq!(failure.with_hint("mend it").hint().action(), "mend it");
    }
}
