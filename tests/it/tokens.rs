//! Signing in as workload identity, and what becomes of its tokens: revoked, near expiry, refused, late.

use std::fs;
use std::time::{Duration, Instant};

use fake_azure::{CallKind, Effect, FEDERATED_AUDIENCE, FakeOptions, Fault, FederatedCredential, Service};
use serde_json::json;

use crate::support::{Running, World, events, events_from, eventually, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";
const SECRET: &str = "secrets: [{ name: db-password }]";

fn world() -> World {
    with_lifetime(86_400)
}

/// A world whose tokens live for these seconds.
fn with_lifetime(seconds: u64) -> World {
    let world = World::with(FakeOptions {
        token_lifetime: Duration::from_secs(seconds),
        ..FakeOptions::default()
    });
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest_with(BY_HAND, SECRET);
    world
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

fn token_calls(world: &World) -> u64 {
    world.fake.calls().of(CallKind::Token)
}

/// A refusal by Entra, in its shape.
fn refusal(status: u16, code: u32) -> Effect {
    let body = json!({
        "error": "invalid_client",
        "error_description": format!("AADSTS{code}: text of Entra.\r\nTrace ID: trace\r\n"),
        "error_codes": [code],
    });
    Effect::Answer {
        status,
        body: body.to_string(),
        headers: Vec::new(),
    }
}

/// What a `once` says that cannot sign in, with exit code 4.
fn refused(world: &World) -> String {
    let output = world.once_with(&["--timeout", "1s"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{log}");
    assert_eq!(world.text("db-password"), None);
    assert!(log.contains("hint="), "{log}");
    assert!(
        !log.contains("<=="),
        "the SDK repeats what is said better:\n{log}"
    );
    log
}

fn warnings(lines: &[String]) -> Vec<serde_json::Value> {
    events_from(lines, "WARN")
}

#[test]
fn a_revoked_token_is_replaced_by_exactly_one_new_one() {
    let world = world();
    let names: Vec<_> = (0..20).map(|number| format!("secret-{number}")).collect();
    for name in &names {
        world.fake.vault("app").set_secret(name, "one");
    }
    let entries: Vec<_> = names.iter().map(|name| format!("{{ name: {name} }}")).collect();
    world.manifest_with(BY_HAND, &format!("secrets: [{}]", entries.join(", ")));
    let mut running = ready(&world);
    world.fake.revoke_tokens();
    for name in &names {
        world.fake.vault("app").set_secret(name, "two");
    }
    world.fake.reset_calls();
    running.sync();
    assert_eq!(token_calls(&world), 1);
    assert_eq!(world.fake.calls().unauthenticated(), 0, "the challenge is known");
    for name in &names {
        assert_eq!(world.text(name).as_deref(), Some("two"));
    }
    let (_, lines) = running.stop();
    assert!(warnings(&lines).is_empty(), "{lines:#?}");
}

#[test]
fn a_token_is_renewed_in_the_background_before_anybody_needs_it() {
    let world = with_lifetime(4);
    let running = ready(&world);
    world.fake.reset_calls();
    eventually("the token is renewed", || token_calls(&world) == 1);
    assert_eq!(world.fake.calls().total(), 1, "no vault was asked");
    drop(running);
}

#[test]
fn no_read_waits_for_entra_while_the_held_token_is_good() {
    // Renewed after 5.4 to 6 s, handed out for 9 s.
    let world = with_lifetime(12);
    let mut running = ready(&world);
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, Effect::Hang));
    eventually("the renewal hangs", || token_calls(&world) == 2);
    world.fake.vault("app").set_secret("db-password", "two");
    let asked = Instant::now();
    running.sync();
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(world.text("db-password").as_deref(), Some("two"));
    let (_, lines) = running.stop();
    assert!(warnings(&lines).is_empty(), "{lines:#?}");
}

#[test]
fn an_expired_token_while_entra_is_down_keeps_the_files_and_recovers() {
    let world = world();
    let mut running = ready(&world);
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, refusal(401, 7_000_222)));
    let generation = world.generation();
    world.fake.advance_clock(Duration::from_hours(48));
    running.sync();
    assert_eq!(token_calls(&world), 2);
    assert_eq!(world.text("db-password").as_deref(), Some("one"));
    assert_eq!(world.generation(), generation);
    world.fake.faults().clear();
    // The kubelet has gone on; the old federated token has expired, too.
    world.project_token(&world.fake.assertion().sign());
    world.fake.vault("app").set_secret("db-password", "two");
    running.event("Recovered");
    assert_eq!(world.text("db-password").as_deref(), Some("two"));
    let (_, lines) = running.stop();
    let failed = events(&lines, "Object not fetched");
    let failed: Vec<_> = failed.iter().filter(|event| event["level"] == "WARN").collect();
    assert_eq!(failed.len(), 1, "{lines:#?}");
    assert_eq!(failed[0]["reason"], "identityMisconfigured");
    assert_eq!(failed[0]["kept"], true);
    assert_eq!(events(&lines, "Recovered").len(), 1, "{lines:#?}");
}

#[test]
fn a_token_file_that_comes_late_is_waited_for() {
    let world = world();
    fs::remove_file(world.path("token")).expect("removed");
    let mut running = world.run();
    let waiting = running.event("Waiting for the federated token file");
    assert_eq!(waiting["path"], world.path("token").display().to_string());
    assert_eq!(token_calls(&world), 0);
    world.project_token(&world.fake.assertion().sign());
    running.event("Ready");
    let (_, lines) = running.stop();
    assert!(warnings(&lines).is_empty(), "{lines:#?}");
}

