//! Which certificate authorities are trusted: the system's, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead,
//! plus the bundle of `--ca-file`.
//!
//! A file that a person named must be there and hold certificates. A system store may hold what rustls cannot parse; such
//! an entry is left out, because one odd certificate must not stop the others.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use encoding::pem::{self, Block, Kind, PemError};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::domain::placeholder::Placeholder;
use crate::domain::unread;
use crate::domain::unread_pem;
use crate::domain::variable;
use crate::ports::Environment;

/// A bundle of every public authority is about 220 KiB.
const BUNDLE_LIMIT: usize = 8 * 1024 * 1024;

/// Where certificate authorities come from. The default is the system's store.
#[derive(Debug, Clone, Default)]
pub struct AuthorityOptions {
    /// A PEM bundle that is trusted besides the others (`--ca-file`).
    pub ca_file: Option<PathBuf>,
    /// `SSL_CERT_FILE`: a PEM bundle instead of the system's store.
    pub ssl_cert_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`, split at its colons: directories of PEM files instead of the system's store.
    pub ssl_cert_dirs: Vec<PathBuf>,
}

impl AuthorityOptions {
    /// Takes `SSL_CERT_FILE` and `SSL_CERT_DIR` from the environment.
    pub fn from_environment(environment: &(impl Environment + ?Sized), ca_file: Option<PathBuf>) -> Self {
        let dirs = environment.var("SSL_CERT_DIR").unwrap_or_default();
        Self {
            ca_file,
            ssl_cert_file: environment.var("SSL_CERT_FILE").map(PathBuf::from),
            ssl_cert_dirs: std::env::split_paths(&dirs)
                .filter(|dir| !dir.as_os_str().is_empty())
                .collect(),
        }
    }
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A bundle that was named cannot be read.
    #[error("certificate authorities cannot be read from {path}")]
    Unreadable {
        /// The bundle.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A bundle that was named holds no certificate.
    #[error("{path} holds no PEM certificate")]
    Empty {
        /// The bundle.
        path: PathBuf,
    },
    /// A bundle that was named cannot be read as PEM.
    #[error("{path}: {error}")]
    Pem {
        /// The bundle.
        path: PathBuf,
        /// Which line, and what is wrong with it.
        error: PemError,
    },
    /// A bundle that was named is damaged.
    #[error("certificate {position} of {path} is damaged")]
    Damaged {
        /// The bundle.
        path: PathBuf,
        /// Which certificate, counted from 1.
        position: usize,
    },
    /// Nothing is trusted, so no connection could ever be made.
    #[error("no certificate authority was found in {looked_in}")]
    NoAuthorities {
        /// Where they were looked for.
        looked_in: String,
    },
    /// A proxy variable that the HTTP client would pass over.
    #[error("{variable} is not the URL of a proxy")]
    Proxy {
        /// The variable.
        variable: &'static str,
    },
    /// A proxy variable with quotes that a shell would have taken off.
    #[error("{}", variable::told_of_quotes(.variable))]
    ProxyQuoted {
        /// The variable.
        variable: &'static str,
    },
    /// A proxy variable that something was to fill in before.
    #[error("{}", .placeholder.told_of(.variable))]
    ProxyPlaceholder {
        /// The variable.
        variable: &'static str,
        /// What stands in it.
        placeholder: Placeholder,
    },
    /// The HTTP client refused its settings.
    #[error("the HTTP client could not be built")]
    Client(#[source] reqwest::Error),
}

impl SetupError {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { source, .. } => {
                unread::hint(source.kind(), "check the path, and that the file is mounted here")
            }
            Self::Empty { .. } => {
                "the file must hold one or more `-----BEGIN CERTIFICATE-----` blocks; convert DER with `openssl x509 -inform der`"
            }
            Self::Pem { error, .. } => unread_pem::hint(error),
            Self::Damaged { .. } => "export the certificate again, as PEM",
            Self::NoAuthorities { .. } => {
                "install the image's ca-certificates package, set SSL_CERT_FILE to a PEM bundle, or pass --ca-file"
            }
            Self::Proxy { .. } => {
                "set it to http://HOST:PORT or https://HOST:PORT, or unset it to go without a proxy"
            }
            Self::ProxyQuoted { .. } => variable::QUOTES_HINT,
            Self::ProxyPlaceholder { placeholder, .. } => placeholder.hint(),
            Self::Client(_) => "check the proxy variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
        }
    }
}

/// Everything that is trusted; at least one authority.
pub(super) fn load(options: &AuthorityOptions) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.ssl_cert_file {
        let (_, ignored) = roots.add_parsable_certificates(read_bundle(path)?);
        log_ignored(ignored);
    }
    for dir in &options.ssl_cert_dirs {
        add_directory(&mut roots, dir);
    }
    if options.ssl_cert_file.is_none() && options.ssl_cert_dirs.is_empty() {
        add_store(&mut roots, rustls_native_certs::load_native_certs());
    }
    if let Some(path) = &options.ca_file {
        add_named(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(none(options));
    }
    tracing::debug!(authorities = roots.len(), "Loaded certificate authorities");
    Ok(roots)
}

/// Adds a system store, leaving out what cannot be read or parsed.
fn add_store(roots: &mut RootCertStore, found: rustls_native_certs::CertificateResult) {
    for error in &found.errors {
        tracing::debug!(%error, "Left out a part of the certificate store");
    }
    let (_, ignored) = roots.add_parsable_certificates(found.certs);
    log_ignored(ignored);
}

/// Adds the files of a directory that a person named. One that is no bundle is left out, because such directories hold
/// other files too; what should have been one is told.
fn add_directory(roots: &mut RootCertStore, dir: &Path) {
    // The same certificate often stands there under several names.
    let mut certificates = BTreeSet::new();
    for path in files_of(dir) {
        match read_bundle(&path) {
            Ok(found) => certificates.extend(found.iter().map(|it| it.to_vec())),
            Err(error @ SetupError::Empty { .. }) => {
                tracing::debug!(%error, "Left out a file of SSL_CERT_DIR");
            }
            Err(error) => {
                tracing::warn!(%error, hint = error.hint(), "Left out a file of SSL_CERT_DIR");
            }
        }
    }
    let (_, ignored) = roots.add_parsable_certificates(certificates.into_iter().map(CertificateDer::from));
    log_ignored(ignored);
}

/// The regular files of a directory, links to them too. A directory that cannot be read is told.
fn files_of(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).inspect_err(|error| {
        let hint = unread::hint(
            error.kind(),
            "check the path, and that the directory is mounted here",
        );
        tracing::warn!(%error, path = %dir.display(), hint, "Left out a directory of SSL_CERT_DIR");
    });
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    paths.filter(|path| path.is_file()).collect()
}

fn log_ignored(ignored: usize) {
    if ignored > 0 {
        tracing::debug!(
            authorities = ignored,
            "Left out certificates that are not usable as an authority"
        );
    }
}

/// Adds a bundle that a person named: every certificate of it, or an error.
fn add_named(roots: &mut RootCertStore, path: &Path) -> Result<(), SetupError> {
    for (index, certificate) in read_bundle(path)?.into_iter().enumerate() {
        roots.add(certificate).map_err(|_| SetupError::Damaged {
            path: path.to_owned(),
            position: index + 1,
        })?;
    }
    Ok(())
}

fn read_bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let text = named_file::bytes(path, BUNDLE_LIMIT).map_err(|source| SetupError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let unreadable = |error| SetupError::Pem {
        path: path.to_owned(),
        error,
    };
    let blocks = pem::blocks(&text).map_err(unreadable)?;
    let mut unread = blocks.iter().filter(|block| block.kind.is_unread_certificate());
    if let Some(error) = unread.find_map(Block::unread) {
        return Err(unreadable(error));
    }
    let certificates: Vec<_> = blocks
        .iter()
        .filter(|block| block.kind == Kind::Certificate)
        .map(|block| CertificateDer::from(block.der.expose().to_vec()))
        .collect();
    if certificates.is_empty() {
        return Err(SetupError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

/// There is nobody to trust.
pub(super) fn none(options: &AuthorityOptions) -> SetupError {
    let looked_in = looked_in(options);
    SetupError::NoAuthorities { looked_in }
}

fn looked_in(options: &AuthorityOptions) -> String {
    if options.ssl_cert_file.is_none() && options.ssl_cert_dirs.is_empty() {
        return "the system's certificate store".to_owned();
    }
    let paths = options.ssl_cert_file.iter().chain(&options.ssl_cert_dirs);
    let paths: Vec<_> = paths.map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::ca_pem;
    use super::*;

    fn written(content: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("bundle.pem");
        std::fs::write(&path, content).expect("written");
        (dir, path)
    }

    fn only(ssl_cert_file: &Path) -> AuthorityOptions {
        AuthorityOptions {
            ssl_cert_file: Some(ssl_cert_file.to_owned()),
            ..AuthorityOptions::default()
        }
    }

    #[test]
    fn a_bundle_0600_of_another_user_is_a_matter_of_run_as_user_and_fs_group() {
        let error = |kind: io::ErrorKind| SetupError::Unreadable {
            path: "/run/ca.pem".into(),
            source: kind.into(),
        };
        let hint = error(io::ErrorKind::PermissionDenied).hint();
        assert!(hint.contains("runAsUser") && hint.contains("fsGroup"), "{hint}");
        assert!(error(io::ErrorKind::NotFound).hint().contains("check the path"));
    }

    #[test]
    fn ca_file_is_trusted_besides_the_others() {
        let (_keep, base) = written(&ca_pem());
        let (_keep, extra) = written(&(ca_pem() + &ca_pem()));
        let options = AuthorityOptions {
            ca_file: Some(extra),
            ..only(&base)
        };
        assert_eq!(load(&options).expect("loaded").len(), 3);
    }

    #[test]
    fn the_variables_replace_the_system_store() {
        let (dir, file) = written(&ca_pem());
        let dir = dir.path().to_str().expect("UTF-8").to_owned();
        let pairs = [
            ("SSL_CERT_DIR".to_owned(), format!("{dir}:")),
            (
                "SSL_CERT_FILE".to_owned(),
                file.to_str().expect("UTF-8").to_owned(),
            ),
        ];
        let options = AuthorityOptions::from_environment(&pairs[..], None);
        assert_eq!(options.ssl_cert_dirs, [PathBuf::from(dir)]);
        assert!(load(&options).is_ok());
        let options = AuthorityOptions::from_environment(&pairs[..1], None);
        assert_eq!(load(&options).expect("loaded").len(), 1);
    }

    #[test]
    fn a_missing_bundle_is_named_with_a_hint() {
        let error = load(&only(Path::new("/nonexistent/ca.pem"))).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "certificate authorities cannot be read from /nonexistent/ca.pem"
        );
        assert!(std::error::Error::source(&error).is_some());
        assert!(error.hint().contains("check the path"));
    }

    #[test]
    fn a_bundle_without_a_certificate_is_refused_and_not_ignored() {
        for content in ["", "not PEM at all", "-----BEGIN CERTIFICATE-----\nMIIB"] {
            let (_keep, path) = written(content);
            let error = load(&only(&path)).expect_err("refused");
            assert!(
                matches!(error, SetupError::Empty { .. } | SetupError::Pem { .. }),
                "{content:?}: {error}"
            );
        }
    }

    #[test]
    fn a_bundle_with_imperfect_markers_is_whole_or_refused_with_its_line() {
        let two = ca_pem() + &ca_pem();
        let glued = two.replace("CERTIFICATE-----\n-----BEGIN", "CERTIFICATE----------BEGIN");
        let glued = glued.replace("CERTIFICATE-----\r\n-----BEGIN", "CERTIFICATE----------BEGIN");
        assert!(glued.contains("----------"));
        for (name, content) in [
            ("byte order mark", format!("\u{feff}{two}")),
            ("glued markers", glued),
        ] {
            let (_keep, path) = written(&content);
            assert_eq!(load(&only(&path)).expect("loaded").len(), 2, "{name}");
        }
        for (name, content) in [
            ("four dashes", two.replacen("-----BEGIN", "----BEGIN", 1)),
            (
                "lower case",
                two.replacen("BEGIN CERTIFICATE", "begin certificate", 1),
            ),
            (
                "trusted certificate",
                two.replacen("CERTIFICATE", "TRUSTED CERTIFICATE", 2),
            ),
        ] {
            let (_keep, path) = written(&content);
            let error = load(&only(&path)).expect_err("refused");
            assert!(
                error.to_string().contains("line 1 of the PEM text"),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn a_directory_gives_its_bundles_and_leaves_other_files_out() {
        let (dir, _) = written(&format!("\u{feff}{}", ca_pem()));
        std::fs::write(dir.path().join("README"), "no PEM").expect("written");
        std::fs::write(dir.path().join("damaged"), "----BEGIN CERTIFICATE-----").expect("written");
        std::os::unix::fs::symlink("bundle.pem", dir.path().join("0a0b0c0d.0")).expect("a link");
        let options = AuthorityOptions {
            ssl_cert_dirs: vec![dir.path().to_owned(), "/nonexistent/certs".into()],
            ..AuthorityOptions::default()
        };
        assert_eq!(load(&options).expect("loaded").len(), 1);
    }

    #[test]
    fn a_damaged_certificate_of_ca_file_is_counted_from_one() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let (_keep, base) = written(&ca_pem());
        let (_keep, extra) = written(&(ca_pem() + broken));
        let options = AuthorityOptions {
            ca_file: Some(extra),
            ..only(&base)
        };
        let error = load(&options).expect_err("refused");
        assert!(
            matches!(error, SetupError::Damaged { position: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn no_authority_at_all_is_an_error_and_not_a_panic() {
        let dir = tempfile::tempdir().expect("a directory");
        let options = AuthorityOptions {
            ssl_cert_dirs: vec![dir.path().to_owned()],
            ..AuthorityOptions::default()
        };
        let error = load(&options).expect_err("refused");
        assert!(error.hint().contains("--ca-file"), "{error}");
        assert!(error.to_string().contains(dir.path().to_str().expect("UTF-8")));
    }
}
