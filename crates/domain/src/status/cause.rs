//! What several entries fail for.

use crate::entry::EntryId;
use crate::failure::{Failure, Reach, Reason};
use crate::hint::Hint;
use crate::object::VaultId;
use crate::plan::EntryPlan;
use crate::query::Query;
use crate::schedule::Endpoint;

/// One cause of failures. What fails for it is told as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Nobody can sign in.
    SignIn(Reason),
    /// A vault is away.
    Vault(Option<VaultId>, Reason),
    /// A vault refuses, and one action mends it: the hint.
    Refusal(Option<VaultId>, Reason, Hint),
    /// The entry itself. What is held back with it fails for it too.
    Entry(EntryId, Reason),
}

impl Cause {
    /// Of an entry that fails, and of the questions that may mend it.
    pub(super) fn of(plan: &EntryPlan, failure: &Failure, retry: &[Query]) -> Self {
        // A template has no vault of its own, but what it is made of has.
        let vault = || {
            let own = plan.id.vault();
            own.or_else(|| retry.first()?.vault()).cloned()
        };
        let reason = failure.reason;
        match reason.reach() {
            Reach::SignIn => Self::SignIn(reason),
            Reach::Vault => Self::Vault(vault(), reason),
            Reach::Refusal => Self::Refusal(vault(), reason, failure.hint.clone()),
            Reach::Entry => {
                let held_back = plan.held_back.as_ref();
                let id = held_back.map_or(&plan.id, |held_back| &held_back.member);
                Self::Entry(id.clone(), reason)
            }
        }
    }

    /// The vault that it is a cause at.
    pub(super) const fn vault(&self) -> Option<&VaultId> {
        match self {
            Self::Vault(vault, _) | Self::Refusal(vault, ..) => vault.as_ref(),
            Self::SignIn(_) | Self::Entry(..) => None,
        }
    }

    /// Whose gate it opens.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::SignIn(_) => Some(Endpoint::Token),
            Self::Vault(vault, _) => vault.clone().map(Endpoint::Vault),
            Self::Refusal(..) | Self::Entry(..) => None,
        }
    }

    /// The reason of all that fail for it.
    pub(super) const fn reason(&self) -> Reason {
        match self {
            Self::SignIn(reason)
            | Self::Vault(_, reason)
            | Self::Refusal(_, reason, _)
            | Self::Entry(_, reason) => *reason,
        }
    }
}
