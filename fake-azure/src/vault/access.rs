//! What a request wants of a vault: the path taken apart into an operation.

use hyper::Method;

use crate::http::Call;
use crate::journal::CallKind;

/// An operation of the data plane with what it works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) kind: CallKind,
    /// The object's name; empty for lists of a whole vault.
    pub(crate) name: String,
    /// The version, when the path names one.
    pub(crate) version: Option<String>,
}

/// What a role assignment would have to allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    /// Below `Microsoft.KeyVault/vaults/`.
    pub(crate) name: &'static str,
    /// Below the vault's resource id: `secrets/NAME`.
    pub(crate) object: Option<String>,
}

const READ_METADATA: &str = "secrets/readMetadata/action";

impl Operation {
    /// Reads the method and the path. What is no operation is [`CallKind::Unknown`].
    pub(crate) fn of(call: &Call) -> Self {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (kind, name, version) = classify(&call.method, &parts);
        Self {
            kind,
            name: name.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    /// The object that the counters note.
    pub(crate) fn object(&self) -> Option<&str> {
        (!self.name.is_empty()).then_some(self.name.as_str())
    }

    /// Whether it needs `secrets/readMetadata/action`, which an identity that reads values may lack.
    pub(crate) fn reads_metadata(&self) -> bool {
        self.action().name == READ_METADATA
    }

    /// The action as refusals name it.
    pub(crate) fn action(&self) -> Action {
        let (collection, name) = match self.kind {
            CallKind::GetSecret => ("secrets", "secrets/getSecret/action"),
            CallKind::SetSecret | CallKind::UpdateSecret => ("secrets", "secrets/setSecret/action"),
            CallKind::DeleteSecret => ("secrets", "secrets/delete"),
            CallKind::RecoverDeletedSecret => ("secrets", "secrets/recover/action"),
            CallKind::PurgeDeletedSecret => ("secrets", "secrets/purge/action"),
            CallKind::ListSecrets | CallKind::ListSecretVersions | CallKind::GetDeletedSecret => {
                ("secrets", READ_METADATA)
            }
            CallKind::GetKey | CallKind::ListKeys | CallKind::ListKeyVersions => ("keys", "keys/read"),
            CallKind::CreateKey => ("keys", "keys/create/action"),
            CallKind::RotateKey => ("keys", "keys/rotate/action"),
            CallKind::CreateCertificate => ("certificates", "certificates/create/action"),
            CallKind::ImportCertificate => ("certificates", "certificates/import/action"),
            CallKind::UpdateCertificate => ("certificates", "certificates/update/action"),
            _ => ("certificates", "certificates/read"),
        };
        let object = self.object().map(|object| format!("{collection}/{object}"));
        Action { name, object }
    }
}

fn classify<'a>(method: &Method, parts: &[&'a str]) -> (CallKind, &'a str, Option<&'a str>) {
    use CallKind as K;
    match (method, parts) {
        (&Method::GET, ["secrets"]) => (K::ListSecrets, "", None),
        (&Method::GET, ["secrets", name]) => (K::GetSecret, name, None),
        (&Method::PUT, ["secrets", name]) => (K::SetSecret, name, None),
        (&Method::DELETE, ["secrets", name]) => (K::DeleteSecret, name, None),
        (&Method::GET, ["secrets", name, "versions"]) => (K::ListSecretVersions, name, None),
        (&Method::GET, ["secrets", name, version]) => (K::GetSecret, name, Some(version)),
        (&Method::PATCH, ["secrets", name, version]) => (K::UpdateSecret, name, Some(version)),
        (&Method::PATCH, ["secrets", name]) => (K::UpdateSecret, name, None),
        (&Method::GET, ["deletedsecrets", name]) => (K::GetDeletedSecret, name, None),
        (&Method::DELETE, ["deletedsecrets", name]) => (K::PurgeDeletedSecret, name, None),
        (&Method::POST, ["deletedsecrets", name, "recover"]) => (K::RecoverDeletedSecret, name, None),
        (&Method::GET, ["keys"]) => (K::ListKeys, "", None),
        (&Method::GET, ["keys", name]) => (K::GetKey, name, None),
        (&Method::POST, ["keys", name, "create"]) => (K::CreateKey, name, None),
        (&Method::POST, ["keys", name, "rotate"]) => (K::RotateKey, name, None),
        (&Method::GET, ["keys", name, "versions"]) => (K::ListKeyVersions, name, None),
        (&Method::GET, ["keys", name, version]) => (K::GetKey, name, Some(version)),
        (&Method::GET, ["certificates"]) => (K::ListCertificates, "", None),
        (&Method::GET, ["certificates", name]) => (K::GetCertificate, name, None),
        (&Method::POST, ["certificates", name, "create"]) => (K::CreateCertificate, name, None),
        (&Method::POST, ["certificates", name, "import"]) => (K::ImportCertificate, name, None),
        (&Method::GET, ["certificates", name, "versions"]) => (K::ListCertificateVersions, name, None),
        (&Method::GET, ["certificates", name, "policy"]) => (K::GetCertificatePolicy, name, None),
        (&Method::GET, ["certificates", name, "pending"]) => (K::GetCertificateOperation, name, None),
        (&Method::GET, ["certificates", name, version]) => (K::GetCertificate, name, Some(version)),
        (&Method::PATCH, ["certificates", name, version]) => (K::UpdateCertificate, name, Some(version)),
        (&Method::PATCH, ["certificates", name]) => (K::UpdateCertificate, name, None),
        _ => (K::Unknown, "", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_version_is_asked_for_with_and_without_a_final_slash() {
        let call = |path: &str| Call {
            method: Method::GET,
            host: String::new(),
            path: path.to_owned(),
            query: String::new(),
            headers: hyper::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let plain = Operation::of(&call("/secrets/db"));
        assert_eq!(plain, Operation::of(&call("/secrets/db/")));
        assert_eq!((plain.kind, plain.version), (CallKind::GetSecret, None));
        let pinned = Operation::of(&call("/secrets/db/00ff"));
        assert_eq!(pinned.version.as_deref(), Some("00ff"));
        assert_eq!(Operation::of(&call("/nothing")).kind, CallKind::Unknown);
    }
}
