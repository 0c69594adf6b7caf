//! Looks settings up in the manifest and the environment, and collects every problem instead of stopping at the first.

use std::path::PathBuf;

use azure_core::credentials::Secret;
use url::Url;

use crate::domain::desired::IdentityKind;
use crate::domain::failure::{Failure, Reason};
use crate::encoding::typed;
use crate::ports::Environment;

/// The variable that names the authority of a sovereign cloud.
pub(super) const AUTHORITY_VARIABLE: &str = "AZURE_AUTHORITY_HOST";

/// The environment, and what was found wrong so far.
pub(super) struct Settings<'a, E: ?Sized> {
    environment: &'a E,
    missing: Vec<String>,
    wrong: Vec<String>,
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
    pub(super) fn secret(&mut self, variables: &[&str]) -> Secret {
        let value = variables
            .iter()
            .find(|name| self.has(name))
            .and_then(|name| self.environment.var(name));
        Secret::new(match value {
            Some(value) => typed::text(&value).to_owned(),
            None => self.required(None, "identity.clientSecretFile", variables),
        })
    }

    /// Notes something that is there and wrong.
    pub(super) fn wrong(&mut self, problem: String) {
        self.wrong.push(problem);
    }

    /// The manifest's value, else the first variable that is set, else a note that all of them are missing.
    pub(super) fn required(&mut self, manifest: Option<&str>, field: &str, variables: &[&str]) -> String {
        let found = manifest
            .map(ToOwned::to_owned)
            .or_else(|| variables.iter().find_map(|name| self.var(name)));
        found.unwrap_or_else(|| {
            let name = variables.first().copied().unwrap_or_default();
            self.missing.push(format!("{name} (or {field} in the manifest)"));
            String::new()
        })
    }

    /// As [`Self::required`], for a tenant or client: a GUID or a domain name, which goes into a URL.
    pub(super) fn id(&mut self, manifest: Option<&str>, field: &str, variables: &[&str]) -> String {
        let id = self.required(manifest, field, variables);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if !id.is_empty() && (!id.chars().all(is_plain) || id.contains("..")) {
            let name = variables.first().copied().unwrap_or_default();
            self.wrong
                .push(format!("{name} (or {field}) is neither a GUID nor a domain name"));
        }
        id
    }

    /// As [`Self::required`], for a path.
    pub(super) fn file(&mut self, manifest: Option<&PathBuf>, field: &str, variable: &str) -> PathBuf {
        match manifest {
            Some(path) => path.clone(),
            None => self.required(None, field, &[variable]).into(),
        }
    }

    /// The authority: https, a host, nothing that could send the assertion elsewhere.
    pub(super) fn authority(&mut self, manifest: Option<&Url>, public: &str) -> Url {
        let text = manifest.map(ToString::to_string);
        let text = text
            .or_else(|| self.var(AUTHORITY_VARIABLE))
            .unwrap_or_else(|| public.to_owned());
        // Taken without its scheme too, as other Azure SDKs do.
        let full = if text.contains("://") {
            text
        } else {
            format!("https://{text}")
        };
        let url = Url::parse(&full).ok().filter(is_authority);
        url.unwrap_or_else(|| {
            self.wrong(format!(
                "{AUTHORITY_VARIABLE} (or identity.authorityHost) is not an https URL of a host, such as https://login.microsoftonline.us"
            ));
            // Never used: a noted problem makes `finish` refuse.
            Url::parse(public).expect("the public authority is a valid URL")
        })
    }

    /// The credential, or one failure with everything that is missing or wrong.
    pub(super) fn finish<T>(self, kind: IdentityKind, credential: T) -> Result<T, Failure> {
        if self.missing.is_empty() && self.wrong.is_empty() {
            return Ok(credential);
        }
        let mut problems = self.wrong;
        if !self.missing.is_empty() {
            problems.push(format!("not set: {}", self.missing.join(", ")));
        }
        let detail = format!("the {} is incomplete: {}", name(kind), problems.join("; "));
        Err(Failure::new(Reason::IdentityMisconfigured, detail, hint(kind)))
    }
}

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

const fn hint(kind: IdentityKind) -> &'static str {
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
