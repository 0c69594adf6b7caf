//! Outages: files stay, one line says so, one line says that it is over, and nothing storms.

use std::fs;
use std::time::{Duration, Instant};

use fake_azure::{CallKind, Effect, FakeOptions, Fault, Service};
use serde_json::Value;

use crate::network::Gate;
use crate::support::{Running, World, events, events_from, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";

/// A world with `count` secrets, `secret-0` and so on, each worth `one`.
fn world(count: usize, http2: bool) -> World {
    let world = World::with(FakeOptions {
        http2,
        ..FakeOptions::default()
    });
    set_all(&world, count, "one");
    world.manifest_with(BY_HAND, &objects(count));
    world
}

fn set_all(world: &World, count: usize, value: &str) {
    for number in 0..count {
        world
            .fake
            .vault("app")
            .set_secret(&format!("secret-{number}"), value);
    }
}

fn objects(count: usize) -> String {
    let entries: Vec<_> = (0..count)
        .map(|number| format!("{{ name: secret-{number} }}"))
        .collect();
    format!("secrets: [{}]", entries.join(", "))
}

fn all_are(world: &World, count: usize, value: &str) -> bool {
    (0..count).all(|number| world.text(&format!("secret-{number}")).as_deref() == Some(value))
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().expect("a port").parse().expect("a number")
}

/// Puts the gate in the place of a vault's URL in the manifest.
fn lead_through(world: &World, url: &str, gate: &Gate) {
    let manifest = fs::read_to_string(world.path("manifest.yaml")).expect("readable");
    let manifest = manifest.replace(url, &format!("https://localhost:{}", gate.port()));
    fs::write(world.path("manifest.yaml"), manifest).expect("written");
}

fn down(world: &World, effect: Effect) {
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, effect).including_unauthenticated());
}

/// The one warning of an outage over `count` objects, and the lines of their recovery.
fn told_once(running: Running, count: usize) -> Value {
    let (status, lines) = running.stop();
    assert_eq!(status.code(), Some(0));
    let log = lines.join("\n");
    let warnings = events_from(&lines, "WARN");
    assert_eq!(warnings.len(), 1, "{log}");
    assert_eq!(warnings[0]["objects"], count, "{log}");
    assert_eq!(warnings[0]["kept"], true, "{log}");
    assert!(!events(&lines, "Recovered").is_empty(), "{log}");
    warnings[0].clone()
}

#[test]
fn a_vault_that_refuses_connections_costs_no_file_and_its_return_is_noticed_without_help() {
    let world = world(3, true);
    let vault = world.fake.vault("app");
    let mut gate = Gate::to(port(vault.url()));
    lead_through(&world, vault.url(), &gate);
    let mut running = ready(&world);
    let before = world.inventory();
    gate.shut();
    running.sync();
    assert_eq!(world.inventory(), before);
    gate.open();
    set_all(&world, 3, "two");
    running.event("Recovered");
    running.event("Pass finished");
    assert!(all_are(&world, 3, "two"));
    assert_eq!(told_once(running, 3)["reason"], "unreachable");
}

#[test]
fn an_outage_of_one_vault_does_not_hold_up_another() {
    let world = World::with(FakeOptions {
        vaults: vec!["app".to_owned(), "shared".to_owned()],
        ..FakeOptions::default()
    });
    let (app, shared) = (world.fake.vault("app"), world.fake.vault("shared"));
    app.set_secret("a", "one");
    shared.set_secret("b", "one");
    let mut gate = Gate::to(port(shared.url()));
    world.manifest_of_vaults(
        &["app", "shared"],
        &format!("{BY_HAND}\nsecrets: [{{ name: a, vault: app }}, {{ name: b, vault: shared }}]"),
    );
    lead_through(&world, shared.url(), &gate);
    let mut running = ready(&world);
    gate.shut();
    app.set_secret("a", "two");
    running.sync();
    assert_eq!(world.text("a").as_deref(), Some("two"));
    assert_eq!(world.text("b").as_deref(), Some("one"));
    gate.open();
    running.event("Recovered");
    let warning = told_once(running, 1);
    assert_eq!(warning["object"], "shared/secrets/b");
}

