//! Reads a volume as an application does, and judges what it finds: whole files, declared modes, a key of its certificate.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The file in the root that a running akv-sync has locked.
pub(crate) const LOCK: &str = "..akv-sync.lock";

/// Mode of the state file of each generation, and of the file that is locked.
const STATE_MODE: u32 = 0o600;

/// A file that the manifest declares.
pub(crate) struct Declared {
    pub(crate) path: &'static str,
    pub(crate) mode: u32,
}

/// One complete set: the bytes of each declared file, in order of declaration.
pub(crate) type Set = Vec<Vec<u8>>;

/// A volume whose every published set must hold all of `declared`.
pub(crate) struct VolumeReader {
    pub(crate) root: PathBuf,
    pub(crate) declared: &'static [Declared],
}

impl VolumeReader {
    /// Resolves `..data` once and reads all files below it.
    ///
    /// `None` when the set was replaced meanwhile; an error says what no reader may ever see.
    pub(crate) fn read(&self) -> Result<Option<Set>, String> {
        let published = self.published()?;
        let mut set = Set::new();
        for file in self.declared {
            match read_whole(&self.root.join(&published).join(file.path)) {
                Ok((_, mode)) if mode != file.mode => {
                    return Err(format!("{} has mode {mode:o} and not {:o}", file.path, file.mode));
                }
                Ok((bytes, _)) => set.push(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.published()? != published => {
                    return Ok(None);
                }
                Err(error) => return Err(format!("{} of the published set: {error}", file.path)),
            }
        }
        Ok(Some(set))
    }

    /// Looks at everything in the root, published or not: nothing may be wider than declared, not even for an instant.
    pub(crate) fn check_modes(&self) -> Result<(), String> {
        for (path, metadata) in tree(&self.root) {
            let (mode, shown) = (metadata.mode() & 0o7777, path.display());
            if metadata.is_dir() && mode & !0o750 != 0 {
                return Err(format!("the directory {shown} has mode {mode:o}"));
            }
            if !metadata.is_file() {
                continue;
            }
            // Below the root's own entry, a generation or what is left of one.
            let inside: PathBuf = path.components().skip(1).collect();
            let declared = self.declared.iter().find(|file| inside == Path::new(file.path));
            let allowed = declared.map_or(STATE_MODE, |file| file.mode);
            if mode != allowed {
                return Err(format!("{shown} has mode {mode:o} and not {allowed:o}"));
            }
        }
        Ok(())
    }

    /// The generations in the root that are neither published nor kept because they were, and a staged link: what an
    /// interrupted publish leaves.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let published = fs::read_link(self.root.join("..data")).unwrap_or_default();
        let replaced = self.replaced().unwrap_or_default();
        let mut names = names(&self.root);
        names.retain(|name| {
            let is_known = ["..data", LOCK, &replaced].contains(&name.as_str());
            name.starts_with("..") && !is_known && Path::new(name) != published.as_path()
        });
        names
    }

    /// The name of the generation that the published one replaced.
    pub(crate) fn replaced(&self) -> Option<String> {
        let text = fs::read(self.root.join("..data/..akv-sync.json")).ok()?;
        let state: serde_json::Value = serde_json::from_slice(&text).ok()?;
        Some(state.get("replaces")?.as_str()?.to_owned())
    }

    /// The name of the published generation.
    pub(crate) fn published(&self) -> Result<PathBuf, String> {
        fs::read_link(self.root.join("..data")).map_err(|error| format!("..data: {error}"))
    }
}

/// The names in a directory, sorted; none when it is gone.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Everything below a directory with its own metadata, links not followed, paths relative to it, sorted.
///
/// What disappears while it is looked at is left out.
pub(crate) fn tree(root: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        for name in names(&root.join(&directory)) {
            let path = directory.join(name);
            let Ok(metadata) = fs::symlink_metadata(root.join(&path)) else {
                continue;
            };
            if metadata.is_dir() {
                open.push(path.clone());
            }
            found.push((path, metadata));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// Bytes and mode of one and the same file.
fn read_whole(path: &Path) -> io::Result<(Vec<u8>, u32)> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((bytes, mode))
}

/// Whether a PKCS#8 key (P-256, PEM) is the one of the first certificate of a chain (PEM).
pub(crate) fn check_pair(chain: &[u8], key: &[u8]) -> Result<(), String> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(key).map_err(|error| format!("the key: {error}"))?;
    let key = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        key.secret_pkcs8_der(),
        &SystemRandom::new(),
    )
    .map_err(|error| format!("the key: {error}"))?;
    let leaf = CertificateDer::from_pem_slice(chain).map_err(|error| format!("the chain: {error}"))?;
    let (_, leaf) = X509Certificate::from_der(&leaf).map_err(|error| format!("the leaf: {error}"))?;
    if leaf.public_key().subject_public_key.data.as_ref() == key.public_key().as_ref() {
        Ok(())
    } else {
        Err("the key is not the certificate's".to_owned())
    }
}
