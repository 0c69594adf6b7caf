//! The error codes of Entra that this program knows: what each means for a workload, and what to do. One row per code, here
//! and in `docs/identity.md`; a test holds the two together.
//!
//! Codes: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.

use super::refusal::Retry;
use crate::domain::failure::Reason;
use crate::domain::hint::Hint;

/// What one code means.
pub(super) struct Row {
    pub(super) code: u64,
    pub(super) reason: Reason,
    pub(super) retry: Retry,
    pub(super) hint: Hint,
    /// Only this proof can be refused so. With another one the code is not what it says.
    pub(super) proof: Option<ProofKind>,
}

/// What an application proves itself with, as far as a code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProofKind {
    FederatedToken,
    Secret,
    Certificate,
}

/// The row of a code, for who signs in with this proof. `None` is a managed identity, of which the platform signs in.
pub(super) fn row(code: u64, proof: Option<ProofKind>) -> Option<&'static Row> {
    ROWS.iter()
        .find(|row| row.code == code && row.proof.is_none_or(|needed| Some(needed) == proof))
}

/// Waiting does not help.
const fn wrong(code: u64, action: &'static str) -> Row {
    Row {
        code,
        reason: Reason::IdentityMisconfigured,
        retry: Retry::Never,
        hint: Hint::act(action),
        proof: None,
    }
}

/// What was set up a moment ago arrives within seconds to minutes.
const fn not_yet(code: u64) -> Row {
    Row {
        code,
        reason: Reason::IdentityNotPropagated,
        retry: Retry::Backoff,
        hint: Hint::act(
            "compare issuer, subject and audience with the federated credentials of the identity (`az identity federated-credential list`); a new one takes seconds to arrive",
        ),
        proof: None,
    }
}

/// Entra is in trouble.
const fn away(code: u64, hint: Hint) -> Row {
    Row {
        code,
        reason: Reason::IdentityUnavailable,
        retry: Retry::Backoff,
        hint,
        proof: None,
    }
}

impl Row {
    const fn of(mut self, proof: ProofKind) -> Self {
        self.proof = Some(proof);
        self
    }

    const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }
}

pub(super) static ROWS: [Row; 28] = [
    wrong(
        50_013,
        "Entra takes the token or certificate for invalid, and its words say why: check that the file holds the current one, whole, and of this tenant and cloud, and the clock of this machine",
    ),
    away(
        50_196,
        Hint::act("Entra stopped a loop of equal requests: check that no container with this identity starts again and again, and wait some minutes"),
    ),
    wrong(
        53_003,
        "a Conditional Access policy blocks this identity: ask who manages the policies to look at its service principal sign-ins, and to allow this network or exempt it",
    ),
    not_yet(70_021),
    wrong(
        70_023,
        "the token file holds a token that lives longer than 24 h or has no issue time: name the projected token with audience api://AzureADTokenExchange, not the API server's own",
    ),
    away(90_006, Hint::wait()),
    wrong(
        90_014,
        "a field of the request was empty: check that client ID, tenant ID and the file or variable with the proof are not blank",
    ),
    wrong(90_002, NO_TENANT),
    away(90_033, Hint::wait()),
    wrong(
        500_011,
        "the tenant does not know Key Vault of this cloud: check that tenant and authority belong to the cloud of the vault's URL",
    ),
    wrong(
        500_133,
        "the token, or what was signed with the certificate, is not valid now for Entra: compare the clock of this machine, and of what issues the token, with the real time (`date -u`)",
    )
    .retry(Retry::FreshAssertion),
    wrong(
        530_035,
        "the tenant's security defaults block this sign-in: ask who manages the tenant to look at its service principal sign-ins",
    ),
    wrong(
        700_016,
        "the tenant has no application or identity with this client ID: check both IDs, and that it is the client ID and not the object ID; with workload identity check the annotation azure.workload.identity/client-id of the service account",
    ),
    wrong(
        700_023,
        "what was signed is for another tenant or authority than the one that was asked: check that the tenant ID, and AZURE_AUTHORITY_HOST or identity.authorityHost, are of one cloud",
    ),
    wrong(
        700_024,
        "the federated token has expired and was not replaced: check kubelet and the clock of the node",
    )
    .of(ProofKind::FederatedToken)
    .retry(Retry::FreshAssertion),
    wrong(700_024, "check the clock of this machine: what it signed is out of date for Entra")
        .retry(Retry::FreshAssertion),
    wrong(
        700_027,
        "the certificate is not registered at the application: upload its public part in Entra",
    )
    .of(ProofKind::Certificate),
    wrong(
        700_027,
        "Entra cannot check the signature of the token: check that the issuer publishes its current keys (`jwks_uri`) where Entra can read them",
    )
    .of(ProofKind::FederatedToken),
    wrong(
        700_211,
        "no federated credential of the identity has this issuer: it must be the OIDC issuer URL of the cluster, to the last slash",
    ),
    wrong(
        700_212,
        "no federated credential of the identity has this audience: it must be api://AzureADTokenExchange",
    ),
    not_yet(700_213),
    wrong(
        700_222,
        "the token file holds a token of Entra, which Entra does not take as a federated token: name the projected token of the service account, or use `type: managedIdentity`",
    ),
    wrong(
        900_023,
        NO_TENANT,
    ),
    wrong(
        900_382,
        "tenant and authority are of different clouds: set AZURE_AUTHORITY_HOST or identity.authorityHost to the authority of the tenant's cloud",
    ),
    wrong(
        7_000_112,
        "the application is disabled in this tenant: enable it in Entra under Enterprise applications (Enabled for users to sign-in)",
    ),
    wrong(
        7_000_215,
        "the client secret is wrong: give the secret's value, not its ID, and check that it belongs to this client ID",
    )
    .of(ProofKind::Secret),
    wrong(
        7_000_222,
        "the client secret has expired: make a new one, or move to workload or managed identity",
    )
    .of(ProofKind::Secret),
    wrong(
        7_000_229,
        "the application has no service principal in this tenant: check the tenant ID; if it is right, make one with `az ad sp create --id CLIENT_ID`",
    ),
];

const NO_TENANT: &str =
    "the tenant was not found: check the tenant ID, and the authority for a sovereign cloud";
