//! Variables whose bytes are no text. Everything that reads the environment takes them for unset, which would go on without a
//! proxy or an identity that somebody meant to set: so that they end the program before.

use std::ffi::OsString;

use super::exit::Exit;
use super::failure::CommandFailure;

/// What is read from the environment besides the variables of flags.
const READ: [&str; 23] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_KEYVAULT_CLIENTID",
    "AZURE_KEYVAULT_CLIENTSECRET",
    "AZURE_KEYVAULT_TENANTID",
    "AZURE_KEYVAULT_RESOURCEENDPOINT",
    "AKV_SYNC_ADMIN_LISTEN",
    "AKV_SYNC_ADMIN_SOCKET",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Names all of them at once; their values are not shown.
pub(super) fn refuse(value: impl Fn(&str) -> Option<OsString>) -> Result<(), CommandFailure> {
    let names: Vec<_> = READ
        .into_iter()
        .filter(|name| value(name).is_some_and(|value| value.to_str().is_none()))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let error = NotText {
        names: names.join(", "),
    };
    let hint = "set it anew, or unset it: its bytes are not UTF-8".to_owned();
    Err(CommandFailure::new(Exit::Usage, &error, hint))
}

#[derive(Debug, thiserror::Error)]
#[error("the environment holds something that is not text: {names}")]
struct NotText {
    names: String,
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_variable_whose_bytes_are_no_text_is_named_and_does_not_count_as_unset() {
        let value = |name: &str| match name {
            "HTTPS_PROXY" | "AZURE_CLIENT_SECRET" => Some(OsString::from_vec(b"marker\xff".to_vec())),
            "NO_PROXY" => Some(OsString::from("example.com")),
            _ => None,
        };
        let text = refuse(value).expect_err("two of them").render(false);
        assert!(text.contains("AZURE_CLIENT_SECRET, HTTPS_PROXY\n"), "{text}");
        assert!(!text.contains("marker") && !text.contains("NO_PROXY"), "{text}");
        assert!(refuse(|_| Some(OsString::new())).is_ok());
    }

    #[test]
    fn every_variable_of_the_page_is_looked_at_unless_it_is_a_flags_or_about_terminals() {
        let page = include_str!("../../docs/environment.md");
        let sections = page.split("\n## ").skip(1);
        let read =
            sections.filter(|section| !section.starts_with("Flags\n") && !section.starts_with("Terminal\n"));
        let rows = read
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("| `"));
        let names = rows.flat_map(|row| row.split(" | ").next().unwrap_or_default().split("`, `"));
        let names: Vec<_> = names.map(|name| name.trim_end_matches('`')).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in &names {
            assert!(READ.contains(name), "{name}");
        }
        // Lower case is told in words. Some platforms set the last one, which is refused by name.
        for name in READ {
            if name.to_ascii_uppercase() == name && name != "MSI_ENDPOINT" {
                assert!(names.contains(&name), "{name} is not on the page");
            }
        }
    }
}
