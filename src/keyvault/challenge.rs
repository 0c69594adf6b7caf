//! The `WWW-Authenticate` header by which a vault says for which audience it wants a token.
//!
//! `Bearer authorization="https://login.microsoftonline.com/TENANT", resource="https://vault.azure.net"`, as
//! <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses#authentication> has it;
//! some services write `scope` in place of `resource`.

use url::Url;

/// A challenge worth remembering: it asks for a token and reports no error of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// The header as it came.
    pub(super) header: String,
    /// The audience: host of `resource` or `scope`, lower-case.
    audience: String,
}

impl Challenge {
    /// Reads a header. `None` when it names no audience that is a URL, or refuses a token (`error=`).
    pub(super) fn parse(header: &str) -> Option<Self> {
        if parameter(header, "error").is_some() {
            return None;
        }
        let audience = parameter(header, "resource").or_else(|| parameter(header, "scope"))?;
        let audience = Url::parse(audience).ok()?.host_str()?.to_owned();
        Some(Self {
            header: header.to_owned(),
            audience,
        })
    }

    /// Whether a token for the audience may go to `host`: a vault is asked for tokens of its parent domain only.
    pub(super) fn suits(&self, host: &str) -> bool {
        host.strip_suffix(&self.audience)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    /// The audience, for messages.
    pub(super) fn audience(&self) -> &str {
        &self.audience
    }
}

/// Whether the SDK's clients can answer this header: it names an audience.
pub(super) fn can_be_answered(header: Option<&str>) -> bool {
    header.is_some_and(|h| {
        parameter(h, "resource")
            .or_else(|| parameter(h, "scope"))
            .is_some()
    })
}

/// The Entra authority that the vault trusts; its last segment is the vault's tenant.
pub(super) fn authority(header: Option<&str>) -> Option<&str> {
    let header = header?;
    parameter(header, "authorization").or_else(|| parameter(header, "authorization_uri"))
}

/// Whether the header says that the token lacks claims (continuous access evaluation).
pub(super) fn lacks_claims(header: Option<&str>) -> bool {
    header.and_then(|header| parameter(header, "error")) == Some("insufficient_claims")
}

/// The value of `name="value"`, for a whole name.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let assignment = format!("{name}=\"");
    header.match_indices(&assignment).find_map(|(start, _)| {
        let before = header[..start].chars().next_back();
        let whole = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
        let value = &header[start + assignment.len()..];
        whole.then(|| value.split('"').next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: &str = r#"Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://vault.azure.net""#;

    #[test]
    fn the_audience_is_read_from_resource_or_scope() {
        let scope = r#"Bearer realm="x", scope="https://Vault.azure.cn/.default""#;
        assert_eq!(
            Challenge::parse(NORMAL).expect("challenge").audience(),
            "vault.azure.net"
        );
        assert_eq!(
            Challenge::parse(scope).expect("challenge").audience(),
            "vault.azure.cn"
        );
    }

    #[test]
    fn a_refusal_of_a_token_is_not_the_vaults_challenge() {
        let claims = r#"Bearer authorization_uri="https://login.microsoftonline.com/common", error="insufficient_claims", claims="eyJ9""#;
        assert_eq!(Challenge::parse(claims), None);
        assert!(lacks_claims(Some(claims)));
        assert!(!can_be_answered(Some(claims)));
        assert!(!lacks_claims(Some(NORMAL)));
        assert!(can_be_answered(Some(NORMAL)));
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for bad in [
            "",
            "Bearer",
            "resource=",
            r#"resource=""#,
            r#"resource="""#,
            r#"myresource="https://a.b""#,
        ] {
            assert_eq!(Challenge::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_vault_gets_tokens_of_its_parent_domain_only() {
        let challenge = Challenge::parse(NORMAL).expect("challenge");
        assert!(challenge.suits("contoso.vault.azure.net"));
        for other in [
            "vault.azure.net",
            ".vault.azure.net",
            "evilvault.azure.net",
            "localhost",
            "vault.azure.net.example.com",
        ] {
            assert!(!challenge.suits(other), "{other}");
        }
    }
}
