//! What each status and each word means.

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
    let body = r#"{"error":"bad_request_102","error_description":"Required metadata header not specified"}"#;
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
fn identity_not_found_is_told_at_once_where_nobody_named_an_identity_and_tried_again_where_somebody_did() {
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
