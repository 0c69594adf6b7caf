//! The adapter of [`Vault`](crate::ports::Vault): the SDK's Key Vault clients, and what their errors mean.
//!
//! The way of a request, outermost first:
//!
//! | Layer | Owns |
//! |---|---|
//! | [`KeyVault`] | repeats as far as they are granted, what an answer or an error means, lists from their first page to their last |
//! | the SDK's `SecretClient` and `KeyClient` | URL, API version, authentication policy |
//! | `guard::Guard`, one per vault | that no other host is called, the count of requests, the vault's challenge, refused tokens, the size of answers |
//! | the injected `HttpClient` | connections |
//!
//! Invariants: nothing is sent to a host that the manifest does not name; each request that leaves is counted for its
//! question; a vault is asked once for its challenge;
//! a list is whole or a failure; a failure never holds a byte of a value. Values are wiped where this module holds them. Copies that it cannot
//! reach stay until their memory is used again: the connection's read buffer, one copy made by the SDK's pipeline,
//! and the JSON parser's scratch space.

mod answer;
mod body;
mod challenge;
mod challenge_cache;
mod client;
mod counted;
mod defect;
mod error_body;
mod guard;
mod hint;
mod key;
mod list;
mod outside;
mod page;
mod realm;
mod refusal;
mod refused_tokens;
mod retry;
mod sign_in;
mod target;
#[cfg(test)]
mod tests;
mod transport_error;
mod vault_clients;

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;

pub use client::KeyVault;
pub use outside::Outside;
pub use vault_clients::BuildError;

/// What the adapter needs of whoever signs in.
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// The credential that the SDK's clients ask for tokens.
    ///
    /// It answers from memory when it can; an error of it carries a [`Failure`](crate::domain::failure::Failure)
    /// in its chain of sources.
    fn credential(&self) -> Arc<dyn TokenCredential>;

    /// Says that a vault answered 401 to this token, so that the next request for one gets another.
    ///
    /// Many calls may name the same token; only the first has an effect.
    fn reject(&self, token: &str);

    /// Says that a token for this scope is about to be needed, and returns at once.
    fn prefetch(&self, scope: &str);
}
