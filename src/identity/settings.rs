//! Looks settings up in the manifest and the environment, and collects every problem instead of stopping at the first.

use std::fmt;
use std::path::PathBuf;

use azure_core::credentials::Secret;
use encoding::typed;
use url::Url;

use crate::domain::desired::IdentityKind;
use crate::domain::failure::{Failure, Reason};
use crate::domain::identifier::{is_guid, is_tenant};
use crate::domain::placeholder::Placeholder;
use crate::domain::variable;
use crate::ports::Environment;

/// The variable that names the authority of a sovereign cloud.
pub(super) const AUTHORITY_VARIABLE: &str = "AZURE_AUTHORITY_HOST";

/// A value, and the variable or key of the manifest that gave it: a message names that one and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting<T = String> {
    pub(super) value: T,
    pub(super) name: &'static str,
}

impl<T> Setting<T> {
    pub(super) fn new(value: impl Into<T>, name: &'static str) -> Self {
        let value = value.into();
        Self { value, name }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.name)
    }
}

/// The environment, and what was found wrong so far.
pub(super) struct Settings<'a, E: ?Sized> {
    environment: &'a E,
    missing: Vec<String>,
    wrong: Vec<Wrong>,
}

/// Something that is there and wrong.
struct Wrong {
    problem: String,
    hint: &'static str,
}

