//! Who signs in: which keys belong to which type of identity.

use crate::field::{Optional, Text};
use crate::problem::{Code, Mark, Problem, Sink};
use crate::vocabulary::listed;
use crate::wire::{Identity, IdentityType};
use domain::desired::{IdentityKind, IdentitySpec};

pub(super) fn resolve(identity: &Identity, sink: &Sink) -> IdentitySpec {
    // A type that cannot be read says nothing of the keys beside it.
    if identity.kind.is_absent() || identity.kind.given().is_some() {
        let kind = identity.kind.value().unwrap_or(IdentityType::Default);
        refuse_foreign_keys(identity, kind, sink);
    }
    refuse_two_names(identity, sink);
    IdentitySpec {
        kind: identity.kind.value().map_or(IdentityKind::Default, kind_of),
        tenant_id: identity.tenant_id.parse(sink).map(|id| id.0),
        client_id: identity.client_id.parse(sink).map(|id| id.0),
        object_id: identity.object_id.parse(sink).map(|id| id.0),
        resource_id: identity.resource_id.parse(sink).map(|id| id.0),
        token_file: identity.token_file.parse(sink).map(|path| path.0),
        client_secret_file: identity.client_secret_file.parse(sink).map(|path| path.0),
        client_certificate_file: identity.client_certificate_file.parse(sink).map(|path| path.0),
        authority_host: identity.authority_host.parse(sink).map(|url| url.0),
    }
}

const fn kind_of(wire: IdentityType) -> IdentityKind {
    match wire {
        IdentityType::Default => IdentityKind::Default,
        IdentityType::WorkloadIdentity => IdentityKind::WorkloadIdentity,
        IdentityType::ManagedIdentity => IdentityKind::ManagedIdentity,
        IdentityType::ClientSecret => IdentityKind::ClientSecret,
        IdentityType::ClientCertificate => IdentityKind::ClientCertificate,
        IdentityType::Developer => IdentityKind::Developer,
    }
}

/// The type as the manifest writes it, and the keys that belong to it.
const fn keys_of(kind: IdentityType) -> (&'static str, &'static [&'static str]) {
    match kind {
        IdentityType::Default => ("default", &["tenantId", "clientId", "authorityHost"]),
        IdentityType::WorkloadIdentity => (
            "workloadIdentity",
            &["tenantId", "clientId", "tokenFile", "authorityHost"],
        ),
        IdentityType::ManagedIdentity => ("managedIdentity", &["clientId", "objectId", "resourceId"]),
        IdentityType::ClientSecret => (
            "clientSecret",
            &["tenantId", "clientId", "clientSecretFile", "authorityHost"],
        ),
        IdentityType::ClientCertificate => (
            "clientCertificate",
            &["tenantId", "clientId", "clientCertificateFile", "authorityHost"],
        ),
        IdentityType::Developer => ("developer", &["tenantId"]),
    }
}

fn refuse_foreign_keys(identity: &Identity, kind: IdentityType, sink: &Sink) {
    let (name, own) = keys_of(kind);
    let given = [
        ("tenantId", mark(&identity.tenant_id)),
        ("clientId", mark(&identity.client_id)),
        ("objectId", mark(&identity.object_id)),
        ("resourceId", mark(&identity.resource_id)),
        ("tokenFile", mark(&identity.token_file)),
        ("clientSecretFile", mark(&identity.client_secret_file)),
        ("clientCertificateFile", mark(&identity.client_certificate_file)),
        ("authorityHost", mark(&identity.authority_host)),
    ];
    for (key, mark) in given {
        let Some(mark) = mark.filter(|_| !own.contains(&key)) else {
            continue;
        };
        let problem = Problem::new(
            Code::IdentityKey,
            format!("`{key}` does not belong to the type `{name}`"),
        );
        let keys = listed(own.iter().copied());
        sink.push(problem.at(mark).hint(format!(
            "the keys of this type are {keys}; or choose another type"
        )));
    }
}

fn refuse_two_names(identity: &Identity, sink: &Sink) {
    if identity.kind.value() != Some(IdentityType::ManagedIdentity) {
        return;
    }
    let names = [
        mark(&identity.client_id),
        mark(&identity.object_id),
        mark(&identity.resource_id),
    ];
    let mut marks: Vec<Mark> = names.into_iter().flatten().collect();
    marks.sort_unstable();
    let Some((first, others)) = marks.split_first() else {
        return;
    };
    for other in others {
        let problem = Problem::new(
            Code::IdentityConflict,
            "a managed identity must be named in one way only",
        );
        sink.push(
            problem
                .at(*other)
                .related(*first, "it is named here already")
                .hint("keep one of `clientId`, `objectId` and `resourceId`"),
        );
    }
}

fn mark<T>(field: &Optional<Text<T>>) -> Option<Mark> {
    field.given().map(|located| located.mark)
}
