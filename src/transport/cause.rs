//! What TLS or the system said when a call failed, found in the chain of the client's errors.
//!
//! The client's own errors name URLs, and what lies above it may quote an answer. These two do neither, so that a
//! failure may keep them.

use std::error::Error;
use std::io;

use super::{certificate_hint, tls_words};

/// An error of TLS or of the system.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WireCause {
    /// The TLS handshake, or the connection that it made.
    #[error("{}", tls_words::of(.0))]
    Tls(rustls::Error),
    /// An error number of the system.
    #[error("{}", io::Error::from_raw_os_error(*.0))]
    System(i32),
    /// The system's sort of error, when it came without a number.
    #[error("{0}")]
    Io(io::ErrorKind),
}

impl WireCause {
    /// The one among the causes of an error: TLS's before the system's, and of these the innermost.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let tls = chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
        tls.cloned()
            .map(Self::Tls)
            .or_else(|| chain(error).filter_map(Self::of_system).last())
    }

    fn of_system(error: &(dyn Error + 'static)) -> Option<Self> {
        let error = error.downcast_ref::<io::Error>()?;
        match error.raw_os_error() {
            Some(number) => Some(Self::System(number)),
            // What it wraps comes next in the chain.
            None => error.get_ref().is_none().then(|| Self::Io(error.kind())),
        }
    }

    /// Whether every handshake with this server ends so, until somebody changes its certificate, what is trusted here,
    /// or a clock.
    pub const fn refuses_the_server(&self) -> bool {
        use rustls::Error as E;
        matches!(
            self,
            Self::Tls(E::InvalidCertificate(_) | E::NoCertificatesPresented | E::PeerIncompatible(_))
        )
    }

    /// What to do about a certificate that was refused; `None` of every other cause.
    pub fn certificate_hint(&self) -> Option<&'static str> {
        match self {
            Self::Tls(rustls::Error::InvalidCertificate(error)) => Some(certificate_hint::of(error)),
            _ => None,
        }
    }
}

/// An error and what caused it, outermost first, with what an `io::Error` wraps.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    /// No real chain is longer.
    const LONGEST: usize = 32;
    std::iter::successors(Some(error), next).take(LONGEST)
}

fn next<'a>(cause: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let cause = *cause;
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("an error that quotes the answer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn what_tls_says_is_found_below_what_wraps_it() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let error = Outer(io::Error::new(io::ErrorKind::InvalidData, tls.clone()));
        let cause = WireCause::of(&error).expect("found");
        assert_eq!(cause, WireCause::Tls(tls));
        assert!(cause.refuses_the_server());
        assert_eq!(
            cause.to_string(),
            "the server's certificate has expired, or its dates are wrong"
        );
    }

    #[test]
    fn a_handshake_that_breaks_off_may_work_the_next_time() {
        let broken = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(!WireCause::Tls(broken).refuses_the_server());
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::InternalError);
        assert!(!WireCause::Tls(alert).refuses_the_server());
    }

    #[test]
    fn the_systems_word_is_kept_and_nothing_that_an_error_was_made_of() {
        let refused = Outer(io::Error::from_raw_os_error(111));
        let cause = WireCause::of(&refused).expect("found");
        assert_eq!(cause.to_string(), "Connection refused (os error 111)");
        let ended = Outer(io::ErrorKind::UnexpectedEof.into());
        assert_eq!(
            WireCause::of(&ended),
            Some(WireCause::Io(io::ErrorKind::UnexpectedEof))
        );
        assert_eq!(WireCause::of(&Outer(io::Error::other("an answer"))), None);
    }
}
