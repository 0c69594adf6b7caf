//! Microsoft Entra: the token endpoint, what it knows of applications, and the tokens it has issued.

pub(crate) mod access_token;
mod endpoint;
mod published_keys;
mod refusal;

use std::sync::{Mutex, MutexGuard, PoisonError};

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::ids;
use crate::issuer::{self, FEDERATED_AUDIENCE, Issuer};
use crate::jwt::{Unverified, VerificationKey};

pub(crate) use endpoint::{answer, kind, throttled};
pub(crate) use published_keys::PublishedKeys;

/// A trust of an application in a subject of another issuer (a federated identity credential).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedCredential {
    /// `iss` of the assertion, compared byte by byte.
    pub issuer: String,
    /// `sub` of the assertion, such as `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// `aud` of the assertion.
    pub audience: String,
}

/// An application that can ask for tokens.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) secret: String,
    pub(crate) federated: Vec<FederatedCredential>,
    pub(crate) certificates: Vec<RegisteredCertificate>,
}

/// A certificate that an application may sign its assertions with.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredCertificate {
    pub(crate) der: Vec<u8>,
    pub(crate) key: VerificationKey,
}

impl RegisteredCertificate {
    /// Reads a certificate; `None` when it is none.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let key = certificate.public_key().subject_public_key.data.to_vec();
        Some(Self {
            der: der.to_vec(),
            key: VerificationKey::Rsa(key),
        })
    }
}

/// The directory.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Where the authority answers: `https://localhost:PORT`, without a slash at the end.
    pub(crate) authority: String,
    pub(crate) issuer: Issuer,
    others: Mutex<Vec<PublishedKeys>>,
    applications: Mutex<Vec<Application>>,
    pub(crate) tokens: access_token::Mint,
}

impl Directory {
    /// A directory with one application, which trusts the fake's issuer and has a client secret.
    pub(crate) fn new(authority: String, issuer: Issuer) -> Self {
        let application = Application {
            client_id: ids::CLIENT_ID.to_owned(),
            object_id: ids::OBJECT_ID.to_owned(),
            secret: format!("fake~{}", ids::version_id()),
            federated: vec![FederatedCredential {
                issuer: issuer::URL.to_owned(),
                subject: issuer::SUBJECT.to_owned(),
                audience: FEDERATED_AUDIENCE.to_owned(),
            }],
            certificates: Vec::new(),
        };
        Self {
            authority,
            issuer,
            others: Mutex::default(),
            applications: Mutex::new(vec![application]),
            tokens: access_token::Mint::new(),
        }
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<Application> {
        let applications = self.applications();
        let mut matching = applications
            .iter()
            .filter(|application| application.client_id.eq_ignore_ascii_case(client_id));
        matching.next().cloned()
    }

    /// Lets this issuer sign with its own keys.
    pub(crate) fn add_issuer(&self, keys: PublishedKeys) {
        self.others().push(keys);
    }

    /// Whether the issuer that an assertion names has signed it; who publishes no keys is the fake's own issuer.
    pub(crate) fn issuer_has_signed(&self, assertion: &Unverified) -> bool {
        let issuer = assertion.text("iss").unwrap_or_default();
        match self.others().iter().find(|keys| keys.is_of(issuer)) {
            Some(keys) => keys.have_signed(assertion),
            None => assertion.is_signed_by(self.issuer.verification_key()),
        }
    }

    fn others(&self) -> MutexGuard<'_, Vec<PublishedKeys>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the application that [`Directory::new`] made.
    pub(crate) fn change_application<R>(&self, change: impl FnOnce(&mut Application) -> R) -> R {
        change(
            self.applications()
                .first_mut()
                .expect("the directory has an application"),
        )
    }

    fn applications(&self) -> MutexGuard<'_, Vec<Application>> {
        self.applications.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
