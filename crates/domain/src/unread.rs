//! What to do when a file that a person named cannot be read: a token, a secret, a certificate, a password, a manifest.

use std::io::ErrorKind;

/// The file is there, and the system does not let the process read it.
pub const DENIED: &str = "the file, or a directory above it, is another user's and its mode keeps akv-sync out: run as its owner (`runAsUser`), or let a group of akv-sync read it (`fsGroup`)";

/// What to do about this kind of error; `otherwise` when it is not one of rights.
pub const fn hint(kind: ErrorKind, otherwise: &str) -> &str {
    match kind {
        ErrorKind::PermissionDenied => DENIED,
        _ => otherwise,
    }
}
