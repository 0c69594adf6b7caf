//! What the files are that `run` is made of: enough to see that they changed.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::manifest;

use super::args::SyncArgs;

/// Of the largest file that is looked at; what follows decides nothing.
const LONGEST: usize = 4 << 20;

/// What a file is: a digest of its bytes, or why they cannot be read. Whoever needs them says the same.
pub(super) type Sum = Result<Vec<u8>, String>;

/// The files that make a program another one: manifest and certificate authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    manifest: Sum,
    /// None is named: no bytes.
    pub(super) authorities: Sum,
}

impl Look {
    /// Of a manifest that was read already, and of authorities as [`authorities`] found them before they were.
    pub(super) fn taken(args: &SyncArgs, manifest: &str, authorities: Sum) -> Self {
        let manifest = match named_file::regular(&args.manifest.manifest) {
            // A pipe gave its text once. Nothing changed for as long as there is no file in its place.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error.to_string()),
            _ => Ok(digest(manifest.as_bytes())),
        };
        Self {
            manifest,
            authorities,
        }
    }

    /// Of what is there now, and the bytes of the manifest: what is read and what is compared must be the same.
    pub(super) fn now(args: &SyncArgs) -> (Self, io::Result<Vec<u8>>) {
        let bytes = manifest::bytes_now(&args.manifest.manifest);
        let manifest = match &bytes {
            Ok(bytes) => Ok(digest(bytes)),
            Err(error) => Err(error.to_string()),
        };
        let now = Self {
            manifest,
            authorities: authorities(args),
        };
        (now, bytes)
    }
}

/// Whether nothing else can come to be where the manifest is: stdin, or a descriptor without a name, as of a shell's `<(…)`.
pub(super) fn is_read_once(manifest: &Path) -> bool {
    manifest == Path::new("-") || fs::metadata(manifest).is_ok() && manifest.canonicalize().is_err()
}

/// The authorities that are named.
pub(super) fn authorities(args: &SyncArgs) -> Sum {
    args.ca_file.as_deref().map_or_else(|| Ok(Vec::new()), at)
}

/// What the file at the path is.
pub(super) fn at(path: &Path) -> Sum {
    let bytes = named_file::bytes_of_regular(path, LONGEST);
    bytes
        .map(|bytes| digest(&bytes))
        .map_err(|error| error.to_string())
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
