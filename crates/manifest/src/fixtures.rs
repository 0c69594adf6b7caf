//! The manifests under `fixtures`: what is accepted, and the exact report of what is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use domain::desired::*;
use domain::object::{ObjectId, ObjectKind, ObjectName, VaultHost, VaultId, VaultName, VersionId};
use domain::path::RelativePath;

/// The folder of the valid or the invalid manifests.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Name and text of each manifest of a folder, in order.
pub(super) fn manifests(name: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(name)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    assert!(!paths.is_empty());
    let manifests = paths.into_iter().map(|path| {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a UTF-8 name")
            .to_owned();
        (name, fs::read_to_string(path).expect("readable"))
    });
    manifests.collect()
}

/// An environment in which nothing is set.
const NO_VARIABLES: &[(&str, &str)] = &[];

/// The environment that a fixture is loaded with; its name says so.
fn environment(name: &str) -> Vec<(&'static str, &'static str)> {
    if name == "environment-admin" {
        return vec![("AKV_SYNC_ADMIN_LISTEN", "8181")];
    }
    let url = match name {
        "environment-url" => "https://contoso.vault.azure.net/secrets",
        "environment-url-host" | "environment-url-host-named" => "https://vault.example.com",
        _ if name.starts_with("service-connector") => "https://contoso-connected.vault.azure.net/",
        _ => return Vec::new(),
    };
    vec![("AZURE_KEYVAULT_RESOURCEENDPOINT", url)]
}

fn load_fixture(name: &str, text: &str) -> Result<Loaded, Problems> {
    load(text, "manifest.yaml", &environment(name).as_slice())
}

fn load_valid(name: &str) -> SyncSpec {
    let text = fs::read_to_string(folder("valid").join(format!("{name}.yaml"))).expect("readable");
    load_fixture(name, &text).expect("valid").spec
}

#[test]
fn every_valid_manifest_is_accepted() {
    for (name, text) in manifests("valid") {
        match load_fixture(&name, &text) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{name}:\n{}", loaded.warnings),
            Err(problems) => panic!("{name}:\n{}", problems.render(false)),
        }
    }
}

#[test]
fn the_example_is_accepted() {
    let text = include_str!("../../../examples/manifest.yaml");
    if let Err(problems) = load(text, "examples/manifest.yaml", &NO_VARIABLES) {
        panic!("{}", problems.render(false));
    }
}

/// Compares the report on a manifest with the one beside it.
fn assert_recorded(of: &str, name: &str, problems: &Problems) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder(of));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let report = format!("{}\n{problems}\n", problems.render(false));
    settings.bind(|| insta::assert_snapshot!(name, report));
}

#[test]
fn every_invalid_manifest_is_reported_as_recorded() {
    for (name, text) in manifests("invalid") {
        let Err(problems) = load_fixture(&name, &text) else {
            panic!("{name} is accepted");
        };
        assert_recorded("invalid", &name, &problems);
    }
}

#[test]
fn every_warned_manifest_is_accepted_with_the_warnings_as_recorded() {
    for (name, text) in manifests("warned") {
        let loaded = load_fixture(&name, &text).unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        assert_recorded("warned", &name, &loaded.warnings);
    }
}

#[test]
fn every_report_belongs_to_a_manifest() {
    for of in ["invalid", "warned"] {
        assert_reports_belong(of);
    }
}

fn assert_reports_belong(of: &str) {
    let names: BTreeSet<String> = manifests(of).into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(folder(of)).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a UTF-8 name");
        assert!(names.contains(name), "{} belongs to no manifest", path.display());
    }
}

#[test]
fn a_manifest_with_one_fault_has_one_problem_and_every_code_has_a_manifest() {
    let mut seen = BTreeSet::new();
    for (name, text) in manifests("invalid") {
        let problems = load_fixture(&name, &text).expect_err("invalid");
        assert_eq!(problems.len() == 1, name != "many-faults", "{name}:\n{problems}");
        seen.extend(problems.iter().map(|problem| problem.code));
        for problem in &problems {
            assert!(problem.at.is_some() && problem.hint.is_some(), "{name}");
        }
    }
    for (name, text) in manifests("warned") {
        let warnings = load_fixture(&name, &text).expect("accepted").warnings;
        assert!(!warnings.is_empty(), "{name}");
        for problem in &warnings {
            assert_eq!(problem.severity, Severity::Warning, "{name}");
        }
        seen.extend(warnings.iter().map(|problem| problem.code));
    }
    // These are of files, not of texts; `read` has tests of its own.
    seen.extend([Code::UnreadableFile, Code::FileTooLarge, Code::NotUtf8]);
    assert_eq!(seen, Code::ALL.iter().copied().collect());
}

