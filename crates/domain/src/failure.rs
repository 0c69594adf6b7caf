//! Why an object is not there: one closed set of reasons, shared by the adapters, the loop, logs and exit codes.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::hint::Hint;

/// A refusal or an outage, for one object or for signing in.
///
/// It never holds any byte of a value: `detail` is made of names, codes, statuses and the service's own message, and the
/// error that caused it is kept only where it cannot quote an answer. Two failures are equal when they say the same.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What happened, from a closed set.
    pub reason: Reason,
    /// What was seen, in one sentence without a full stop: vault, object, identity, code, status, request id.
    pub detail: String,
    /// The next action of the person who reads it.
    pub hint: Hint,
    /// How long the service asked to be left alone, however long that is.
    pub retry_after: Option<Duration>,
    /// What caused it; shared by the copies of the failure.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// The longest wait that a service is granted. The windows of Key Vault's limits are ten seconds long, and a header
    /// that is wrong must not make a process deaf for a day.
    pub const LONGEST_WAIT: Duration = Duration::from_mins(5);

    /// Of its parts, with no cause and no wish of the service.
    pub fn new(reason: Reason, detail: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            hint: hint.into(),
            retry_after: None,
            source: None,
        }
    }

    /// With how long the service asked to be left alone.
    #[must_use]
    pub fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// With the error that caused it, which must not hold a byte of a value: `Debug` and [`Error::source`] show it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The same failure, as seen from somewhere else.
    #[must_use]
    pub fn told_as(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        let says = |failure: &Self| (failure.reason, failure.retry_after);
        says(self) == says(other) && self.detail == other.detail && self.hint == other.hint
    }
}

impl Eq for Failure {}

/// What happened. A closed set: it is a metric label and decides retry and exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No token: a setting is missing or wrong, and waiting does not help.
    IdentityMisconfigured,
    /// No token yet: the federated token file has not arrived, or Entra does not know the federated credential or identity.
    IdentityNotPropagated,
    /// No token: Entra, IMDS or the identity endpoint is unreachable, throttles or fails.
    IdentityUnavailable,
    /// The vault refused the token (wrong audience or tenant).
    Unauthorized,
    /// The role assignment or access policy is missing, or has not arrived yet.
    Forbidden,
    /// The vault's firewall or private endpoint refused the connection.
    NetworkRefused,
    /// No such object, or deleted.
    NotFound,
    /// The object is there, the version is not.
    VersionNotFound,
    /// The current version is disabled.
    Disabled,
    /// The vault or subscription limit is reached.
    Throttled,
    /// A deletion or recovery is under way.
    Conflict,
    /// The vault answered 5xx, or cut its answer short.
    Unavailable,
    /// No connection: DNS, TCP, a proxy, or a TLS handshake that broke off.
    Unreachable,
    /// A TLS handshake that ends in the same way each time: the certificate is not trusted, of another name, expired.
    TlsRefused,
    /// A deadline passed.
    TimedOut,
    /// The answer is not what the API describes.
    Malformed,
    /// The request was refused as invalid (400).
    BadRequest,
    /// The value could not be rendered as the manifest asks.
    Unrenderable,
    /// A selection's rule picks more secrets than it may.
    TooManySelected,
    /// The vault says that all secrets of a selection are gone, or many of them at once.
    ManyGone,
    /// A selected secret can have no file, because its path is another's or is no path.
    PathTaken,
    /// A password file cannot be read.
    PasswordUnreadable,
    /// A foreign file or link occupies the name on the volume.
    NameTaken,
}

/// How far a reason reaches: what fails for it together, and is told as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything, because nobody can sign in.
    SignIn,
    /// Everything of a vault that is away.
    Vault,
    /// Everything that a vault refuses and that one action mends.
    Refusal,
    /// One entry, which was fetched, or needs no vault.
    Entry,
}

/// What a reason means for exit codes (design, "Commands").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureClass {
    /// Signing in was refused: exit code 4.
    Identity,
    /// Exit code 5.
    Refused,
    /// Exit code 6.
    Unavailable,
    /// Exit code 7.
    Volume,
}

