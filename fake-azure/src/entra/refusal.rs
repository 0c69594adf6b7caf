//! The errors of the token endpoint: a status, an OAuth error, an `AADSTS` code and a text that names what was tried.

use serde::Serialize;

use crate::clock::Clock;
use crate::http::Answer;
use crate::ids;

/// Why no token is issued.
///
/// Codes and texts follow published answers of Entra; where only the code is known, the text says the same in other
/// words. Clients decide on the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownTenant(String),
    UnknownApplication(String),
    WrongSecret(String),
    MissingField(&'static str),
    UnsupportedGrant(String),
    MalformedAssertion,
    Signature,
    UnknownIssuer(String),
    UnknownAudience(String),
    UnknownSubject(String),
    Expired { now: i64, from: i64, until: i64 },
    Lifetime { issued: i64, until: i64 },
}

impl Refusal {
    fn status_and_error(&self) -> (u16, &'static str) {
        match self {
            Self::UnknownTenant(_)
            | Self::MissingField(_)
            | Self::MalformedAssertion
            | Self::Lifetime { .. } => (400, "invalid_request"),
            Self::UnknownApplication(_) => (400, "unauthorized_client"),
            Self::UnsupportedGrant(_) => (400, "unsupported_grant_type"),
            Self::WrongSecret(_)
            | Self::Signature
            | Self::UnknownIssuer(_)
            | Self::UnknownAudience(_)
            | Self::UnknownSubject(_)
            | Self::Expired { .. } => (401, "invalid_client"),
        }
    }

    fn code(&self) -> u32 {
        match self {
            Self::UnknownTenant(_) => 90_002,
            Self::UnknownApplication(_) => 700_016,
            Self::WrongSecret(_) => 7_000_215,
            Self::MissingField(_) => 900_144,
            Self::UnsupportedGrant(_) => 70_003,
            Self::MalformedAssertion => 50_027,
            Self::Signature => 50_013,
            Self::UnknownIssuer(_) => 700_211,
            Self::UnknownAudience(_) => 700_212,
            Self::UnknownSubject(_) => 700_213,
            Self::Expired { .. } => 700_024,
            Self::Lifetime { .. } => 70_023,
        }
    }

    fn text(&self) -> String {
        const CHECK: &str = "Check your federated identity credential Subject, Audience and Issuer against the presented \
                             assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation";
        let unmatched = |part, value| {
            format!(
                "No matching federated identity record found for presented assertion {part} '{value}'. {CHECK}"
            )
        };
        match self {
            Self::UnknownTenant(tenant) => format!("Tenant '{tenant}' not found."),
            Self::UnknownApplication(id) => {
                format!("Application with identifier '{id}' was not found in the directory 'Contoso'.")
            }
            Self::WrongSecret(id) => format!("Invalid client secret provided for app '{id}'."),
            Self::MissingField(name) => {
                format!("The request body must contain the following parameter: '{name}'.")
            }
            Self::UnsupportedGrant(grant) => format!("The grant type '{grant}' is not supported."),
            Self::MalformedAssertion => "The presented client assertion is not a valid JWT.".to_owned(),
            Self::Signature => "Assertion failed signature validation.".to_owned(),
            Self::UnknownIssuer(issuer) => unmatched("issuer", issuer),
            Self::UnknownAudience(audience) => unmatched("audience", audience),
            Self::UnknownSubject(subject) => unmatched("subject", subject),
            Self::Expired { now, from, until } => format!(
                "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, \
                 expiry time of assertion {}.",
                crate::clock::entra_instant(*now),
                crate::clock::entra_instant(*from),
                crate::clock::entra_instant(*until),
            ),
            Self::Lifetime { issued, until } => format!(
                "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. \
                 Token issued at {issued}. Token expires on {until}."
            ),
        }
    }

    /// The answer in Entra's shape.
    pub(crate) fn answer(&self, clock: &Clock) -> Answer {
        let (status, error) = self.status_and_error();
        let (code, timestamp) = (self.code(), clock.entra_date());
        let (trace_id, correlation_id) = (ids::guid(), ids::guid());
        let body = Body {
            error,
            error_description: format!(
                "AADSTS{code}: {}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}",
                self.text()
            ),
            error_codes: [code],
            timestamp,
            trace_id,
            correlation_id,
            error_uri: format!("https://login.microsoftonline.com/error?code={code}"),
        };
        Answer::json(status, &body)
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: String,
    trace_id: String,
    correlation_id: String,
    error_uri: String,
}
