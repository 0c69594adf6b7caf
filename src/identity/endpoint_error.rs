//! What the refusals of IMDS, App Service and Container Apps mean. Their bodies are JSON, XML or nothing, and `error` says
//! `invalid_request` of nearly everything: the status tells what passes, and the words tell what does not.

use std::time::Duration;

use serde_json::Value;

use super::entra_codes;
use super::entra_error::code_in;
use super::managed::{ManagedId, ManagedIdentity, Platform};
use super::refusal::{Refusal, Retry};
use super::service_text::one_line;
use crate::domain::failure::Reason;
use crate::domain::hint::Hint;

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
        identity.describe_setting()
    );
    if let Some(description) = &description {
        detail.push_str(": ");
        detail.push_str(description);
    }
    let words = [&error, &description]
        .map(|text| text.as_deref().unwrap_or_default())
        .join(": ")
        .to_ascii_lowercase();
    let (reason, retry) = judge(status, &words);
    // What passes is told by the status. A refusal may say in words what to do.
    let is_refused = reason != Reason::IdentityUnavailable;
    let said = is_refused.then(|| said(&words, identity)).flatten();
    // A code of Entra says more than any status that it comes with.
    let code = code_in(description.as_deref().unwrap_or(&String::from_utf8_lossy(body)));
    let refusal = match (said, code.and_then(|code| entra_codes::row(code, None))) {
        (Some(hint), _) => Refusal::misconfigured(detail, hint),
        (None, Some(row)) => Refusal::new(row.reason, row.retry, detail, row.hint.clone()),
        // One that is not in the table has no more to do with a new assignment.
        (None, None) if is_refused && code.is_some() => Refusal::misconfigured(detail, WORDS_HINT),
        (None, None) => {
            let is_told = status == 400 && description.is_some();
            Refusal::new(reason, retry, detail, hint(reason, is_told, identity))
        }
    };
    refusal.after(retry_after)
}

/// What to do when the words of the refusal, in lower case, name a cause that lasts.
fn said(words: &str, identity: &ManagedIdentity) -> Option<String> {
    let is_guess = identity.by_default && identity.id == ManagedId::System;
    if words.contains("multiple user assigned identities exist") {
        return Some(SEVERAL_HINT.to_owned());
    }
    if words.contains("identity not found") && is_guess {
        return Some(GUESS_HINT.to_owned());
    }
    let lost = [
        "has been disabled",
        "is disabled",
        "was deleted",
        "has been deleted",
    ];
    if words.contains("identity") && lost.iter().any(|end| words.contains(end)) {
        return Some(format!(
            "the identity is disabled or deleted: enable it, or assign another one, and name that in {}",
            identity.id.setting()
        ));
    }
    // App Service starts anew when an identity is assigned to it: no assignment is under way.
    let unknown_to_app_service = [
        "managed identity found for specified",
        "no msi found for specified",
        "managedidentitynotfound",
    ];
    if unknown_to_app_service.iter().any(|start| words.contains(start)) {
        let assign =
            "assign the identity to the app (`az webapp identity assign`, `az containerapp identity assign`)";
        return Some(format!("{assign}, or {}", correction(&identity.id)));
    }
    None
}

/// What else may help than an assignment.
fn correction(id: &ManagedId) -> String {
    match id {
        ManagedId::System => format!("name a user-assigned one in {}", id.setting()),
        _ => format!("correct {}: a client ID is no object ID", id.setting()),
    }
}

const SEVERAL_HINT: &str = "this machine has several identities: name one by its client ID, in AZURE_CLIENT_ID or identity.clientId; for workload identity in Kubernetes label the pod azure.workload.identity/use: \"true\"";

/// The most frequent cause in AKS: without the label the webhook sets nothing, and the node's endpoint answers.
const GUESS_HINT: &str = "nothing names an identity, and this machine has none of its own: for workload identity in Kubernetes label the pod azure.workload.identity/use: \"true\"; else assign an identity to the machine, and name it in AZURE_CLIENT_ID or identity.clientId";

/// What to do about words that nobody here knows.
const WORDS_HINT: &str = "do what its words say: they are the endpoint's own, and waiting does not help";

