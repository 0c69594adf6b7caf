//! From a manifest and variables to a credential, or to what is wrong with them.

use super::super::managed::{ManagedId, Platform};
use super::*;

const ID: &str = "00000000-0000-0000-0000-000000000001";
const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const CONNECTOR_ID: &str = "00000000-0000-0000-0000-000000000002";

fn by_default(variables: &[(&str, &str)]) -> Result<Credential, Failure> {
    resolve(&IdentitySpec::default(), variables)
}

fn proof(variables: &[(&str, &str)]) -> (Application, Proof) {
    match by_default(variables).expect("a credential") {
        Credential::Application(application, proof) => (application, proof),
        other => panic!("{other:?}"),
    }
}

fn managed(variables: &[(&str, &str)]) -> ManagedIdentity {
    match by_default(variables).expect("a credential") {
        Credential::Managed(identity) => identity,
        other => panic!("{other:?}"),
    }
}

const WORKLOAD: [(&str, &str); 3] = [
    ("AZURE_CLIENT_ID", ID),
    ("AZURE_TENANT_ID", TENANT),
    ("AZURE_FEDERATED_TOKEN_FILE", "/run/token"),
];

#[test]
fn default_takes_secret_then_certificate_then_federated_token_then_managed_identity() {
    let mut variables = WORKLOAD.to_vec();
    variables.push(("AZURE_CLIENT_CERTIFICATE_PATH", "/run/app.pem"));
    variables.push(("AZURE_CLIENT_SECRET", "marker"));
    assert_eq!(proof(&variables).1, Proof::Secret(Secret::new("marker")));
    variables.pop();
    assert_eq!(
        proof(&variables).1,
        Proof::CertificateFile(Setting::new("/run/app.pem", "AZURE_CLIENT_CERTIFICATE_PATH"))
    );
    variables.pop();
    assert_eq!(
        proof(&variables).1,
        Proof::FederatedToken(Setting::new("/run/token", "AZURE_FEDERATED_TOKEN_FILE"))
    );
    variables.pop();
    assert_eq!(
        managed(&variables).id,
        ManagedId::Client(Setting::new(ID, "AZURE_CLIENT_ID"))
    );
    assert_eq!(managed(&[]).id, ManagedId::System);
}

#[test]
fn service_connector_variables_are_kept_together() {
    let (application, proof) = proof(&[
        ("AZURE_CLIENT_ID", ID),
        ("AZURE_KEYVAULT_CLIENTID", CONNECTOR_ID),
        ("AZURE_KEYVAULT_TENANTID", TENANT),
        ("AZURE_KEYVAULT_CLIENTSECRET", "marker"),
    ]);
    assert_eq!(application.client_id.value, CONNECTOR_ID);
    assert_eq!(application.tenant_id.value, TENANT);
    assert_eq!(proof, Proof::Secret(Secret::new("marker")));
    assert_eq!(
        managed(&[("AZURE_KEYVAULT_CLIENTID", CONNECTOR_ID)]).id,
        ManagedId::Client(Setting::new(CONNECTOR_ID, "AZURE_KEYVAULT_CLIENTID"))
    );
}

#[test]
fn the_manifest_wins_over_the_environment() {
    let spec = IdentitySpec {
        kind: IdentityKind::WorkloadIdentity,
        client_id: Some(CONNECTOR_ID.to_owned()),
        token_file: Some("/other".into()),
        authority_host: Some(Url::parse("https://login.microsoftonline.us").expect("a URL")),
        ..IdentitySpec::default()
    };
    let Credential::Application(application, proof) = resolve(&spec, &WORKLOAD[..]).expect("resolved") else {
        panic!("not an application");
    };
    assert_eq!(application.client_id.value, CONNECTOR_ID);
    assert_eq!(application.tenant_id.value, TENANT);
    assert_eq!(
        proof,
        Proof::FederatedToken(Setting::new("/other", "identity.tokenFile"))
    );
    assert!(application.describe().contains("login.microsoftonline.us"));
}

#[test]
fn every_missing_setting_is_named_at_once_with_the_label_to_set() {
    let spec = IdentitySpec {
        kind: IdentityKind::WorkloadIdentity,
        ..IdentitySpec::default()
    };
    let failure = resolve(&spec, &[] as &[(&str, &str)]).expect_err("nothing is set");
    for name in ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"] {
        assert!(failure.detail.contains(name), "{name}: {failure}");
    }
    assert!(
        failure
            .hint
            .action()
            .contains("azure.workload.identity/use: \"true\"")
    );
    assert!(
        failure
            .hint
            .action()
            .contains("azure.workload.identity/client-id")
    );
}

