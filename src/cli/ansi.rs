//! Colors of a terminal, as sequences.

/// Of the word "error".
pub(super) const ERROR: &str = "\x1b[1;31m";
/// Of the word "warning".
pub(super) const WARNING: &str = "\x1b[1;33m";
/// Of the word "hint".
pub(super) const HINT: &str = "\x1b[1;36m";
/// Of the arrow before a place.
pub(super) const PLACE: &str = "\x1b[1;34m";
/// Of what is well.
pub(super) const GREEN: &str = "\x1b[32m";
/// Of what may pass.
pub(super) const YELLOW: &str = "\x1b[33m";
/// Of what somebody must mend.
pub(super) const RED: &str = "\x1b[31m";
/// Ends a color.
pub(super) const OFF: &str = "\x1b[0m";
