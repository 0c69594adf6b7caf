//! Every way to sign in, from the environment and from the manifest, down to the names of the public cloud.

use std::fs;
use std::process::Output;

use fake_azure::{
    CallKind, CertificateOptions, Effect, FakeOptions, Fault, IDENTITY_RESOURCE_ID, KeyType, OBJECT_ID,
    Service,
};

use crate::network::Proxy;
use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";
const SECRET: &str = "secrets: [{ name: db-password }]";

fn world() -> World {
    let world = World::new();
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest_with(BY_HAND, SECRET);
    world
}

fn with_identity(world: &World, identity: &str) {
    world.manifest_with(&format!("{BY_HAND}\nidentity: {identity}"), SECRET);
}

fn once_as(world: &World, identity: &[(&str, &str)]) -> Output {
    world
        .command_as(&["once", "--timeout", "1s"], identity)
        .output()
        .expect("runs")
}

fn synced(world: &World, output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    assert_eq!(world.text("db-password").as_deref(), Some("one"));
}

#[test]
fn a_client_secret_of_the_environment_signs_in_before_anything_else() {
    let world = world();
    let secret = world.fake.client_secret();
    let output = once_as(
        &world,
        &[
            ("AZURE_TENANT_ID", world.fake.tenant_id()),
            ("AZURE_CLIENT_ID", world.fake.client_id()),
            ("AZURE_CLIENT_SECRET", &secret),
            ("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent"),
        ],
    );
    synced(&world, &output);
}

#[test]
fn an_answer_of_entra_that_breaks_off_is_not_called_unreachable() {
    for (effect, http2, told) in [
        (Effect::TruncatedBody, true, "broke off"),
        (Effect::TruncatedBody, false, "broke off"),
        (Effect::Reset, true, "ended before its answer"),
        (Effect::RefusedStream, true, "ended before its answer"),
    ] {
        let world = World::with(FakeOptions {
            http2,
            ..FakeOptions::default()
        });
        world.manifest_with(BY_HAND, SECRET);
        world
            .fake
            .faults()
            .inject(Fault::new(Service::Entra, effect.clone()));
        let output = world.once_with(&["--timeout", "1s"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(6), "{effect:?}: {text}");
        assert!(text.contains(told), "{effect:?}, HTTP/2 {http2}: {text}");
        assert!(!text.contains("cannot be reached"), "{effect:?}: {text}");
    }
}

#[test]
fn a_client_secret_of_a_file_signs_in() {
    let world = world();
    fs::write(world.path("secret"), format!("{}\n", world.fake.client_secret())).expect("written");
    with_identity(
        &world,
        &format!(
            "{{ type: clientSecret, clientSecretFile: \"{}\", tenantId: {}, clientId: {} }}",
            world.path("secret").display(),
            world.fake.tenant_id(),
            world.fake.client_id()
        ),
    );
    synced(&world, &once_as(&world, &[]));
}

#[test]
fn a_wrong_client_secret_ends_with_4_and_is_not_shown() {
    let world = world();
    let identity = [
        ("AZURE_TENANT_ID", world.fake.tenant_id()),
        ("AZURE_CLIENT_ID", world.fake.client_id()),
        ("AZURE_CLIENT_SECRET", "marker-of-a-wrong-secret"),
    ];
    let output = once_as(&world, &identity);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{log}");
    assert!(
        log.contains("AADSTS7000215") && log.contains("the secret's value, not its ID"),
        "{log}"
    );
    assert!(!log.contains("marker-of"), "{log}");
    assert_eq!(world.fake.calls().of(CallKind::Token), 1);
}

#[test]
fn a_client_certificate_signs_in() {
    let world = world();
    // The vault makes the certificate; a first sync brings it here.
    let options = CertificateOptions {
        key_type: KeyType::Rsa2048,
        ..CertificateOptions::default()
    };
    world.fake.vault("app").create_certificate("client", &options);
    world.manifest_with(
        BY_HAND,
        "certificates: [{ name: client, files: [{ path: client.pem, content: bundle }, \
         { path: client.der, content: der }] }]",
    );
    assert_eq!(world.once().status.code(), Some(0));
    let (pem, der) = (world.path("client.pem"), world.path("volume/client.der"));
    fs::copy(world.path("volume/client.pem"), &pem).expect("copied");
    let der = fs::read(der).expect("readable");
    world.manifest_with(BY_HAND, SECRET);
    let path = pem.display().to_string();
    let identity = [
        ("AZURE_TENANT_ID", world.fake.tenant_id()),
        ("AZURE_CLIENT_ID", world.fake.client_id()),
        ("AZURE_CLIENT_CERTIFICATE_PATH", path.as_str()),
    ];
    let output = once_as(&world, &identity);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "not registered yet:\n{log}");
    world.fake.register_certificate(&der);
    synced(&world, &once_as(&world, &identity));
}

