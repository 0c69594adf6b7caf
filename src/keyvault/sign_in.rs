//! The tokens of `identity`, as this adapter asks for them.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;

use super::TokenSource;
use crate::identity::{Scope, Tokens};

impl TokenSource for Tokens {
    fn credential(&self) -> Arc<dyn TokenCredential> {
        self.as_credential()
    }

    fn reject(&self, token: &str) {
        // Whether another token follows shows at the next request.
        Self::reject(self, token);
    }

    fn prefetch(&self, scope: &str) {
        // A scope that is not on the list is refused, with its reason, when the request asks for the token.
        if let Ok(scope) = Scope::parse(scope) {
            Self::prefetch(self, scope);
        }
    }
}