#[test]
fn defaults_fill_what_a_minimal_manifest_leaves_out() {
    let mode = |bits| domain::mode::FileMode::from_bits(bits);
    let vault = VaultName::parse("app").expect("a name");
    let object = ObjectId {
        vault: VaultId {
            name: vault.clone(),
            host: VaultHost::parse("contoso-app.vault.azure.net").expect("a host"),
        },
        kind: ObjectKind::Secret,
        name: ObjectName::parse("db-password").expect("a name"),
    };
    let expected = SyncSpec {
        identity: IdentitySpec::default(),
        vaults: vec![VaultSpec {
            name: vault,
            url: "https://contoso-app.vault.azure.net/".parse().expect("a URL"),
            trusted_by_name: false,
        }],
        volume: VolumeSpec {
            path: "/mnt/akv".into(),
            layout: Layout::Atomic,
            dir_mode: mode(0o750),
            owner: None,
            group: None,
        },
        refresh: RefreshSpec {
            interval: std::time::Duration::from_mins(5),
            on_start: OnStart::Fresh,
        },
        objects: vec![ObjectSpec {
            wanted: Wanted {
                object,
                version: VersionPolicy::Latest,
            },
            history: None,
            required: true,
            group: None,
            interval: std::time::Duration::from_mins(5),
            files: vec![FileSpec {
                path: RelativePath::parse("db-password").expect("a path"),
                content: Content::Secret(SecretForm::default()),
                mode: mode(0o440),
            }],
        }],
        selections: Vec::new(),
        templates: Vec::new(),
        hooks: Vec::new(),
        admin: AdminSpec::default(),
        per_object: PerObject::default(),
    };
    assert_eq!(load_valid("minimal"), expected);
}

#[test]
fn the_service_connector_names_the_vault() {
    let spec = load_valid("service-connector");
    let vaults: Vec<_> = spec
        .vaults
        .iter()
        .map(|vault| (vault.name.as_str(), vault.url.as_str()))
        .collect();
    assert_eq!(
        vaults,
        [("default", "https://contoso-connected.vault.azure.net/")]
    );
    assert!(
        spec.objects
            .iter()
            .all(|object| object.wanted.object.vault.name.as_str() == "default")
    );

    let spec = load_valid("service-connector-named");
    assert_eq!(spec.vaults[0].name.as_str(), "connected");
    assert_eq!(
        spec.vaults[0].url.as_str(),
        "https://contoso-connected.vault.azure.net/"
    );
}

#[test]
fn a_full_manifest_means_what_it_says() {
    let spec = load_valid("full");
    assert_eq!(spec.identity.kind, IdentityKind::ManagedIdentity);
    assert_eq!(spec.refresh.on_start, OnStart::LastKnownGood);
    assert_eq!(spec.refresh.interval.as_secs(), 86_400);
    let trusted: Vec<_> = spec.vaults.iter().map(|vault| vault.trusted_by_name).collect();
    assert_eq!(trusted, [false, false, false, false, true, true]);
    let contents: Vec<_> = spec
        .objects
        .iter()
        .flat_map(|object| &object.files)
        .map(|file| file.content.clone())
        .collect();
    let certificate = Content::Certificate;
    assert_eq!(
        contents,
        [
            Content::Secret(SecretEncoding::Utf8.into()),
            Content::Secret(SecretEncoding::Base64.into()),
            Content::Secret(SecretEncoding::Hex.into()),
            Content::Secret(SecretForm::default()),
            certificate(CertificateContent::FullChain { root: false }),
            certificate(CertificateContent::Leaf),
            certificate(CertificateContent::Chain { root: false }),
            certificate(CertificateContent::PrivateKey {
                form: KeyForm::Pkcs8,
                password: None
            }),
            certificate(CertificateContent::Bundle {
                order: BundleOrder::KeyFirst,
                form: KeyForm::Pkcs8,
                root: false
            }),
            certificate(CertificateContent::Bundle {
                order: BundleOrder::KeyFirst,
                form: KeyForm::Pkcs8,
                root: false
            }),
            certificate(CertificateContent::Bundle {
                order: BundleOrder::KeyLast,
                form: KeyForm::Pkcs8,
                root: false
            }),
            certificate(CertificateContent::Der),
            Content::Key(KeyFormat::Pem),
            Content::Key(KeyFormat::Der),
            Content::Key(KeyFormat::Jwk),
            Content::Key(KeyFormat::Pem),
        ]
    );
    let exact = VersionId::parse("0123456789abcdef0123456789abcdef").expect("a version");
    assert_eq!(spec.objects[2].wanted.version, VersionPolicy::Exact(exact));
    assert_eq!(spec.objects[0].files[0].mode.bits(), 0o400);
    assert_eq!(spec.objects[1].files[0].mode.bits(), 0o440);
    assert_eq!(
        [spec.objects[0].required, spec.objects[1].required],
        [true, false]
    );
}

#[test]
fn an_entry_has_its_own_interval_or_that_of_the_manifest() {
    let spec = load_valid("intervals");
    let seconds = |interval: std::time::Duration| interval.as_secs();
    let objects: Vec<_> = spec
        .objects
        .iter()
        .map(|object| (object.wanted.object.name.as_str(), seconds(object.interval)))
        .collect();
    assert_eq!(
        objects,
        [
            ("api-key", 10),
            ("api-key", 60),
            ("db-password", 1_800),
            ("license", 86_400),
            ("web-tls", 43_200),
            ("api-tls", 1_800),
            ("signing", 21_600),
            ("sealing", 1_800),
        ]
    );
    let selections: Vec<_> = spec
        .selections
        .iter()
        .map(|rule| seconds(rule.interval))
        .collect();
    assert_eq!(selections, [900, 1_800]);
    let templates: Vec<_> = spec.templates.iter().map(|file| seconds(file.interval)).collect();
    assert_eq!(templates, [90, 1_800]);
}