#[test]
fn a_bad_id_and_a_bad_authority_are_told_together() {
    let mut variables = WORKLOAD.to_vec();
    variables[1].1 = "contoso/../common";
    for authority in [
        "http://login.microsoftonline.com",
        "https://user@example.com/",
        "login",
    ] {
        variables.push(("AZURE_AUTHORITY_HOST", authority));
        let failure = by_default(&variables).expect_err("refused");
        variables.pop();
        assert!(failure.detail.contains("AZURE_TENANT_ID"), "{failure}");
        assert!(failure.detail.contains("AZURE_AUTHORITY_HOST"), "{failure}");
    }
}

#[test]
fn a_secret_is_in_no_message() {
    let failure = by_default(&[("AZURE_CLIENT_SECRET", "marker")]).expect_err("incomplete");
    assert!(!format!("{failure:?}").contains("marker"));
    assert!(failure.detail.contains("AZURE_CLIENT_ID") && failure.detail.contains("AZURE_TENANT_ID"));
    let variables = [
        ("AZURE_CLIENT_ID", ID),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_SECRET", "marker"),
    ];
    let credential = by_default(&variables).expect("complete");
    assert!(!format!("{credential:?} {}", credential.describe()).contains("marker"));
}

#[test]
fn a_client_secret_of_the_environment_loses_one_line_end_like_that_of_a_file() {
    for (set, meant) in [
        ("marker\n", "marker"),
        ("marker\r\n", "marker"),
        ("\u{feff} marker \n\n", " marker \n"),
    ] {
        for name in ["AZURE_CLIENT_SECRET", "AZURE_KEYVAULT_CLIENTSECRET"] {
            let ids = [
                ("AZURE_CLIENT_ID", ID),
                ("AZURE_KEYVAULT_CLIENTID", ID),
                ("AZURE_TENANT_ID", TENANT),
            ];
            let variables = [&ids[..], &[(name, set)]].concat();
            assert_eq!(
                proof(&variables).1,
                Proof::Secret(Secret::new(meant)),
                "{name} {set:?}"
            );
        }
    }
}

fn refused(spec: &IdentitySpec, variables: &[(&str, &str)]) -> Failure {
    resolve(spec, variables).expect_err("refused")
}

#[test]
fn a_variable_is_checked_like_the_manifest_and_says_what_it_holds_instead() {
    let resource_id =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/n";
    for (value, said, advice) in [
        (
            resource_id,
            "AZURE_CLIENT_ID is a resource ID",
            "az identity show --ids",
        ),
        (
            "msi",
            "AZURE_CLIENT_ID is `msi`",
            "unset it to use the system-assigned one",
        ),
        ("my-app", "AZURE_CLIENT_ID is no GUID", "it is not a name"),
        (
            "\u{201c}00000000-0000-0000-0000-000000000002\u{201d}",
            "AZURE_CLIENT_ID has quotation marks around it",
            "remove the quotation marks",
        ),
        (
            "contoso.onmicrosoft.com",
            "AZURE_CLIENT_ID is no GUID",
            "it is not a name",
        ),
    ] {
        let mut workload = WORKLOAD;
        workload[0].1 = value;
        for variables in [&workload[..1], &workload[..]] {
            let failure = refused(&IdentitySpec::default(), variables);
            assert!(failure.detail.contains(said), "{value}: {failure}");
            assert!(
                failure.hint.action().contains(advice),
                "{value}: {}",
                failure.hint
            );
            assert!(!failure.detail.contains("incomplete"), "{value}: {failure}");
            assert!(
                !failure.hint.action().contains("label"),
                "{value}: {}",
                failure.hint
            );
            assert!(
                !failure.detail.contains(value) || value == "msi",
                "{value}: {failure}"
            );
        }
    }
    let tenant = [
        WORKLOAD[0],
        ("AZURE_TENANT_ID", "https://contoso.com/"),
        WORKLOAD[2],
    ];
    let failure = refused(&IdentitySpec::default(), &tenant);
    assert!(
        failure
            .detail
            .contains("AZURE_TENANT_ID is neither a GUID nor a domain name"),
        "{failure}"
    );
}

