//! Managed identity: which identity, and which platform's endpoint gives its tokens.
//!
//! The SDK's credential reads the same variables again; this reading exists to refuse what it does not support with an
//! error that says so, and to correct on the wire what version 1.0 of it gets wrong ([`ManagedIdentity::amend`]).

use std::net::IpAddr;

use azure_core::http::{Request, Url};
use azure_identity::UserAssignedId;
use serde_json::Value;
use time::OffsetDateTime;
use url::Host;

use super::settings::{Setting, Settings};
use crate::domain::desired::IdentitySpec;
use crate::ports::Environment;

/// A managed identity on a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManagedIdentity {
    pub(super) id: ManagedId,
    pub(super) platform: Platform,
    /// Whether nothing else was offered, so that this is a guess.
    pub(super) by_default: bool,
}

/// Which identity of the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManagedId {
    System,
    Client(Setting),
    Object(String),
    Resource(String),
}

/// Whose endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    /// Virtual machines, scale sets, AKS nodes, Container Instances.
    Imds,
    /// App Service, Functions and Container Apps.
    AppService,
}

impl ManagedId {
    /// The manifest's ID, else `AZURE_CLIENT_ID`, else Service Connector's, else the system-assigned identity.
    pub(super) fn choose<E: Environment + ?Sized>(
        spec: &IdentitySpec,
        settings: &mut Settings<'_, E>,
    ) -> Self {
        let IdentitySpec {
            client_id,
            object_id,
            resource_id,
            ..
        } = spec;
        if let Some(id) = resource_id {
            return Self::Resource(id.clone());
        }
        if let Some(id) = object_id {
            return Self::Object(id.clone());
        }
        let manifest = client_id
            .as_deref()
            .map(|id| Setting::new(id, "identity.clientId"));
        let client_id = manifest.or_else(|| settings.first(&["AZURE_CLIENT_ID", "AZURE_KEYVAULT_CLIENTID"]));
        let Some(client_id) = client_id else {
            return Self::System;
        };
        settings.check_client_id(&client_id);
        Self::Client(client_id)
    }

    /// The setting that names the identity, or would.
    pub(super) const fn setting(&self) -> &'static str {
        match self {
            Self::System => "AZURE_CLIENT_ID or identity.clientId",
            Self::Client(id) => id.name,
            Self::Object(_) => "identity.objectId",
            Self::Resource(_) => "identity.resourceId",
        }
    }
}

impl Platform {
    /// Reads the platform's variables; an unsupported platform is noted as a problem.
    pub(super) fn of<E: Environment + ?Sized>(settings: &mut Settings<'_, E>) -> Self {
        if let Some(Setting { value: endpoint, .. }) = settings.first(&["IDENTITY_ENDPOINT"]) {
            if settings.first(&["IDENTITY_HEADER"]).is_some() {
                if settings.has("IDENTITY_SERVER_THUMBPRINT") {
                    unsupported("Service Fabric", settings);
                } else if !endpoint.is_empty() && !is_local(&endpoint) {
                    settings.wrong(
                        "IDENTITY_ENDPOINT is not the URL of an address on this node".to_owned(),
                        ENDPOINT_HINT,
                    );
                }
                return Self::AppService;
            }
            if settings.has("IMDS_ENDPOINT") {
                unsupported("Azure Arc", settings);
            } else {
                settings.wrong(
                    "IDENTITY_ENDPOINT is set and IDENTITY_HEADER is not".to_owned(),
                    ENDPOINT_HINT,
                );
            }
        } else if settings.has("MSI_ENDPOINT") {
            let name = if settings.has("MSI_SECRET") {
                "Azure Machine Learning"
            } else {
                "Cloud Shell"
            };
            unsupported(name, settings);
        }
        Self::Imds
    }

    pub(super) const fn endpoint_name(self) -> &'static str {
        match self {
            Self::Imds => "the instance metadata service (IMDS, 169.254.169.254)",
            Self::AppService => "the identity endpoint of App Service or Container Apps (IDENTITY_ENDPOINT)",
        }
    }
}

const ENDPOINT_HINT: &str =
    "App Service and Container Apps set IDENTITY_ENDPOINT and IDENTITY_HEADER; elsewhere unset both";

fn unsupported<E: Environment + ?Sized>(platform: &str, settings: &mut Settings<'_, E>) {
    settings.wrong(
        format!("managed identity of {platform} is not supported"),
        "run where IMDS, App Service or Container Apps offers a managed identity, or name another identity.type",
    );
}

/// Whether plain http may carry the identity header there: loopback, link-local or a private address.
fn is_local(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else {
        return false;
    };
    let is_local_address = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local() || ip.is_private(),
        Some(Host::Ipv6(ip)) => {
            IpAddr::V6(ip).is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local()
        }
        None => false,
    };
    matches!(url.scheme(), "http" | "https") && is_local_address
}