#[test]
fn a_vault_that_resets_every_connection_gets_a_bounded_number_of_calls() {
    let world = world(100, true);
    let mut running = ready(&world);
    down(&world, Effect::Reset);
    world.fake.reset_calls();
    running.sync();
    running.sync();
    let calls = world.fake.calls().of(CallKind::GetSecret);
    assert!(
        (3..=250).contains(&calls),
        "one try each in both passes, and fifty retries for all: {calls}"
    );
    assert_eq!(world.fake.calls().of(CallKind::Token), 0);
    assert!(all_are(&world, 100, "one"));
    world.fake.faults().clear();
    running.sync();
    assert_eq!(told_once(running, 100)["reason"], "unreachable");
}

#[test]
fn a_throttling_vault_is_not_asked_for_every_object() {
    // They were answered before, so that 20 are under way when the first 429 comes.
    let world = world(300, true);
    let mut running = ready(&world);
    let throttled = Effect::Throttled {
        retry_after_seconds: None,
    };
    down(&world, throttled);
    world.fake.reset_calls();
    running.sync();
    let calls = world.fake.calls().of(CallKind::GetSecret);
    assert!((1..=40).contains(&calls), "{calls}");
    world.fake.faults().clear();
    running.sync();
    assert_eq!(told_once(running, 300)["reason"], "throttled");
}

#[test]
fn a_retry_after_is_waited_for() {
    let world = world(1, true);
    let mut running = ready(&world);
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(3),
    };
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, throttled).times(1));
    world.fake.reset_calls();
    running.sync();
    let refused = Instant::now();
    // Who asks for a sync meanwhile has to wait for it too.
    running.sync();
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 1);
    running.event("Recovered");
    assert!(
        refused.elapsed() > Duration::from_millis(2_900),
        "{:?}",
        refused.elapsed()
    );
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 2);
}