impl Reason {
    /// Every reason, for tests and reference pages.
    pub const ALL: [Self; 23] = [
        Self::IdentityMisconfigured,
        Self::IdentityNotPropagated,
        Self::IdentityUnavailable,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NetworkRefused,
        Self::NotFound,
        Self::VersionNotFound,
        Self::Disabled,
        Self::Throttled,
        Self::Conflict,
        Self::Unavailable,
        Self::Unreachable,
        Self::TlsRefused,
        Self::TimedOut,
        Self::Malformed,
        Self::BadRequest,
        Self::Unrenderable,
        Self::TooManySelected,
        Self::ManyGone,
        Self::PathTaken,
        Self::PasswordUnreadable,
        Self::NameTaken,
    ];

    /// The reason as logs and labels write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityMisconfigured => "identityMisconfigured",
            Self::IdentityNotPropagated => "identityNotPropagated",
            Self::IdentityUnavailable => "identityUnavailable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NetworkRefused => "networkRefused",
            Self::NotFound => "notFound",
            Self::VersionNotFound => "versionNotFound",
            Self::Disabled => "disabled",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
            Self::TlsRefused => "tlsRefused",
            Self::TimedOut => "timedOut",
            Self::Malformed => "malformed",
            Self::BadRequest => "badRequest",
            Self::Unrenderable => "unrenderable",
            Self::TooManySelected => "tooManySelected",
            Self::ManyGone => "manyGone",
            Self::PathTaken => "pathTaken",
            Self::PasswordUnreadable => "passwordUnreadable",
            Self::NameTaken => "nameTaken",
        }
    }

    /// The reason that is written so.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Which exit code it leads to.
    pub const fn class(self) -> FailureClass {
        match self {
            Self::IdentityMisconfigured | Self::IdentityNotPropagated => FailureClass::Identity,
            Self::Unauthorized
            | Self::Forbidden
            | Self::NetworkRefused
            | Self::NotFound
            | Self::VersionNotFound
            | Self::Disabled
            | Self::BadRequest
            | Self::Malformed
            | Self::Unrenderable
            | Self::TooManySelected
            | Self::ManyGone
            | Self::PathTaken
            | Self::PasswordUnreadable => FailureClass::Refused,
            Self::IdentityUnavailable
            | Self::Throttled
            | Self::Conflict
            | Self::Unavailable
            | Self::Unreachable
            | Self::TlsRefused
            | Self::TimedOut => FailureClass::Unavailable,
            Self::NameTaken => FailureClass::Volume,
        }
    }

    /// What fails for it together.
    pub const fn reach(self) -> Reach {
        match self {
            Self::IdentityMisconfigured | Self::IdentityNotPropagated | Self::IdentityUnavailable => {
                Reach::SignIn
            }
            Self::Throttled
            | Self::Conflict
            | Self::Unavailable
            | Self::Unreachable
            | Self::TlsRefused
            | Self::TimedOut => Reach::Vault,
            Self::Unauthorized
            | Self::Forbidden
            | Self::NetworkRefused
            | Self::NotFound
            | Self::VersionNotFound
            | Self::Disabled
            | Self::BadRequest
            | Self::Malformed => Reach::Refusal,
            Self::Unrenderable
            | Self::TooManySelected
            | Self::ManyGone
            | Self::PathTaken
            | Self::PasswordUnreadable
            | Self::NameTaken => Reach::Entry,
        }
    }

    /// Whether the same request can succeed within seconds without anybody changing anything.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::IdentityNotPropagated
                | Self::IdentityUnavailable
                | Self::Throttled
                | Self::Conflict
                | Self::Unavailable
                | Self::Unreachable
                | Self::TimedOut
        )
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_label_of_its_own() {
        let labels: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(labels.len(), Reason::ALL.len());
    }

    #[test]
    fn a_failure_keeps_what_caused_it_and_is_equal_to_one_that_says_the_same() {
        let plain = Failure::new(Reason::Unreachable, "the connection was refused", "look");
        let cause = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let caused = plain.clone().caused_by(cause);
        assert_eq!(caused, plain);
        assert!(plain.source().is_none());
        let copy = caused.clone().told_as("seen from elsewhere");
        assert_eq!(copy.source().expect("kept").to_string(), "connection refused");
        assert_ne!(copy, caused);
        assert_ne!(caused.clone().after(Some(Duration::ZERO)), caused);
    }
}