impl ManagedIdentity {
    /// Who signs in, for logs and failures.
    pub(super) fn describe(&self) -> String {
        match &self.id {
            ManagedId::System => "system-assigned managed identity".to_owned(),
            ManagedId::Client(id) => format!("managed identity with client ID {}", id.value),
            ManagedId::Object(id) => format!("managed identity with object ID {id}"),
            ManagedId::Resource(id) => format!("managed identity {id}"),
        }
    }

    /// The same with the setting that names it, for those who must correct it.
    pub(super) fn describe_setting(&self) -> String {
        match &self.id {
            ManagedId::System => self.describe(),
            id => format!("{} ({})", self.describe(), id.setting()),
        }
    }

    /// The ID as the SDK wants it.
    pub(super) fn user_assigned_id(&self) -> Option<UserAssignedId> {
        match &self.id {
            ManagedId::System => None,
            ManagedId::Client(id) => Some(UserAssignedId::ClientId(id.value.clone())),
            ManagedId::Object(id) => Some(UserAssignedId::ObjectId(id.clone())),
            // The SDK refuses this pair because it would name the parameter wrongly; `amend` gives the right name.
            ManagedId::Resource(id) if self.platform == Platform::AppService => {
                Some(UserAssignedId::ObjectId(id.clone()))
            }
            ManagedId::Resource(id) => Some(UserAssignedId::ResourceId(id.clone())),
        }
    }

    /// Names a resource ID as App Service does: `mi_res_id`.
    /// Source: <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>.
    pub(super) fn amend(&self, request: &mut Request) {
        if self.platform != Platform::AppService || !matches!(self.id, ManagedId::Resource(_)) {
            return;
        }
        let pairs: Vec<(String, String)> = request.url().query_pairs().into_owned().collect();
        let mut query = request.url_mut().query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            let name = if name == "object_id" { "mi_res_id" } else { name };
            query.append_pair(name, value);
        }
    }
}

/// A token answer in the one form that the SDK accepts: `expires_on` as text, `resource` present. Platforms differ.
///
/// Gives `None` when the answer is no token.
pub(super) fn normalized(body: &[u8], now: OffsetDateTime) -> Option<Vec<u8>> {
    let mut answer: serde_json::Map<String, Value> = serde_json::from_slice(body).ok()?;
    let token = answer.get("access_token")?.as_str()?;
    if token.is_empty() {
        return None;
    }
    let number = |name: &str| match answer.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let expires_on = number("expires_on")
        .or_else(|| number("expires_in").and_then(|seconds| now.unix_timestamp().checked_add(seconds)))?;
    answer.insert("expires_on".to_owned(), Value::String(expires_on.to_string()));
    for name in ["resource", "token_type"] {
        if !answer.get(name).is_some_and(Value::is_string) {
            answer.insert(name.to_owned(), Value::String(String::new()));
        }
    }
    serde_json::to_vec(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_taken_for_the_expiry() {
        let now = OffsetDateTime::from_unix_timestamp(1_000).expect("a time");
        let expiry = |body: &str| {
            let body = normalized(body.as_bytes(), now)?;
            let answer: Value = serde_json::from_slice(&body).expect("JSON");
            Some(answer["expires_on"].as_str().expect("text").to_owned())
        };
        assert_eq!(
            expiry(r#"{"access_token":"t","expires_on":"2000","resource":"r"}"#).as_deref(),
            Some("2000")
        );
        assert_eq!(
            expiry(r#"{"access_token":"t","expires_on":2000}"#).as_deref(),
            Some("2000")
        );
        assert_eq!(
            expiry(r#"{"access_token":"t","expires_in":"60"}"#).as_deref(),
            Some("1060")
        );
        for no_token in [
            "",
            "[]",
            "<html>",
            r#"{"access_token":7,"expires_in":60}"#,
            r#"{"access_token":"","expires_in":60}"#,
            r#"{"access_token":"t"}"#,
            r#"{"expires_on":"2000"}"#,
        ] {
            assert_eq!(expiry(no_token), None, "{no_token}");
        }
    }

    #[test]
    fn the_identity_header_stays_on_the_node() {
        for local in [
            "http://localhost:42356/msi/token",
            "http://127.0.0.1:41000/msi/token",
            "http://169.254.130.3:8081/msi/token",
            "http://172.16.0.1:4141/msi/token",
            "http://[::1]:80/",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "http://example.com/",
            "http://203.0.113.7/",
            "localhost",
            "ftp://localhost/",
            "",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn a_resource_id_is_named_as_app_service_names_it() {
        let identity = ManagedIdentity {
            id: ManagedId::Resource("/subscriptions/x".to_owned()),
            platform: Platform::AppService,
            by_default: false,
        };
        let url = "http://localhost/msi/token?api-version=2019-08-01&object_id=%2Fsubscriptions%2Fx";
        let mut request = Request::new(Url::parse(url).expect("a URL"), azure_core::http::Method::Get);
        identity.amend(&mut request);
        assert_eq!(
            request.url().query(),
            Some("api-version=2019-08-01&mi_res_id=%2Fsubscriptions%2Fx")
        );
        assert!(matches!(
            identity.user_assigned_id(),
            Some(UserAssignedId::ObjectId(_))
        ));
    }
}
