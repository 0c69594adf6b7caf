//! Managed identity: App Service's endpoint (2019-08-01) and the instance metadata service. Numbers are strings.

use serde::Serialize;
use serde_json::json;

use crate::clock::Clock;
use crate::entra::Directory;
use crate::entra::access_token::Grant;
use crate::http::{Answer, Call};
use crate::ids;

/// The path of App Service's endpoint.
pub(crate) const APP_SERVICE_PATH: &str = "/msi/token";
/// The path of the instance metadata service.
const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
/// The resource id of the user-assigned identity.
pub const IDENTITY_RESOURCE_ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000004/resourcegroups/fake-rg/\
                                        providers/Microsoft.ManagedIdentity/userAssignedIdentities/fake";

/// The tokens that an identity endpoint gives out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Issue<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) clock: &'a Clock,
    pub(crate) lifetime: i64,
    /// Whether any identity is assigned.
    pub(crate) assigned: bool,
}

#[derive(Serialize)]
struct AppServiceToken {
    access_token: String,
    client_id: &'static str,
    expires_on: String,
    resource: String,
    token_type: &'static str,
}

#[derive(Serialize)]
struct ImdsToken {
    access_token: String,
    client_id: &'static str,
    expires_in: String,
    expires_on: String,
    ext_expires_in: String,
    not_before: String,
    resource: String,
    token_type: &'static str,
}

/// Whether the request asks the instance metadata service for a token.
pub(crate) fn is_imds_token(call: &Call) -> bool {
    call.path == IMDS_PATH
}

/// Answers as App Service, Functions and Container Apps do.
pub(crate) fn answer_as_app_service(issue: Issue<'_>, identity_header: &str, call: &Call) -> Answer {
    if call.path != APP_SERVICE_PATH {
        return Answer::empty(404);
    }
    if call.header("x-identity-header") != Some(identity_header) {
        return app_service_error(401, "The identity header is missing or wrong.");
    }
    let Some(resource) = call.parameter("resource") else {
        return app_service_error(400, "The resource is missing.");
    };
    if !issue.assigned || !names_the_identity(call, &["client_id", "principal_id", "object_id", "mi_res_id"])
    {
        let message =
            "No User Assigned Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
        return app_service_error(400, message);
    }
    let token = AppServiceToken {
        access_token: token(issue, &resource),
        client_id: ids::CLIENT_ID,
        expires_on: (issue.clock.now() + issue.lifetime).to_string(),
        resource,
        token_type: "Bearer",
    };
    Answer::json(200, &token)
}

/// Answers as the instance metadata service of a virtual machine does.
pub(crate) fn answer_as_imds(issue: Issue<'_>, call: &Call) -> Answer {
    imds_token(issue, call).with_header("Server", "IMDS/150.870.65.1103")
}

fn imds_token(issue: Issue<'_>, call: &Call) -> Answer {
    if !is_imds_token(call) {
        return Answer::empty(404);
    }
    let has_header = call
        .header("metadata")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if !has_header {
        return oauth_error(400, "bad_request_102", "Required metadata header not specified");
    }
    let Some(resource) = call.parameter("resource") else {
        return oauth_error(
            400,
            "invalid_request",
            "Required parameter resource not specified",
        );
    };
    if !issue.assigned || !names_the_identity(call, &["client_id", "object_id", "msi_res_id", "mi_res_id"]) {
        return oauth_error(400, "invalid_request", "Identity not found");
    }
    let now = issue.clock.now();
    let token = ImdsToken {
        access_token: token(issue, &resource),
        client_id: ids::CLIENT_ID,
        expires_in: issue.lifetime.to_string(),
        expires_on: (now + issue.lifetime).to_string(),
        ext_expires_in: issue.lifetime.to_string(),
        not_before: now.to_string(),
        resource,
        token_type: "Bearer",
    };
    Answer::json(200, &token)
}

/// The answer of a throttled identity endpoint.
pub(crate) fn throttled(retry_after: Option<u64>) -> Answer {
    let answer = oauth_error(429, "invalid_request", "Temporarily throttled, too many requests");
    match retry_after {
        Some(seconds) => answer.with_header("Retry-After", seconds.to_string()),
        None => answer,
    }
}

/// Whether each id that the request gives is the identity's; no id means the system-assigned one.
fn names_the_identity(call: &Call, parameters: &[&str]) -> bool {
    let known = [ids::CLIENT_ID, ids::OBJECT_ID, IDENTITY_RESOURCE_ID];
    let mut given = parameters.iter().filter_map(|name| call.parameter(name));
    given.all(|id| known.iter().any(|known| known.eq_ignore_ascii_case(&id)))
}

fn token(issue: Issue<'_>, resource: &str) -> String {
    issue.directory.tokens.issue(Grant {
        tenant: ids::TENANT_ID,
        client_id: ids::CLIENT_ID,
        object_id: ids::OBJECT_ID,
        audience: resource,
        issued: issue.clock.now(),
        lifetime: issue.lifetime,
    })
}

fn app_service_error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"statusCode": status, "message": message}))
}

fn oauth_error(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({"error": error, "error_description": description}))
}
