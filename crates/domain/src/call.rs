//! One question to a vault and its answer, as it is counted.

use std::time::Duration;

use super::failure::Reason;
use super::object::{ObjectKind, VaultId};
use super::query::Query;

/// A question that a vault was asked, and what came of it. It names no object: what is counted must not grow with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who was asked.
    pub vault: VaultId,
    /// What for.
    pub kind: CallKind,
    /// How many requests left for it; none, when there was no token.
    pub attempts: u32,
    /// From when it left to its answer.
    pub took: Duration,
    /// Why it failed, if it did.
    pub failure: Option<Reason>,
}

/// What a vault is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// A secret; those behind certificates are asked for as certificates.
    Secret,
    /// A certificate.
    Certificate,
    /// A key.
    Key,
    /// The list of an object's versions.
    Versions,
    /// The list of the vault's secrets.
    Secrets,
}

impl Call {
    /// Of a question; `None` when no vault answers it.
    pub fn new(query: &Query, attempts: u32, took: Duration, failure: Option<Reason>) -> Option<Self> {
        let kind = match query {
            Query::Object(source) => match source.object.kind {
                ObjectKind::Secret => CallKind::Secret,
                ObjectKind::Certificate => CallKind::Certificate,
                ObjectKind::Key => CallKind::Key,
            },
            Query::Versions(_) => CallKind::Versions,
            Query::Secrets(_) => CallKind::Secrets,
            Query::File(_) => return None,
        };
        Some(Self {
            vault: query.vault()?.clone(),
            kind,
            attempts,
            took,
            failure,
        })
    }
}

impl CallKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Secret,
        Self::Certificate,
        Self::Key,
        Self::Versions,
        Self::Secrets,
    ];

    /// The kind as labels write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::Versions => "versions",
            Self::Secrets => "secrets",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::query::test_queries::secret;

    #[test]
    fn a_password_file_is_no_call_and_everything_else_is_one_of_its_vault() {
        let file = Query::File("/password".into());
        assert_eq!(Call::new(&file, 1, Duration::ZERO, None), None);
        let call = Call::new(&secret("a"), 2, Duration::ZERO, Some(Reason::Throttled)).expect("a call");
        assert_eq!(
            (call.vault, call.kind, call.attempts, call.failure),
            (
                VaultId::named("app"),
                CallKind::Secret,
                2,
                Some(Reason::Throttled)
            )
        );
        let kinds: BTreeSet<_> = CallKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(kinds.len(), CallKind::ALL.len());
    }
}
