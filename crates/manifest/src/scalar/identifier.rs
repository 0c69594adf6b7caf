//! Identifiers of Microsoft Entra and Azure Resource Manager.

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::identifier::{is_guid, is_tenant};

/// ID of an application or of a principal: a GUID.
#[derive(Debug, Clone)]
pub(crate) struct ClientId(pub(crate) String);

impl Scalar for ClientId {
    fn parse(text: &str) -> Result<Self, Problem> {
        if is_guid(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Problem::new(Code::InvalidIdentifier, "this ID must be a GUID")
            .hint("such as `00000000-0000-0000-0000-000000000000`"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "title": "GUID",
            "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
        })
    }
}

/// A tenant: its GUID, or one of its domain names. It becomes a part of the authority's URL.
#[derive(Debug, Clone)]
pub(crate) struct TenantId(pub(crate) String);

impl Scalar for TenantId {
    fn parse(text: &str) -> Result<Self, Problem> {
        if is_tenant(text) {
            return Ok(Self(text.to_owned()));
        }
        let problem = Problem::new(
            Code::InvalidIdentifier,
            "a tenant ID must be a GUID or a domain name",
        );
        Err(problem.hint("write the tenant alone, such as `contoso.onmicrosoft.com`"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "GUID or domain name", "maxLength": 253, "pattern": r"^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$" })
    }
}

/// Resource ID of a user-assigned managed identity.
#[derive(Debug, Clone)]
pub(crate) struct ResourceId(pub(crate) String);

impl ResourceId {
    /// Fixed parts and, as `None`, chosen ones; Azure Resource Manager ignores case in the fixed ones.
    const SHAPE: [Option<&str>; 9] = [
        Some(""),
        Some("subscriptions"),
        None,
        Some("resourcegroups"),
        None,
        Some("providers"),
        Some("Microsoft.ManagedIdentity"),
        Some("userAssignedIdentities"),
        None,
    ];
}

impl Scalar for ResourceId {
    fn parse(text: &str) -> Result<Self, Problem> {
        let parts: Vec<&str> = text.split('/').take(Self::SHAPE.len() + 1).collect();
        let mut pairs = parts.iter().zip(Self::SHAPE);
        let fit = pairs.all(|(part, fixed)| match fixed {
            Some(fixed) => part.eq_ignore_ascii_case(fixed),
            None => !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control()),
        });
        if parts.len() == Self::SHAPE.len() && fit {
            return Ok(Self(text.to_owned()));
        }
        let error = "this must be the resource ID of a user-assigned managed identity";
        Err(Problem::new(Code::InvalidIdentifier, error).hint(
            "such as `/subscriptions/ID/resourcegroups/GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME`",
        ))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "Azure resource ID", "pattern": "^(/[^/]+){8}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_of_another_sort_is_refused() {
        assert!(ClientId::parse("00000000-0000-0000-0000-00000000000a").is_ok());
        for bad in [
            "",
            "app",
            "00000000000000000000000000000000",
            "00000000-0000-0000-0000-00000000000g",
        ] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(TenantId::parse("contoso.onmicrosoft.com").is_ok());
        for bad in ["", "a/b", "a..b", "a?b", ".", "a b"] {
            assert!(TenantId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_resource_id_names_a_user_assigned_identity() {
        let id = |kind: &str| {
            format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/{kind}/app")
        };
        assert!(ResourceId::parse(&id("userAssignedIdentities")).is_ok());
        assert!(ResourceId::parse(&id("userassignedidentities")).is_ok());
        assert!(ResourceId::parse(&id("systemAssignedIdentities")).is_err());
        assert!(ResourceId::parse(&format!("{}/more", id("userAssignedIdentities"))).is_err());
        assert!(ResourceId::parse("app").is_err());
    }
}
