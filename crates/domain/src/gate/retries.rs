//! How often the requests of a host may be repeated within their questions.

/// Requests that may be made once more within a question: a few at once, then one for ten answers.
///
/// One dropped HTTP/2 connection takes all requests under way with it, and each may try again; but while a host is in
/// trouble, retries must not double the load on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retries(u32);

impl Retries {
    /// Twenty, however many are under way.
    const FULL: u32 = 200;
    const COST: u32 = 10;
    const REFUND: u32 = 1;

    pub(super) fn take(&mut self) -> u32 {
        let Some(left) = self.0.checked_sub(Self::COST) else {
            return 0;
        };
        self.0 = left;
        1
    }

    pub(super) fn give_back(&mut self, retries: u32) {
        self.0 = (self.0 + retries * Self::COST).min(Self::FULL);
    }

    pub(super) fn refund(&mut self) {
        self.0 = (self.0 + Self::REFUND).min(Self::FULL);
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self(Self::FULL)
    }
}