#[test]
fn a_malformed_azure_authority_host_is_named_and_neither_incomplete_nor_a_matter_of_a_label() {
    let authority = |host| [&WORKLOAD[..], &[("AZURE_AUTHORITY_HOST", host)]].concat();
    for bad in [
        "http://login.microsoftonline.us",
        "https://login.microsoftonline.us/the-tenant",
        "login.microsoftonline.us/the-tenant",
        "AzureUSGovernment",
        "localhost:8443",
        "localhost",
        "login.microsoftonline.us:443",
        "https://",
    ] {
        let spec = IdentitySpec {
            kind: IdentityKind::WorkloadIdentity,
            ..IdentitySpec::default()
        };
        let failure = refused(&spec, &authority(bad));
        assert_eq!(
            failure.detail,
            "the workload identity cannot be used: AZURE_AUTHORITY_HOST is not the https URL of a host alone",
            "{bad}"
        );
        assert!(
            failure.hint.action().contains("https://login.microsoftonline.us"),
            "{}",
            failure.hint
        );
        assert!(!failure.hint.action().contains("label"), "{}", failure.hint);
    }
    // Without its scheme it is what other Azure SDKs take too.
    let taken = proof(&authority("login.microsoftonline.us")).0;
    assert_eq!(
        taken.authority.value.as_str(),
        "https://login.microsoftonline.us/"
    );
}

#[test]
fn what_is_missing_and_what_is_wrong_are_told_together_with_both_actions() {
    let variables = [
        ("AZURE_FEDERATED_TOKEN_FILE", "/run/token"),
        ("AZURE_CLIENT_ID", "msi"),
    ];
    let spec = IdentitySpec {
        kind: IdentityKind::WorkloadIdentity,
        ..IdentitySpec::default()
    };
    let failure = refused(&spec, &variables);
    assert!(
        failure.detail.contains("is incomplete: AZURE_CLIENT_ID is `msi`"),
        "{failure}"
    );
    assert!(failure.detail.contains("not set: AZURE_TENANT_ID"), "{failure}");
    assert!(
        failure.hint.action().contains("unset it") && failure.hint.action().contains("label the pod"),
        "{}",
        failure.hint
    );
}

#[test]
fn managed_identity_takes_any_of_the_three_ids() {
    let spec = |change: fn(&mut IdentitySpec)| {
        let mut spec = IdentitySpec {
            kind: IdentityKind::ManagedIdentity,
            ..IdentitySpec::default()
        };
        change(&mut spec);
        match resolve(&spec, &[("AZURE_CLIENT_ID", CONNECTOR_ID)][..]) {
            Ok(Credential::Managed(identity)) => identity.id,
            other => panic!("{other:?}"),
        }
    };
    let id = || ID.to_owned();
    assert_eq!(
        spec(|it| it.client_id = Some(ID.to_owned())),
        ManagedId::Client(Setting::new(ID, "identity.clientId"))
    );
    assert_eq!(
        spec(|it| it.object_id = Some(ID.to_owned())),
        ManagedId::Object(id())
    );
    assert_eq!(
        spec(|it| it.resource_id = Some(ID.to_owned())),
        ManagedId::Resource(id())
    );
    assert_eq!(
        spec(|_| ()),
        ManagedId::Client(Setting::new(CONNECTOR_ID, "AZURE_CLIENT_ID"))
    );
}

#[test]
fn the_platform_is_read_from_its_variables() {
    let endpoint = ("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token");
    let header = ("IDENTITY_HEADER", "marker");
    assert_eq!(managed(&[]).platform, Platform::Imds);
    assert_eq!(managed(&[endpoint, header]).platform, Platform::AppService);
    for (variables, name) in [
        (
            vec![endpoint, header, ("IDENTITY_SERVER_THUMBPRINT", "x")],
            "Service Fabric",
        ),
        (vec![endpoint, ("IMDS_ENDPOINT", "x")], "Azure Arc"),
        (
            vec![("MSI_ENDPOINT", "x"), ("MSI_SECRET", "x")],
            "Machine Learning",
        ),
        (vec![("MSI_ENDPOINT", "x")], "Cloud Shell"),
        (vec![endpoint], "IDENTITY_HEADER"),
        (
            vec![
                ("IDENTITY_ENDPOINT", "\"http://127.0.0.1:41000/msi/token\""),
                header,
            ],
            "IDENTITY_ENDPOINT has quotes around its value",
        ),
        (
            vec![("IDENTITY_ENDPOINT", "http://${HOST}/msi/token"), header],
            "IDENTITY_ENDPOINT holds the placeholder `${…}`",
        ),
        (
            vec![endpoint, ("IDENTITY_HEADER", "'marker'")],
            "IDENTITY_HEADER has quotes around its value",
        ),
        (
            vec![("IDENTITY_ENDPOINT", "http://example.com/msi/token"), header],
            "IDENTITY_ENDPOINT",
        ),
    ] {
        let failure = by_default(&variables).expect_err(name);
        assert!(failure.detail.contains(name), "{failure}");
    }
}

