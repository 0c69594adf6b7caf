//! What may be told of tokens: their times, and whether they can be renewed.

use super::Tokens;
use crate::ports::{SignIn, TokenStatus};

impl SignIn for Tokens {
    fn tokens(&self) -> Vec<TokenStatus> {
        let slots = self.0.lock();
        let tokens = slots.iter().map(|(scope, slot)| {
            let held = slot.held.as_ref();
            TokenStatus {
                scope: scope.as_str(),
                obtained: held.map(|held| held.token.expires_on - held.lifetime),
                expires: held.map(|held| held.token.expires_on),
                failed_renewals: slot.failed_renewals,
            }
        });
        tokens.collect()
    }
}