#[test]
fn a_token_file_that_does_not_come_is_named_with_what_mounts_it() {
    let world = world();
    fs::remove_file(world.path("token")).expect("removed");
    let log = refused(&world);
    assert!(
        log.contains("AZURE_FEDERATED_TOKEN_FILE) is not there yet"),
        "{log}"
    );
    assert!(log.contains("azure.workload.identity/use"), "{log}");
    assert_eq!(token_calls(&world), 0);
}

#[test]
fn a_rotated_projected_token_is_used_at_the_next_exchange() {
    let world = world();
    let mut running = ready(&world);
    let subject = "system:serviceaccount:default:renamed";
    world.fake.set_federated_credentials(vec![FederatedCredential {
        issuer: "https://oidc.example.com/cluster/".to_owned(),
        subject: subject.to_owned(),
        audience: FEDERATED_AUDIENCE.to_owned(),
    }]);
    world.project_token(&world.fake.assertion().subject(subject).sign());
    world.fake.revoke_tokens();
    world.fake.vault("app").set_secret("db-password", "two");
    running.sync();
    assert_eq!(world.text("db-password").as_deref(), Some("two"));
    assert_eq!(token_calls(&world), 2);
}

#[test]
fn a_federated_credential_that_has_not_arrived_yet_is_waited_for() {
    let world = world();
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, refusal(401, 700_213)).times(2));
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(!log.contains("WARN"), "{log}");
    assert_eq!(token_calls(&world), 3);
}

#[test]
fn an_expired_assertion_is_read_again_at_once() {
    let world = world();
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, refusal(401, 700_024)).times(1));
    let output = world.once_with(&["--log-level", "debug"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(!log.contains("WARN"), "{log}");
    assert_eq!(token_calls(&world), 2);
    assert!(
        log.contains("Obtained a token") && !log.contains("Could not obtain a token yet"),
        "it waited in between:\n{log}"
    );
}

#[test]
fn a_throttling_entra_is_left_alone_for_as_long_as_it_asks() {
    let world = world();
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(2),
    };
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, throttled).times(1));
    let began = Instant::now();
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(token_calls(&world), 2);
}

#[test]
fn an_unknown_client_id_ends_with_4_at_once() {
    let world = world();
    let unknown = "00000000-0000-0000-0000-00000000dead";
    world.manifest_with(&format!("{BY_HAND}\nidentity: {{ clientId: {unknown} }}"), SECRET);
    let log = refused(&world);
    assert!(log.contains("AADSTS700016") && log.contains(unknown), "{log}");
    assert_eq!(token_calls(&world), 1);
}

#[test]
fn a_wrong_audience_or_issuer_ends_with_4_and_shows_what_was_sent() {
    let world = world();
    let wrong = [
        (
            world.fake.assertion().audience("api://other").sign(),
            "AADSTS700212",
        ),
        (
            world.fake.assertion().issuer("https://other.example.com/").sign(),
            "AADSTS700211",
        ),
    ];
    for ((token, code), sent) in wrong
        .into_iter()
        .zip(["api://other", "https://other.example.com/"])
    {
        world.project_token(&token);
        let log = refused(&world);
        assert!(log.contains(code) && log.contains(sent), "{log}");
        assert!(!log.contains(&token), "the assertion itself is never shown");
    }
}

#[test]
fn a_token_of_the_api_server_is_told_apart_from_the_projected_one() {
    let world = world();
    let year = Duration::from_hours(365 * 24);
    world.project_token(&world.fake.assertion().lifetime(year).sign());
    let log = refused(&world);
    assert!(
        log.contains("AADSTS70023") && log.contains("AZURE_FEDERATED_TOKEN_FILE"),
        "{log}"
    );
}

#[test]
fn an_empty_token_file_ends_with_4_and_names_it() {
    let world = world();
    world.project_token("");
    let log = refused(&world);
    assert!(log.contains(&world.path("token").display().to_string()), "{log}");
    assert_eq!(token_calls(&world), 0);
}

#[test]
fn every_missing_setting_is_named_at_once_and_nothing_is_sent() {
    let world = world();
    world.manifest_with(
        &format!("{BY_HAND}\nidentity: {{ type: workloadIdentity }}"),
        SECRET,
    );
    let output = world.command_as(&["once"], &[]).output().expect("runs");
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{log}");
    for name in ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"] {
        assert!(log.contains(name), "{name}:\n{log}");
    }
    assert_eq!(
        world.fake.calls().total() + world.fake.calls().unauthenticated(),
        0
    );
}

#[test]
fn a_credential_that_never_arrives_ends_with_4_and_shows_issuer_subject_and_audience() {
    let world = world();
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, refusal(401, 700_213)));
    let began = Instant::now();
    let log = refused(&world);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(
        log.contains("identityNotPropagated") && log.contains("AADSTS700213"),
        "{log}"
    );
    for sent in [
        "https://oidc.example.com/cluster/",
        "system:serviceaccount:default:akv-sync",
        FEDERATED_AUDIENCE,
    ] {
        assert!(log.contains(sent), "{sent}:\n{log}");
    }
}

#[test]
fn a_401_that_never_came_from_the_wire_is_marked_at_debug() {
    let world = world();
    world.fake.vault("app").set_secret("other", "two");
    world.manifest_with(BY_HAND, "secrets: [{ name: db-password }, { name: other }]");
    let output = world.once_with(&["--log-level", "debug"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    // The vault gave one challenge and two secrets; the SDK got a 401 for each secret.
    let told = log.lines().filter(|line| line.contains("401 is from memory"));
    assert_eq!(told.count(), 1, "{log}");
}