/// Whether the words, in lower case, say that an identity is not assigned (yet).
fn say_not_assigned(words: &str) -> bool {
    let missing = [
        "not found",
        "could not be found",
        "does not exist",
        "not assigned",
        "unable to load",
    ];
    words.contains("identity") && missing.iter().any(|end| words.contains(end))
}

/// `words` are in lower case. Only those that say so mean an identity that is not assigned (yet); others last.
fn judge(status: u16, words: &str) -> (Reason, Retry) {
    match status {
        400 if say_not_assigned(words) => (Reason::IdentityNotPropagated, Retry::InstanceMetadata),
        410 => (Reason::IdentityUnavailable, Retry::InstanceMetadataGone),
        404 | 408 | 429 | 500.. => (Reason::IdentityUnavailable, Retry::InstanceMetadata),
        _ => (Reason::IdentityMisconfigured, Retry::Never),
    }
}

fn hint(reason: Reason, is_told: bool, identity: &ManagedIdentity) -> Hint {
    match (reason, identity.platform) {
        (Reason::IdentityUnavailable, _) => Hint::wait(),
        (Reason::IdentityMisconfigured, _) if is_told => Hint::act(WORDS_HINT),
        (Reason::IdentityNotPropagated, _) => format!(
            "assign the identity to this resource, or {}; a new assignment takes seconds to arrive",
            correction(&identity.id)
        )
        .into(),
        (_, Platform::Imds) => Hint::act(
            "check that no network policy, proxy or agent on the node answers in place of 169.254.169.254",
        ),
        (_, Platform::AppService) => Hint::act(
            "check IDENTITY_ENDPOINT and IDENTITY_HEADER: the platform sets both, anew at each start",
        ),
    }
}

/// `error` and its description, where the body is JSON: `error_description` of IMDS, `message` or `Message` of App Service,
/// which may also put `code` and `message` into `error`. A body of plain words describes itself.
fn parse(body: &[u8]) -> (Option<String>, Option<String>) {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(one_line);
    let descriptions = ["/error_description", "/message", "/Message", "/error/message"];
    let error = text("/error").or_else(|| text("/error/code"));
    let plain = String::from_utf8_lossy(body.trim_ascii());
    let words = (!plain.is_empty() && !plain.starts_with(['<', '{', '[', '"'])).then(|| one_line(&plain));
    (error, descriptions.into_iter().find_map(text).or(words))
}

