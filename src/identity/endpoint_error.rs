//! What the refusals of IMDS, App Service and Container Apps mean: told apart by status, for their bodies are JSON, XML or
//! nothing, and `error` says `invalid_request` of nearly everything.

use std::time::Duration;

use serde_json::Value;

use super::managed::{ManagedIdentity, Platform};
use super::refusal::{Refusal, Retry};
use super::service_text::one_line;
use crate::domain::failure::Reason;

/// Reads a refusal.
pub(super) fn classify(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    identity: &ManagedIdentity,
) -> Refusal {
    let (error, description) = parse(body);
    let mut detail = format!(
        "{} refused a token for the {} with status {status}",
        identity.platform.endpoint_name(),
        identity.describe()
    );
    if let Some(description) = description {
        detail.push_str(": ");
        detail.push_str(&description);
    }
    let (reason, retry) = judge(status, error.as_deref());
    Refusal::new(reason, retry, detail, hint(reason, identity)).after(retry_after)
}

/// Only `invalid_request` and bodies without `error` are the answer to an identity that is not assigned (yet).
fn judge(status: u16, error: Option<&str>) -> (Reason, Retry) {
    match (status, error) {
        (400, None | Some("invalid_request")) => (Reason::IdentityNotPropagated, Retry::InstanceMetadata),
        (410, _) => (Reason::IdentityUnavailable, Retry::InstanceMetadataGone),
        (404 | 408 | 429 | 500.., _) => (Reason::IdentityUnavailable, Retry::InstanceMetadata),
        _ => (Reason::IdentityMisconfigured, Retry::Never),
    }
}

const fn hint(reason: Reason, identity: &ManagedIdentity) -> &'static str {
    match (reason, identity.platform) {
        (Reason::IdentityUnavailable, _) => "no action: it is tried again",
        // The most frequent cause in AKS: without the label the webhook sets nothing, and the node's endpoint answers.
        (Reason::IdentityNotPropagated, Platform::Imds) if identity.by_default => {
            "assign the identity to this machine, and name it with AZURE_CLIENT_ID when there are several; for workload identity in Kubernetes label the pod azure.workload.identity/use: \"true\""
        }
        (Reason::IdentityNotPropagated, _) => {
            "assign the identity to this resource, and name it with AZURE_CLIENT_ID when there are several; a new assignment takes seconds to arrive"
        }
        (_, Platform::Imds) => {
            "check that no network policy, proxy or agent on the node answers in place of 169.254.169.254"
        }
        (_, Platform::AppService) => {
            "check IDENTITY_ENDPOINT and IDENTITY_HEADER: the platform sets both, anew at each start"
        }
    }
}

/// `error` and its description, where the body is JSON: `error_description` of IMDS, `message` of App Service.
fn parse(body: &[u8]) -> (Option<String>, Option<String>) {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| json[name].as_str().map(one_line);
    (
        text("error"),
        text("error_description").or_else(|| text("message")),
    )
}

/// No connection to the endpoint. `known` says whether it has ever answered.
pub(super) fn unreachable(identity: &ManagedIdentity, cause: &str, connected: bool, known: bool) -> Refusal {
    let endpoint = identity.platform.endpoint_name();
    if connected || known || identity.platform == Platform::AppService {
        return Refusal::unavailable(
            format!("{endpoint} cannot be reached: {cause}"),
            "no action: it is tried again",
        );
    }
    let guess = if identity.by_default {
        "; nothing in the environment names another credential"
    } else {
        ""
    };
    Refusal::misconfigured(
        format!("{endpoint} cannot be reached, so this is not an Azure machine: {cause}{guess}"),
        "for workload identity label the pod azure.workload.identity/use: \"true\"; for managed identity run on Azure and let no network policy block 169.254.169.254; elsewhere set identity.type",
    )
}

#[cfg(test)]
mod tests {
    use super::super::managed::ManagedId;
    use super::*;

    fn identity(platform: Platform) -> ManagedIdentity {
        ManagedIdentity {
            id: ManagedId::Client("the-client".to_owned()),
            platform,
            by_default: true,
        }
    }

    fn verdict(status: u16, body: &str) -> (Reason, Retry) {
        let refusal = classify(status, None, body.as_bytes(), &identity(Platform::Imds));
        assert!(refusal.failure.detail.contains("the-client"));
        (refusal.failure.reason, refusal.retry)
    }

    #[test]
    fn the_status_decides_whatever_the_body_is() {
        let json = r#"{"error":"invalid_request","error_description":"x"}"#;
        for body in ["", "<?xml version=\"1.0\"?><a/>", json, "{", "[]"] {
            let transient = (Reason::IdentityUnavailable, Retry::InstanceMetadata);
            for status in [404, 429, 500, 503] {
                assert_eq!(verdict(status, body), transient, "{status} {body}");
            }
            assert_eq!(verdict(410, body).1, Retry::InstanceMetadataGone);
            assert_eq!(verdict(400, body).0, Reason::IdentityNotPropagated);
            assert_eq!(verdict(403, body).0, Reason::IdentityMisconfigured);
        }
    }

    #[test]
    fn a_request_that_imds_finds_malformed_is_not_an_unassigned_identity() {
        let body =
            r#"{"error":"bad_request_102","error_description":"Required metadata header not specified"}"#;
        assert_eq!(verdict(400, body), (Reason::IdentityMisconfigured, Retry::Never));
    }

    #[test]
    fn a_403_of_imds_names_its_address_and_not_the_variables_of_app_service() {
        let hint = |platform| classify(403, None, b"", &identity(platform)).failure.hint;
        let imds = hint(Platform::Imds);
        assert!(
            imds.contains("169.254.169.254") && !imds.contains("IDENTITY_"),
            "{imds}"
        );
        assert!(hint(Platform::AppService).contains("IDENTITY_HEADER"));
    }

    #[test]
    fn app_service_says_message() {
        let body = br#"{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found"}"#;
        let failure = classify(400, None, body, &identity(Platform::AppService)).failure;
        assert_eq!(failure.reason, Reason::IdentityNotPropagated);
        assert!(failure.detail.contains("No User Assigned"));
    }

    #[test]
    fn an_endpoint_that_never_answered_means_not_on_azure() {
        let first = unreachable(&identity(Platform::Imds), "connect timeout", false, false);
        assert_eq!(first.retry, Retry::Never);
        assert!(first.failure.detail.contains("not an Azure machine"), "{first:?}");
        assert!(first.failure.hint.contains("azure.workload.identity/use"));
        let later = unreachable(&identity(Platform::Imds), "connect timeout", false, true);
        assert_eq!(later.failure.reason, Reason::IdentityUnavailable);
        assert_eq!(later.retry, Retry::Backoff);
    }
}
