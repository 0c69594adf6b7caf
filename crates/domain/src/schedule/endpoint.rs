//! What a gate stands before.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::object::VaultId;
use crate::query::Query;

/// What a gate stands before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A vault, by its host.
    Vault(VaultId),
    /// Where tokens come from: Entra, IMDS, or the identity endpoint of the platform.
    Token,
}

impl Endpoint {
    /// Those that a question needs: a token, and its vault. None for a file.
    pub(super) fn for_query(query: &Query) -> impl Iterator<Item = Self> {
        let vault = query.vault().cloned();
        let token = vault.as_ref().map(|_| Self::Token);
        token.into_iter().chain(vault.map(Self::Vault))
    }

    /// The vault, if it is one.
    pub const fn vault(&self) -> Option<&VaultId> {
        match self {
            Self::Vault(vault) => Some(vault),
            Self::Token => None,
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(vault) => write!(f, "{vault}"),
            Self::Token => f.write_str("the token endpoint"),
        }
    }
}