const IDS: [(&str, &str); 2] = [("AZURE_CLIENT_ID", ID), ("AZURE_TENANT_ID", TENANT)];

#[test]
fn a_proof_without_a_value_is_told_where_tenant_and_client_id_say_that_it_was_meant() {
    for variable in [
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
    ] {
        for blank in ["", " ", "\r\n"] {
            let of = |ids: &[(&'static str, &'static str)]| by_default(&[ids, &[(variable, blank)]].concat());
            let failure = of(&IDS).expect_err("half of a credential");
            assert_eq!(
                failure.reason,
                crate::domain::failure::Reason::IdentityMisconfigured
            );
            assert!(
                failure.detail.contains(&format!("{variable} is empty")),
                "{failure}"
            );
            for ids in [&IDS[..1], &IDS[1..], &[]] {
                assert!(
                    matches!(of(ids), Ok(Credential::Managed(_))),
                    "{variable} {ids:?}"
                );
            }
        }
    }
    let connector = [
        ("AZURE_KEYVAULT_CLIENTID", ID),
        ("AZURE_KEYVAULT_TENANTID", TENANT),
        ("AZURE_KEYVAULT_CLIENTSECRET", ""),
    ];
    let failure = by_default(&connector).expect_err("half of a credential");
    assert!(
        failure.detail.contains("AZURE_KEYVAULT_CLIENTSECRET is empty"),
        "{failure}"
    );
}

#[test]
fn an_empty_secret_besides_another_whole_credential_or_none_at_all_is_no_error() {
    let empty = ("AZURE_CLIENT_SECRET", "");
    assert!(matches!(
        proof(&[&WORKLOAD[..], &[empty]].concat()).1,
        Proof::FederatedToken(_)
    ));
    assert_eq!(managed(&[empty]).id, ManagedId::System);
    assert_eq!(
        managed(&IDS).id,
        ManagedId::Client(Setting::new(ID, "AZURE_CLIENT_ID"))
    );
}

#[test]
fn placeholders_and_quotes_in_variables_are_named_and_nothing_else_is_said_of_them() {
    let secret = ("AZURE_CLIENT_SECRET", "a-secret");
    let quoted = format!("\"{ID}\"");
    for (variable, value, told) in [
        ("AZURE_CLIENT_ID", "${CLIENT_ID}", "holds the placeholder `${…}`"),
        ("AZURE_CLIENT_ID", "{clientId}", "holds the placeholder `{…}`"),
        ("AZURE_CLIENT_ID", &quoted, "has quotes around its value"),
        ("AZURE_TENANT_ID", "$(TENANT)", "holds the placeholder `$(…)`"),
        (
            "AZURE_TENANT_ID",
            "'contoso.example.com'",
            "has quotes around its value",
        ),
        (
            "AZURE_AUTHORITY_HOST",
            "https://${HOST}",
            "holds the placeholder `${…}`",
        ),
        ("AZURE_CLIENT_SECRET", "${SECRET}", "holds the placeholder `${…}`"),
        (
            "AZURE_CLIENT_SECRET",
            "\"a-secret\"",
            "has quotes around its value",
        ),
    ] {
        let mut variables = vec![(variable, value)];
        variables.extend(IDS);
        variables.push(secret);
        let failure = by_default(&variables).expect_err(variable);
        let only = format!("the credential that the environment offers cannot be used: {variable} {told}");
        assert!(failure.detail.starts_with(&only), "{failure}");
        assert!(!failure.detail.contains(';'), "{failure}");
        assert!(!failure.to_string().contains("a-secret"), "{failure}");
    }
    for variable in ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH"] {
        let failure = by_default(&[IDS[0], IDS[1], (variable, "${X}")]).expect_err(variable);
        assert!(
            failure
                .detail
                .contains(&format!("{variable} holds the placeholder")),
            "{failure}"
        );
    }
    let failure = by_default(&[("AZURE_CLIENT_ID", "${CLIENT_ID}")]).expect_err("a managed identity");
    assert!(
        failure.detail.contains("AZURE_CLIENT_ID holds the placeholder"),
        "{failure}"
    );
}

#[test]
fn a_secret_may_hold_what_looks_like_a_placeholder() {
    let secret = ("AZURE_CLIENT_SECRET", "a${b}~$CD<e>");
    assert_eq!(
        proof(&[IDS[0], IDS[1], secret]).1,
        Proof::Secret(Secret::new(secret.1))
    );
}
