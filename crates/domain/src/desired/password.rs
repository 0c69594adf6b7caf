//! Where the password of a key store comes from. Never the manifest itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::wanted::Wanted;

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PasswordSource {
    /// The value of a secret; one line end after the password is not part of it.
    Secret(Wanted),
    /// A file in akv-sync's own container, absolute path; one line end after the password is not part of it.
    File(PathBuf),
}