#[test]
fn the_identity_endpoint_of_app_service_gives_tokens_of_every_sort_of_identity() {
    let identities = [
        "{ type: default }".to_owned(),
        "{ type: managedIdentity }".to_owned(),
        "{ type: managedIdentity, clientId: CLIENT }".to_owned(),
        format!("{{ type: managedIdentity, objectId: {OBJECT_ID} }}"),
        format!("{{ type: managedIdentity, resourceId: {IDENTITY_RESOURCE_ID} }}"),
    ];
    for identity in identities {
        let world = world();
        with_identity(&world, &identity.replace("CLIENT", world.fake.client_id()));
        let output = once_as(
            &world,
            &[
                ("IDENTITY_ENDPOINT", world.fake.identity_endpoint()),
                ("IDENTITY_HEADER", world.fake.identity_header()),
            ],
        );
        synced(&world, &output);
        let calls = world.fake.calls();
        assert_eq!(calls.of(CallKind::IdentityEndpoint), 1, "{identity}");
        assert_eq!(calls.of(CallKind::Token), 0, "Entra is not asked: {identity}");
    }
}

#[test]
fn an_unassigned_managed_identity_ends_with_4_and_says_how_to_assign_it() {
    let world = world();
    world.fake.assign_managed_identity(false);
    let output = once_as(
        &world,
        &[
            ("IDENTITY_ENDPOINT", world.fake.identity_endpoint()),
            ("IDENTITY_HEADER", world.fake.identity_header()),
        ],
    );
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{log}");
    assert!(
        log.contains("identityMisconfigured") && log.contains("assign the identity"),
        "{log}"
    );
}

#[test]
fn the_identity_endpoint_is_never_asked_through_a_proxy() {
    let world = world();
    let proxy = Proxy::start(None);
    let url = proxy.url();
    let output = once_as(
        &world,
        &[
            ("IDENTITY_ENDPOINT", world.fake.identity_endpoint()),
            ("IDENTITY_HEADER", world.fake.identity_header()),
            ("HTTPS_PROXY", &url),
            ("HTTP_PROXY", &url),
            ("ALL_PROXY", &url),
        ],
    );
    synced(&world, &output);
    let vault = world.fake.vault("app");
    let authority = vault.url().strip_prefix("https://").expect("https");
    assert!(!proxy.asked().is_empty(), "the vault is behind the proxy");
    assert!(
        proxy.asked().iter().all(|asked| asked == authority),
        "{:?}",
        proxy.asked()
    );
}

/// A fake with the names of the public cloud, behind a proxy that knows where it is.
fn public_cloud() -> (World, Proxy) {
    let world = World::with(FakeOptions {
        https: Some("127.0.0.1:0".parse().expect("an address")),
        ..FakeOptions::default()
    });
    world.fake.vault("app").set_secret("db-password", "one");
    let port = world
        .fake
        .vault("app")
        .url()
        .rsplit(':')
        .next()
        .expect("a port")
        .parse();
    let proxy = Proxy::start(Some(port.expect("a number")));
    (world, proxy)
}

#[test]
fn service_connectors_variables_are_enough_for_a_manifest_without_vaults() {
    let (world, proxy) = public_cloud();
    let volume = world.path("volume");
    let manifest = format!(
        "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: {{ path: \"{}\" }}\n{SECRET}\n",
        volume.display()
    );
    fs::write(world.path("manifest.yaml"), manifest).expect("written");
    let (secret, url) = (world.fake.client_secret(), proxy.url());
    let mut command = world.command_as(
        &["once"],
        &[
            ("AZURE_KEYVAULT_RESOURCEENDPOINT", "https://app.vault.azure.net/"),
            ("AZURE_KEYVAULT_SCOPE", "https://management.azure.com/.default"),
            ("AZURE_KEYVAULT_TENANTID", world.fake.tenant_id()),
            ("AZURE_KEYVAULT_CLIENTID", world.fake.client_id()),
            ("AZURE_KEYVAULT_CLIENTSECRET", &secret),
            ("HTTPS_PROXY", &url),
        ],
    );
    command.env_remove("AZURE_AUTHORITY_HOST");
    synced(&world, &command.output().expect("runs"));
    let mut asked = proxy.asked();
    asked.sort();
    asked.dedup();
    assert_eq!(
        asked,
        ["app.vault.azure.net:443", "login.microsoftonline.com:443"],
        "nothing else is called"
    );
}

#[test]
fn workload_identity_works_with_the_names_of_the_public_cloud_and_nothing_else() {
    let (world, proxy) = public_cloud();
    let volume = world.path("volume");
    let manifest = format!(
        "apiVersion: akv-sync/v1\nkind: SyncManifest\n\
         vaults: [{{ name: app, url: \"https://app.vault.azure.net\" }}]\n\
         volume: {{ path: \"{}\" }}\n{SECRET}\n",
        volume.display()
    );
    fs::write(world.path("manifest.yaml"), manifest).expect("written");
    let mut command = world.command(&["once"]);
    command
        .env_remove("AZURE_AUTHORITY_HOST")
        .env("HTTPS_PROXY", proxy.url());
    synced(&world, &command.output().expect("runs"));
}
