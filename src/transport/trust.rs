//! Trust in servers while the certificate authorities are still being read.
//!
//! Reading takes milliseconds, and the certificate of a server comes two round trips after the first packet to it. So a thread
//! of its own reads while connections are opened. A certificate that comes sooner waits a moment. Without authorities, read
//! or readable, every certificate is refused.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::authorities::{self, AuthorityOptions, SetupError};
use super::provider;

/// How long a certificate waits. Whoever waits holds the thread of all connections, which hears signals too; a pipe that
/// nobody writes to may take seconds.
const MOMENT: Duration = Duration::from_millis(100);

type Outcome = Result<Arc<WebPkiServerVerifier>, Arc<SetupError>>;

/// The certificate authorities that are trusted, which a thread reads. Cloning shares them.
#[derive(Clone, Default)]
pub struct Authorities(Arc<Shared>);

#[derive(Default)]
struct Shared {
    outcome: Mutex<Option<Outcome>>,
    there: Condvar,
}

impl Authorities {
    /// Begins to read them.
    pub fn read(options: AuthorityOptions) -> Self {
        let this = Self::default();
        let reader = this.clone();
        let reading = thread::Builder::new().name("authorities".to_owned());
        let here = options.clone();
        if reading.spawn(move || reader.conclude(&options)).is_err() {
            // The system gives no thread now.
            this.conclude(&here);
        }
        this
    }

    /// Waits until they are read, as long as that takes.
    ///
    /// The error says which file or directory is at fault; none at all is an error too.
    pub fn wait(&self) -> Result<(), Arc<SetupError>> {
        let mut outcome = self.lock();
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone().map(drop);
            }
            outcome = self.0.there.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn conclude(&self, options: &AuthorityOptions) {
        let outcome = authorities::load(options).and_then(|roots| verifier(roots, options));
        *self.lock() = Some(outcome.map_err(Arc::new));
        self.0.there.notify_all();
    }

    /// What there is of them in a moment.
    fn soon(&self) -> Option<Outcome> {
        let waited = self
            .0
            .there
            .wait_timeout_while(self.lock(), MOMENT, |outcome| outcome.is_none());
        let (outcome, _) = waited.unwrap_or_else(PoisonError::into_inner);
        outcome.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outcome>> {
        // No code panics while it holds the lock.
        self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn verifier(
    roots: RootCertStore,
    options: &AuthorityOptions,
) -> Result<Arc<WebPkiServerVerifier>, SetupError> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    // All that it can miss, without a list of revoked certificates, is an authority.
    builder.build().map_err(|_| authorities::none(options))
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorities").finish_non_exhaustive()
    }
}

/// Judges the certificates of servers by these authorities.
#[derive(Debug)]
pub(super) struct Verifier {
    authorities: Authorities,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(authorities: Authorities) -> Self {
        Self {
            authorities,
            algorithms: provider().signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refused = match self.authorities.soon() {
            Some(Ok(verifier)) => {
                return verifier.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                );
            }
            Some(Err(error)) => error.to_string(),
            None => "the certificate authorities are not read yet".to_owned(),
        };
        Err(Error::General(refused))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::{Path, PathBuf};

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::super::tests::{Authority, ca_pem};
    use super::*;

    fn only(file: &Path) -> AuthorityOptions {
        AuthorityOptions {
            ssl_cert_file: Some(file.to_owned()),
            ..AuthorityOptions::default()
        }
    }

    fn pipe() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("ca.pem");
        mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        (dir, path)
    }

    /// What is said of a server for `localhost` of this authority.
    fn verdict(authorities: &Authorities, authority: &Authority) -> Result<ServerCertVerified, Error> {
        let shown = authority.shows("localhost");
        let name = "localhost".try_into().expect("a name");
        Verifier::new(authorities.clone()).verify_server_cert(&shown, &[], &name, &[], UnixTime::now())
    }

    #[test]
    fn a_certificate_that_comes_before_the_authorities_are_read_is_refused_and_trusted_after_that() {
        let authority = Authority::new();
        let (_dir, path) = pipe();
        let authorities = Authorities::read(only(&path));
        let refused = verdict(&authorities, &authority).expect_err("nothing is read");
        assert!(refused.to_string().contains("not read yet"), "{refused}");
        let mut writer = std::fs::File::options()
            .write(true)
            .open(&path)
            .expect("a reader");
        writer.write_all(authority.pem.as_bytes()).expect("written");
        drop(writer);
        authorities.wait().expect("read");
        verdict(&authorities, &authority).expect("trusted");
        verdict(&authorities, &Authority::new()).expect_err("another's");
    }

    #[test]
    fn without_authorities_every_certificate_is_refused() {
        let authority = Authority::new();
        let dir = tempfile::tempdir().expect("a directory");
        let empty = dir.path().join("empty.pem");
        std::fs::write(&empty, "").expect("written");
        for path in [empty.as_path(), Path::new("/nonexistent/ca.pem")] {
            let authorities = Authorities::read(only(path));
            let error = authorities.wait().expect_err("none");
            assert!(
                error.to_string().contains(path.to_str().expect("UTF-8")),
                "{error}"
            );
            let refused = verdict(&authorities, &authority).expect_err("refused");
            assert!(refused.to_string().contains(&error.to_string()), "{refused}");
        }
    }

    #[test]
    fn all_that_rustls_verifies_is_offered() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, ca_pem()).expect("written");
        let roots = authorities::load(&only(&path)).expect("an authority");
        let usual = verifier(roots, &only(&path)).expect("a verifier");
        let ours = Verifier::new(Authorities::default());
        assert_eq!(ours.supported_verify_schemes(), usual.supported_verify_schemes());
    }
}
