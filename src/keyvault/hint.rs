//! The next action for each way in which Key Vault refuses: one place, so that the words agree.

use crate::domain::hint::Hint;
use crate::domain::object::ObjectKind;

use super::realm::Service;
use super::target::{Subject, Target};

pub(super) const NO_CONNECTION: &str = "check the network policy, firewall and proxy between this host and the vault; files on the volume stay as they are";
pub(super) const DNS: &str = "check the vault's URL in the manifest and that the vault was not deleted; a vault with a private endpoint needs its private DNS zone linked to this network";
pub(super) const TLS: &str =
    "check that the URL is a Key Vault and that no proxy or firewall interrupts TLS on the way";
pub(super) const PROXY: &str = "check the proxy and its credentials, or name the vault's host in NO_PROXY";
pub(super) const TIMED_OUT: &str = "check the network policy and firewall on the way to the vault, and the service health of Key Vault; files on the volume stay as they are";
pub(super) const CUT_SHORT: Hint =
    Hint::if_it_lasts("look for a proxy or firewall on the way that limits or inspects answers");
pub(super) const UNAVAILABLE: Hint =
    Hint::if_it_lasts("see the service health of Key Vault in the vault's region");
pub(super) const THROTTLED: &str = "raise refresh.interval or the interval of entries, read fewer objects, or split them over more vaults; the limits are per vault and per subscription";
pub(super) const CONFLICT: &str = "wait until the deletion, recovery or purge of the object has ended";
pub(super) const NOT_KEY_VAULT: &str =
    "check that the vault's URL is a Key Vault and that no proxy answers in its place";
pub(super) const FORBIDDEN_ON_THE_WAY: &str = "the answer is not Key Vault's own: a proxy, gateway or network policy on the way refuses; check the vault's URL and the way to it";
pub(super) const UNAUTHORIZED_ON_THE_WAY: &str = "the answer is not Key Vault's own: a proxy or gateway on the way wants a sign-in; check the vault's URL and the way to it";
pub(super) const BAD_REQUEST: &str = "check the object's name and version in the manifest against the vault; a vault of an older API version may refuse the request";
pub(super) const NO_TOKEN: Hint = Hint::if_it_lasts("run with --log-level debug to see how signing in fails");
pub(super) const CHALLENGE: &str =
    "check the vault's URL; no token was sent, because the answer asks for one of another service";
pub(super) const TRANSIENT_401: Hint =
    Hint::if_it_lasts("see the service health of Key Vault: the vault could not check a valid token");
pub(super) const CLAIMS: &str = "a Conditional Access policy or a revoked session asks for a new sign-in; check the policies that apply to this workload identity";
pub(super) const AUDIENCE: &str = "the token is for another service or cloud: check that identity.authorityHost belongs to the cloud of the vault's URL";
pub(super) const TENANT: &str = "the identity signs in to another tenant than the vault's: set identity.tenantId to the vault's tenant, or use an identity of that tenant";
pub(super) const CLOCK: &str = "compare the clock of this machine with the real time (`date -u`): for the vault the token has expired or is not valid yet";
pub(super) const UNAUTHORIZED: &str =
    "the vault does not accept the token: check the tenant and cloud of the identity";
pub(super) const HSM_HAS_KEYS_ONLY: &str =
    "a Managed HSM holds keys only: read secrets and certificates from a vault";
pub(super) const NO_PUBLIC_PART: &str =
    "a symmetric key never leaves the Managed HSM: remove it from the manifest, or ask for an RSA or EC key";
pub(super) const UNKNOWN_KEY: &str = "ask for an RSA key, or an EC key on P-256, P-384, P-521 or P-256K";
pub(super) const NO_SUCH_VAULT: &str = "name the vault under `vaults` in the manifest";
pub(super) const TOO_LONG_A_LIST: &str = "name the objects or the version in the manifest instead of `select`, `history` or a version policy, or make the list shorter";

/// The role that lets an identity read the target.
pub(super) fn role(target: &Target<'_>) -> &'static str {
    match (target.realm.service, target.wire_kind()) {
        (Service::ManagedHsm, _) => "Managed HSM Crypto User",
        (Service::Vault, ObjectKind::Key) => "Key Vault Crypto User",
        (Service::Vault, ObjectKind::Secret | ObjectKind::Certificate) => "Key Vault Secrets User",
    }
}

/// A role assignment is missing or has not arrived.
pub(super) fn rbac(target: &Target<'_>) -> String {
    let role = role(target);
    let by_secret = if target.subject.kind() == ObjectKind::Certificate {
        " (a certificate is read through its secret)"
    } else {
        ""
    };
    let (scope, why) = match target.subject {
        Subject::Object(_) => ("the vault or the object", String::new()),
        Subject::Versions(_) => ("the vault or the object", need_of_versions(target)),
        Subject::Secrets(_) => (
            "the vault itself",
            format!(
                "; `select` needs its {LIST_SECRETS}, which an assignment on single secrets does not give"
            ),
        ),
    };
    format!(
        "assign the role {role} to the identity, on {scope}{by_secret}{why}; a new assignment takes some minutes to arrive"
    )
}

/// The action that lists of secrets and of their versions need; roles made for GET alone lack it. Key Vault Secrets
/// User and Key Vault Reader have it:
/// <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security>.
const LIST_SECRETS: &str = "secrets/readMetadata/action";

fn need_of_versions(target: &Target<'_>) -> String {
    let action = match target.wire_kind() {
        ObjectKind::Key => "keys/read",
        ObjectKind::Secret | ObjectKind::Certificate => LIST_SECRETS,
    };
    format!("; `history` and version policies need its {action}")
}

/// An access policy is missing or asks for more.
pub(super) fn access_policy(target: &Target<'_>) -> String {
    let collection = target.wire_kind().collection();
    let (permission, why) = match target.subject {
        Subject::Object(_) => ("get", ""),
        Subject::Versions(_) => ("list", "; `history` and version policies need it"),
        Subject::Secrets(_) => ("list", "; `select` needs it"),
    };
    format!(
        "the vault uses access policies: add one for the identity with the permission {collection}: {permission}, and no authorized application{why}"
    )
}

/// The vault's firewall does not know the client's address.
pub(super) fn firewall(address: Option<&str>) -> String {
    let address = address.unwrap_or("this network's outgoing address");
    format!(
        "allow {address} in the vault's firewall, or reach the vault by a service endpoint or private endpoint; the identity's roles are not the cause"
    )
}

/// The vault takes private connections only.
pub(super) fn private_endpoint(target: &Target<'_>) -> String {
    format!(
        "the vault accepts private endpoints only: its name must resolve to a private address here, so link the private DNS zone {} to this network; the identity's roles are not the cause",
        target.realm.private_zone
    )
}

/// The current or the pinned version is disabled.
pub(super) fn disabled(target: &Target<'_>) -> &'static str {
    if target.is_pinned() {
        "enable the version, or name another one in the manifest"
    } else {
        "enable the current version or create a new one; `version: latestEnabled` takes the newest enabled one instead"
    }
}

/// There is no such object, or no such version.
pub(super) fn not_found(target: &Target<'_>) -> String {
    let kind = target.subject.kind();
    if target.is_pinned() {
        format!(
            "name a version that exists or drop `version` to follow the latest; a deleted {kind} can be recovered"
        )
    } else {
        format!(
            "check the {kind}'s name and vault in the manifest; if it was deleted, recover it, or purge it and create it again"
        )
    }
}