impl<'a, E: Environment + ?Sized> Settings<'a, E> {
    pub(super) fn new(environment: &'a E) -> Self {
        Self {
            environment,
            missing: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// A variable, without the blanks and line ends that a mounted or pasted value often carries.
    pub(super) fn var(&self, name: &str) -> Option<String> {
        let value = self.environment.var(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.var(name).is_some()
    }

    /// A secret: like that of a file it loses a byte order mark and one line end, and no blank, which may be part of it.
    pub(super) fn secret(&mut self, variables: &[&'static str]) -> Secret {
        let set = variables.iter().copied().find(|name| self.has(name));
        let Some((name, value)) = set.and_then(|name| Some((name, self.environment.var(name)?))) else {
            let missing = self.required(None, "identity.clientSecretFile", variables);
            return Secret::new(missing.value);
        };
        let value = typed::text(&value);
        self.check_filled_in(name, value, Placeholder::whole(value).as_ref());
        Secret::new(value.to_owned())
    }

    /// The first of these variables that is there without a value.
    pub(super) fn blank(&self, variables: &[&'static str]) -> Option<&'static str> {
        let is_blank = |name: &&str| {
            self.environment.is_empty(name) || (self.environment.var(name).is_some() && !self.has(name))
        };
        variables.iter().copied().find(is_blank)
    }

    /// Notes a value that nothing filled in, and quotes that a shell would have taken off. Says whether it can be one.
    fn check_filled_in(
        &mut self,
        name: &'static str,
        value: &str,
        placeholder: Option<&Placeholder>,
    ) -> bool {
        let problem = variable::problem(name, value, placeholder);
        let is_right = problem.is_none();
        if let Some((problem, hint)) = problem {
            self.wrong(problem, hint);
        }
        is_right
    }

    /// Notes something that is there and wrong, and what to do.
    pub(super) fn wrong(&mut self, problem: String, hint: &'static str) {
        self.wrong.push(Wrong { problem, hint });
    }

    /// The first variable that is set; its value is empty when nothing filled it in, which is noted.
    pub(super) fn first(&mut self, variables: &[&'static str]) -> Option<Setting> {
        let set = variables.iter().find_map(|name| Some((self.var(name)?, *name)));
        let (value, name) = set?;
        let is_value = self.check_filled_in(name, &value, Placeholder::in_name(&value).as_ref());
        Some(Setting::new(if is_value { value } else { String::new() }, name))
    }

    /// The manifest's value, else the first variable that is set, else a note that all of them are missing.
    fn required(
        &mut self,
        manifest: Option<&str>,
        field: &'static str,
        variables: &[&'static str],
    ) -> Setting {
        let found = manifest.map(|value| Setting::new(value, field));
        found.or_else(|| self.first(variables)).unwrap_or_else(|| {
            let name = variables.first().copied().unwrap_or_default();
            match self.blank(variables) {
                Some(blank) => self.wrong(format!("{blank} is empty"), EMPTY_HINT),
                None => self.missing.push(format!("{name} (or {field} in the manifest)")),
            }
            Setting::new("", field)
        })
    }

    /// As [`Self::required`], for the client ID.
    pub(super) fn client_id(&mut self, manifest: Option<&str>, variables: &[&'static str]) -> Setting {
        let id = self.required(manifest, "identity.clientId", variables);
        self.check_client_id(&id);
        id
    }

    /// Notes what is no client ID, and what it is instead.
    pub(super) fn check_client_id(&mut self, id: &Setting) {
        let Setting { value, name } = id;
        if value.is_empty() || is_guid(value) {
            return;
        }
        let (what, hint) = if value.starts_with('/') {
            ("is a resource ID", RESOURCE_ID_HINT)
        } else if value.eq_ignore_ascii_case("msi") {
            ("is `msi`, a word of AKS for the node's own identity", MSI_HINT)
        } else if is_quoted(value) {
            ("has quotation marks around it", QUOTED_HINT)
        } else {
            ("is no GUID", CLIENT_ID_HINT)
        };
        self.wrong(format!("{name} {what}, and must be a client ID"), hint);
    }

    /// As [`Self::required`], for the tenant, which goes into a URL.
    pub(super) fn tenant_id(&mut self, manifest: Option<&str>, variables: &[&'static str]) -> Setting {
        let id = self.required(manifest, "identity.tenantId", variables);
        if !id.value.is_empty() && !is_tenant(&id.value) {
            let (what, hint) = if is_quoted(&id.value) {
                ("has quotation marks around it", QUOTED_HINT)
            } else {
                ("is neither a GUID nor a domain name", TENANT_HINT)
            };
            self.wrong(format!("{} {what}", id.name), hint);
        }
        id
    }

    /// As [`Self::required`], for a path.
    pub(super) fn file(
        &mut self,
        manifest: Option<&PathBuf>,
        field: &'static str,
        variable: &'static str,
    ) -> Setting<PathBuf> {
        if let Some(path) = manifest {
            return Setting::new(path, field);
        }
        let Setting { value, name } = self.required(None, field, &[variable]);
        Setting::new(value, name)
    }

    /// The authority: https, a host, nothing that could send the assertion elsewhere.
    pub(super) fn authority(&mut self, manifest: Option<&Url>, public: &str) -> Setting<Url> {
        let manifest = manifest.map(|url| Setting::new(url.as_str(), "identity.authorityHost"));
        let Setting { value, name } = manifest
            .or_else(|| self.first(&[AUTHORITY_VARIABLE]))
            .filter(|setting| !setting.value.is_empty())
            .unwrap_or_else(|| Setting::new(public, "the default"));
        // A host alone is taken without its scheme too, as other Azure SDKs do; what stands before a port looks like one.
        let full = if value.contains(':') || !value.contains('.') {
            value
        } else {
            format!("https://{value}")
        };
        let url = Url::parse(&full).ok().filter(is_authority);
        let url = url.unwrap_or_else(|| {
            self.wrong(
                format!("{name} is not the https URL of a host alone"),
                AUTHORITY_HINT,
            );
            // Never used: a noted problem makes `finish` refuse.
            Url::parse(public).expect("the public authority is a valid URL")
        });
        Setting { value: url, name }
    }

    /// The credential, or one failure with everything that is missing or wrong.
    pub(super) fn finish<T>(self, kind: IdentityKind, credential: T) -> Result<T, Failure> {
        let Self { missing, wrong, .. } = self;
        if missing.is_empty() && wrong.is_empty() {
            return Ok(credential);
        }
        let mut problems: Vec<String> = Vec::new();
        let mut hints: Vec<&str> = Vec::new();
        for Wrong { problem, hint } in wrong {
            problems.push(problem);
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        let verdict = if missing.is_empty() {
            "cannot be used"
        } else {
            problems.push(format!("not set: {}", missing.join(", ")));
            hints.push(completion(kind));
            "is incomplete"
        };
        let detail = format!("the {} {verdict}: {}", name(kind), problems.join("; "));
        Err(Failure::new(
            Reason::IdentityMisconfigured,
            detail,
            hints.join("; "),
        ))
    }
}

const EMPTY_HINT: &str = "give it its value, or unset it";
const RESOURCE_ID_HINT: &str = "put the client ID there (`az identity show --ids RESOURCE_ID --query clientId`), or unset it and write identity.resourceId with `type: managedIdentity` in the manifest";
const MSI_HINT: &str =
    "put the client ID of a user-assigned identity there, or unset it to use the system-assigned one";
const QUOTED_HINT: &str = "remove the quotation marks; an environment variable or a value in YAML needs none";
const CLIENT_ID_HINT: &str = "a client ID is the GUID that `az identity show --query clientId` or the application's page shows; it is not a name";
const TENANT_HINT: &str = "write the tenant alone, as its GUID or a name such as contoso.onmicrosoft.com";
const AUTHORITY_HINT: &str = "write https://, the host and nothing after it, such as https://login.microsoftonline.us; the tenant goes to AZURE_TENANT_ID or identity.tenantId";

fn is_authority(url: &Url) -> bool {
    url.scheme() == "https"
        && url
            .host_str()
            .is_some_and(|host| host.contains('.') || host == "localhost")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
}

const fn name(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Default => "credential that the environment offers",
        IdentityKind::WorkloadIdentity => "workload identity",
        IdentityKind::ManagedIdentity => "managed identity",
        IdentityKind::ClientSecret => "client secret credential",
        IdentityKind::ClientCertificate => "client certificate credential",
        IdentityKind::Developer => "developer credential",
    }
}

/// What completes a credential of which something is missing.
const fn completion(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::WorkloadIdentity => {
            "label the pod azure.workload.identity/use: \"true\", annotate its service account with azure.workload.identity/client-id, and check that the workload identity webhook is installed"
        }
        IdentityKind::ManagedIdentity => {
            "run where IMDS, App Service or Container Apps offers a managed identity, or name another identity.type"
        }
        IdentityKind::Default => {
            "set the variables that belong together, or name the credential with identity.type in the manifest"
        }
        _ => "set the variables, or the fields of identity in the manifest",
    }
}

/// Whether somebody pasted it with quotation marks, as typed or as text processors make of them.
fn is_quoted(value: &str) -> bool {
    value.starts_with([
        '"', '\'', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ab}',
    ])
}