#[test]
fn a_cold_start_into_an_outage_asks_for_one_challenge_at_a_time() {
    let world = world(50, true);
    down(
        &world,
        Effect::Throttled {
            retry_after_seconds: None,
        },
    );
    let output = world.once_with(&["--timeout", "1s", "--log-format", "json"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{log}");
    let calls = world.fake.calls();
    assert!(calls.unauthenticated() <= 3, "{}", calls.unauthenticated());
    assert!(calls.of(CallKind::Token) <= 1);
    assert_eq!(calls.of(CallKind::GetSecret), 0);
    let lines: Vec<_> = log.lines().map(str::to_owned).collect();
    let told = events_from(&lines, "WARN");
    assert_eq!(told.len(), 2, "one warning for all, and the end:\n{log}");
    assert_eq!(
        (&told[0]["level"], &told[0]["objects"]),
        (&"WARN".into(), &50.into())
    );
    assert_eq!(
        (&told[1]["message"], &told[1]["failed"]),
        (&"Ended".into(), &50.into())
    );
}

#[test]
fn a_vault_without_http_2_serves_as_well() {
    let world = world(50, false);
    let mut running = ready(&world);
    assert!(all_are(&world, 50, "one"));
    let calls = world.fake.calls();
    assert_eq!(calls.of(CallKind::Token), 1);
    assert_eq!(calls.unauthenticated(), 1);
    set_all(&world, 50, "two");
    world.fake.reset_calls();
    running.sync();
    assert!(all_are(&world, 50, "two"));
    assert_eq!(
        world.fake.calls().connections(Service::Vault),
        0,
        "the connections are kept"
    );
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn with_http_2_one_connection_serves_all_objects() {
    let world = world(50, true);
    let running = ready(&world);
    assert_eq!(world.fake.calls().connections(Service::Vault), 1);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_connection_that_was_closed_between_passes_is_opened_again_unnoticed() {
    let world = world(20, true);
    let mut running = ready(&world);
    world.fake.faults().close_connections(Service::Vault);
    set_all(&world, 20, "two");
    running.sync();
    assert!(all_are(&world, 20, "two"));
    let (_, lines) = running.stop();
    assert!(events_from(&lines, "WARN").is_empty(), "{lines:#?}");
}

#[test]
fn a_connection_that_died_silently_costs_seconds_and_fails_nothing() {
    let world = world(5, true);
    let mut running = ready(&world);
    world.fake.faults().silence_connections(Service::Vault);
    set_all(&world, 5, "two");
    let asked = Instant::now();
    running.sync();
    // A ping after 10 s of silence, 3 s for its answer, up to 2.5 s of pauses.
    assert!(asked.elapsed() < Duration::from_secs(17), "{:?}", asked.elapsed());
    assert!(all_are(&world, 5, "two"));
    let (_, lines) = running.stop();
    assert!(events_from(&lines, "WARN").is_empty(), "{lines:#?}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_told_with_the_way_to_trust_it() {
    let world = world(3, true);
    let mut running = ready(&world);
    world
        .fake
        .faults()
        .present_untrusted_certificate(Service::Vault, true);
    running.sync();
    assert!(all_are(&world, 3, "one"));
    world
        .fake
        .faults()
        .present_untrusted_certificate(Service::Vault, false);
    running.sync();
    let warning = told_once(running, 3);
    assert_eq!(warning["reason"], "tlsRefused");
    assert!(
        warning["hint"].as_str().expect("text").contains("--ca-file"),
        "{warning:#}"
    );
}

#[test]
fn once_does_not_wait_for_a_certificate_to_become_trusted() {
    for (service, reason, exit) in [
        (Service::Vault, "tlsRefused", 6),
        (Service::Entra, "identityMisconfigured", 4),
    ] {
        let world = world(3, true);
        world.fake.faults().present_untrusted_certificate(service, true);
        let began = Instant::now();
        let output = world.once_with(&["--timeout", "60s"]);
        let log = stderr(&output);
        assert!(began.elapsed() < Duration::from_secs(20), "{log}");
        assert_eq!(output.status.code(), Some(exit), "{log}");
        assert!(log.contains(reason) && log.contains("--ca-file"), "{log}");
        assert!(
            log.contains("nobody who is trusted here signed the server's certificate"),
            "{log}"
        );
    }
}

#[test]
fn an_entra_that_hangs_at_the_start_is_named_and_ends_with_6() {
    let world = world(3, true);
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, Effect::Hang));
    let output = world.once_with(&["--timeout", "1s"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{log}");
    assert!(
        log.contains("identityUnavailable") && log.contains(world.fake.client_id()),
        "{log}"
    );
    assert_eq!(world.fake.calls().of(CallKind::Token), 1);
}

#[test]
fn an_entra_or_identity_endpoint_that_throttles_or_fails_ends_with_6() {
    let throttled = Effect::Throttled {
        retry_after_seconds: None,
    };
    let failing = Effect::Answer {
        status: 503,
        body: String::new(),
        headers: vec![],
    };
    for service in [Service::Entra, Service::IdentityEndpoint] {
        for effect in [&throttled, &failing, &Effect::Reset] {
            let world = world(1, true);
            let faults = world.fake.faults();
            faults.inject(Fault::new(service, effect.clone()));
            let endpoint = [
                ("IDENTITY_ENDPOINT", world.fake.identity_endpoint()),
                ("IDENTITY_HEADER", world.fake.identity_header()),
            ];
            let args = ["once", "--timeout", "1s"];
            let output = if service == Service::Entra {
                world.once_with(&args[1..])
            } else {
                world.command_as(&args, &endpoint).output().expect("runs")
            };
            let log = stderr(&output);
            assert_eq!(output.status.code(), Some(6), "{service:?} {effect:?}:\n{log}");
            assert!(
                log.contains("identityUnavailable"),
                "{service:?} {effect:?}:\n{log}"
            );
        }
    }
}