/// No connection to the endpoint. `known` says whether it has ever answered.
pub(super) fn unreachable(identity: &ManagedIdentity, cause: &str, connected: bool, known: bool) -> Refusal {
    let endpoint = identity.platform.endpoint_name();
    if connected || known || identity.platform == Platform::AppService {
        return Refusal::unavailable(
            format!("{endpoint} cannot be reached: {cause}"),
            unreachable_hint(identity.platform),
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

/// Proxies are never used here, so none is named.
pub(super) const fn unreachable_hint(platform: Platform) -> Hint {
    match platform {
        Platform::Imds => Hint::act("check that no network policy blocks 169.254.169.254").or_wait(),
        Platform::AppService => Hint::act("check IDENTITY_ENDPOINT, which the platform sets").or_wait(),
    }
}

/// No setting of Entra's has a part in it, and no proxy.
pub(super) const fn tls_hint(platform: Platform) -> &'static str {
    match platform {
        Platform::Imds => "check that nothing on the node answers in place of 169.254.169.254",
        Platform::AppService => {
            "check that IDENTITY_ENDPOINT is as the platform sets it, and that its port speaks the TLS that its https says"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::managed::ManagedId;
    use super::super::settings::Setting;
    use super::*;

    fn identity(platform: Platform) -> ManagedIdentity {
        ManagedIdentity {
            id: ManagedId::Client(Setting::new("the-client", "identity.clientId")),
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
            assert_eq!(verdict(400, body).0, Reason::IdentityMisconfigured);
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
    fn only_words_that_say_that_the_identity_was_not_found_are_waited_for_and_others_are_told_at_once() {
        for (body, words) in [
            (r#"{"message":"Unsupported resource"}"#, "Unsupported resource"),
            (
                r#"{"message":"subscription is disabled"}"#,
                "subscription is disabled",
            ),
            (
                r#"{"error":"invalid_request","error_description":"Required metadata header not specified"}"#,
                "Required metadata header not specified",
            ),
            (
                r#"{"message":"AADSTS7000215: Invalid\u202e client secret"}"#,
                "AADSTS7000215: Invalid",
            ),
            (r#"{"error":{"code":"x","message":"Some words"}}"#, "Some words"),
            ("AADSTS7000215: Invalid client secret", "AADSTS7000215: Invalid"),
        ] {
            for platform in [Platform::Imds, Platform::AppService] {
                let named = identity(platform);
                let hint = lasting(body, &named);
                assert!(hint.contains("do what its words say"), "{hint}");
                let detail = classify(400, None, body.as_bytes(), &named).failure.detail;
                assert!(detail.contains(words) && !detail.contains('\u{202e}'), "{detail}");
            }
        }
    }

    #[test]
    fn a_403_of_imds_names_its_address_and_not_the_variables_of_app_service() {
        let hint = |platform| {
            classify(403, None, b"", &identity(platform))
                .failure
                .hint
                .to_string()
        };
        let imds = hint(Platform::Imds);
        assert!(
            imds.contains("169.254.169.254") && !imds.contains("IDENTITY_"),
            "{imds}"
        );
        assert!(hint(Platform::AppService).contains("IDENTITY_HEADER"));
    }

    fn named(platform: Platform, id: ManagedId, by_default: bool) -> ManagedIdentity {
        ManagedIdentity {
            id,
            platform,
            by_default,
        }
    }

    fn lasting(body: &str, identity: &ManagedIdentity) -> String {
        let refusal = classify(400, None, body.as_bytes(), identity);
        assert_eq!(refusal.retry, Retry::Never, "{refusal:?}");
        assert_eq!(
            refusal.failure.reason,
            Reason::IdentityMisconfigured,
            "{refusal:?}"
        );
        refusal.failure.hint.to_string()
    }

    #[test]
    fn multiple_user_assigned_identities_exist_is_told_at_once_with_what_names_one() {
        let body = r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"}"#;
        for by_default in [true, false] {
            let hint = lasting(body, &named(Platform::Imds, ManagedId::System, by_default));
            assert!(hint.contains("AZURE_CLIENT_ID or identity.clientId"), "{hint}");
        }
    }

    #[test]
    fn identity_not_found_is_told_at_once_where_nobody_named_an_identity_and_tried_again_where_somebody_did()
    {
        let body = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
        let hint = lasting(body, &named(Platform::Imds, ManagedId::System, true));
        assert!(
            hint.contains("nothing names an identity") && hint.contains("label the pod"),
            "{hint}"
        );
        let client = ManagedId::Client(Setting::new("the-client", "AZURE_CLIENT_ID"));
        for id in [
            client,
            ManagedId::Object("the-object".to_owned()),
            ManagedId::System,
        ] {
            let setting = id.setting();
            let refusal = classify(400, None, body.as_bytes(), &named(Platform::Imds, id, false));
            assert_eq!(refusal.retry, Retry::InstanceMetadata);
            assert_eq!(refusal.failure.reason, Reason::IdentityNotPropagated);
            assert!(refusal.failure.hint.action().contains(setting), "{refusal:?}");
        }
    }

    #[test]
    fn no_user_assigned_or_delegated_managed_identity_found_is_told_at_once_with_the_setting_that_names_it() {
        for body in [
            r#"{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."}"#,
            r#"{"statusCode":400,"message":"No User Assigned Managed Identity found for specified ClientId/ResourceId/PrincipalId."}"#,
            r#"{"StatusCode":400,"Message":"No MSI found for specified ClientId/ResourceId.","CorrelationId":"x"}"#,
        ] {
            let client = ManagedId::Client(Setting::new("the-client", "AZURE_CLIENT_ID"));
            let hint = lasting(body, &named(Platform::AppService, client, true));
            assert!(hint.contains("correct AZURE_CLIENT_ID"), "{hint}");
            let resource = ManagedId::Resource("/subscriptions/s".to_owned());
            let hint = lasting(body, &named(Platform::AppService, resource, false));
            assert!(hint.contains("correct identity.resourceId"), "{hint}");
        }
    }

    #[test]
    fn words_in_a_nested_body_are_read_and_an_identity_that_is_gone_or_disabled_is_told_at_once() {
        let named = identity(Platform::AppService);
        for (body, told) in [
            (
                r#"{"error":{"code":"ManagedIdentityNotFound","message":"The identity is unknown."}}"#,
                "assign the identity to the app",
            ),
            (
                r#"{"error":{"code":"x","message":"No User Assigned or Delegated Managed Identity found for specified ClientId"}}"#,
                "assign the identity to the app",
            ),
            (
                r#"{"error":{"code":"x","message":"The managed identity has been disabled."}}"#,
                "disabled or deleted",
            ),
            (
                r#"{"message":"The managed identity was deleted."}"#,
                "disabled or deleted",
            ),
        ] {
            let hint = lasting(body, &named);
            assert!(
                hint.contains(told) && hint.contains("identity.clientId"),
                "{hint}"
            );
        }
        let body = br#"{"error":{"code":"x","message":"Some words"}}"#;
        let failure = classify(400, None, body, &named).failure;
        assert!(failure.detail.ends_with("status 400: Some words"), "{failure}");
    }

    #[test]
    fn nobody_is_told_to_correct_a_setting_that_is_not_set() {
        for body in [
            r#"{"message":"Unable to load requested managed identity."}"#,
            r#"{"message":"No MSI found for specified ClientId/ResourceId."}"#,
        ] {
            let system = named(Platform::AppService, ManagedId::System, true);
            let hint = classify(400, None, body.as_bytes(), &system)
                .failure
                .hint
                .to_string();
            assert!(
                hint.contains("or name a user-assigned one in AZURE_CLIENT_ID"),
                "{hint}"
            );
            assert!(!hint.contains("correct"), "{hint}");
        }
    }

    #[test]
    fn an_app_service_that_cannot_load_its_identity_yet_is_asked_again() {
        let body = br#"{"statusCode":400,"message":"Unable to load requested managed identity."}"#;
        let refusal = classify(400, None, body, &identity(Platform::AppService));
        assert_eq!(refusal.failure.reason, Reason::IdentityNotPropagated);
        assert!(refusal.failure.detail.contains("Unable to load"), "{refusal:?}");
    }

    #[test]
    fn a_code_of_entra_that_the_endpoint_passes_on_means_what_it_means_at_entra() {
        for error in ["invalid_request", "invalid_resource", "unauthorized_client"] {
            let body = format!(
                r#"{{"error":"{error}","error_description":"AADSTS500011: The resource principal named x was not found"}}"#
            );
            let hint = lasting(&body, &identity(Platform::Imds));
            assert!(
                hint.contains("the tenant does not know Key Vault of this cloud"),
                "{hint}"
            );
        }
        for body in [r#"{"message":"AADSTS53003: Blocked"}"#, "AADSTS53003: Blocked"] {
            let refusal = classify(500, None, body.as_bytes(), &identity(Platform::AppService));
            assert_eq!(refusal.failure.reason, Reason::IdentityMisconfigured, "{body}");
            assert!(
                refusal.failure.hint.action().contains("Conditional Access"),
                "{refusal:?}"
            );
        }
    }

    #[test]
    fn words_do_not_make_an_outage_a_lasting_refusal() {
        let body = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
        for status in [404, 429, 500] {
            let refusal = classify(
                status,
                None,
                body.as_bytes(),
                &named(Platform::Imds, ManagedId::System, true),
            );
            assert_eq!(refusal.failure.reason, Reason::IdentityUnavailable, "{status}");
        }
    }

    #[test]
    fn an_endpoint_that_never_answered_means_not_on_azure() {
        let first = unreachable(&identity(Platform::Imds), "connect timeout", false, false);
        assert_eq!(first.retry, Retry::Never);
        assert!(first.failure.detail.contains("not an Azure machine"), "{first:?}");
        assert!(
            first
                .failure
                .hint
                .action()
                .contains("azure.workload.identity/use")
        );
        let later = unreachable(&identity(Platform::Imds), "connect timeout", false, true);
        assert_eq!(later.failure.reason, Reason::IdentityUnavailable);
        assert_eq!(later.retry, Retry::Backoff);
    }
}
