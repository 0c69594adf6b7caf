//! `run`: becomes ready, stays current, leaves alone what is current, ends when told to.

use std::time::{Duration, Instant};

use fake_azure::{CallKind, CertificateOptions, Effect, FakeOptions, Fault, Service};
use nix::sys::signal::Signal;

use crate::admin::At;
use crate::support::{Running, World, events, events_from, eventually};

const SECRET: &str = "secrets: [{ name: db-password, path: db/password }]";
/// Passes come when a test asks for them.
const BY_HAND: &str = "refresh: { interval: 24h }";

fn world() -> World {
    let world = World::new();
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest_with(BY_HAND, SECRET);
    world
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

#[test]
fn a_rotation_is_on_disk_within_one_interval_and_its_jitter() {
    let world = world();
    world.manifest_with("refresh: { interval: 10s }", SECRET);
    let _running = ready(&world);
    let version = world.fake.vault("app").set_secret("db-password", "two");
    let rotated = Instant::now();
    eventually("the rotated value is published", || {
        world.text("db/password").as_deref() == Some("two")
    });
    // The regular wait is evenly spread over 5 to 15 s.
    assert!(
        rotated.elapsed() < Duration::from_secs(16),
        "{:?}",
        rotated.elapsed()
    );
    assert!(!version.is_empty());
}

#[test]
fn a_hang_up_syncs_now_and_one_line_tells_of_the_new_version() {
    let world = world();
    let mut running = ready(&world);
    let version = world.fake.vault("app").set_secret("db-password", "two");
    running.sync();
    assert_eq!(world.text("db/password").as_deref(), Some("two"));
    let (status, lines) = running.stop();
    assert_eq!(status.code(), Some(0));
    let published = events(&lines, "Published");
    assert_eq!(published.len(), 2, "{published:#?}");
    assert_eq!(published[1]["object"], "app/secrets/db-password");
    assert_eq!(published[1]["version"], version);
}

#[test]
fn a_no_op_pass_is_one_get_for_each_unpinned_object_and_touches_nothing() {
    let world = World::new();
    let vault = world.fake.vault("app");
    for name in ["a", "b", "c"] {
        vault.set_secret(name, name);
    }
    let pinned = vault.set_secret("pinned", "value");
    vault.create_certificate("tls", &CertificateOptions::default());
    world.manifest_with(
        BY_HAND,
        &format!(
            "secrets: [{{ name: a }}, {{ name: b }}, {{ name: c }}, {{ name: pinned, version: {pinned} }}]\n\
             certificates: [{{ name: tls, files: [{{ path: tls.crt, content: fullChain }}, \
             {{ path: tls.key, content: privateKey }}] }}]"
        ),
    );
    let mut running = ready(&world);
    let before = world.inventory();
    world.fake.reset_calls();
    running.sync();
    running.sync();
    let calls = world.fake.calls();
    assert_eq!(calls.of(CallKind::GetSecret), 2 * 4);
    assert_eq!(calls.total(), 2 * 4, "no token, nothing else");
    assert_eq!(calls.unauthenticated(), 0, "no challenge");
    assert_eq!(calls.of_object("pinned"), 0);
    assert_eq!(calls.connections(Service::Vault), 0, "the connection is kept");
    assert_eq!(world.inventory(), before);
    let (_, lines) = running.stop();
    let asked = lines
        .iter()
        .position(|line| line.contains("Sync asked for"))
        .expect("asked");
    let told: Vec<_> = events_from(&lines[asked..], "INFO")
        .iter()
        .map(|event| event["message"].as_str().expect("text").to_owned())
        .collect();
    let expected = [
        "Sync asked for",
        "Pass finished",
        "Sync asked for",
        "Pass finished",
        "Stopping",
        "Stopped",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_pinned_version_is_fetched_once_even_over_a_restart() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let pinned = vault.set_secret("db-password", "pinned");
    vault.set_secret("db-password", "newer");
    world.manifest_with(
        BY_HAND,
        &format!("secrets: [{{ name: db-password, version: {pinned} }}]"),
    );
    let mut running = ready(&world);
    running.sync();
    assert_eq!(running.stop().0.code(), Some(0));
    let mut running = ready(&world);
    running.sync();
    assert_eq!(world.text("db-password").as_deref(), Some("pinned"));
    assert_eq!(world.fake.calls().of_object("db-password"), 1);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_restart_takes_the_volume_over_and_rewrites_nothing() {
    let world = world();
    assert_eq!(ready(&world).stop().0.code(), Some(0));
    let before = world.inventory();
    let (status, lines) = ready(&world).stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(world.inventory(), before);
    assert_eq!(events(&lines, "Published").len(), 0, "{lines:#?}");
}

#[test]
fn what_once_wrote_is_taken_over_by_run() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    let generation = world.generation();
    let running = ready(&world);
    assert_eq!(world.generation(), generation);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_rotation_while_it_was_down_is_published_at_the_next_start() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    world.fake.vault("app").set_secret("db-password", "two");
    let mut running = ready(&world);
    running.event("Published");
    assert_eq!(world.text("db/password").as_deref(), Some("two"));
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn sigterm_ends_it_with_0_within_a_second_while_the_vault_hangs() {
    let world = world();
    let mut running = ready(&world);
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    let before = world.inventory();
    running.signal(Signal::SIGHUP);
    running.event("Sync asked for");
    eventually("the vault is asked", || {
        world.fake.calls().of_object("db-password") == 2
    });
    let told = Instant::now();
    let (status, lines) = running.stop();
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    assert_eq!(status.code(), Some(0), "{lines:#?}");
    assert_eq!(world.inventory(), before);
}

#[test]
fn sigterm_before_the_first_token_ends_it_with_0_and_an_empty_volume() {
    let world = world();
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Entra, Effect::Hang));
    let running = world.run();
    eventually("Entra is asked", || world.fake.calls().of(CallKind::Token) == 1);
    let told = Instant::now();
    assert_eq!(running.stop().0.code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    assert_eq!(world.text("db/password"), None);
}

#[test]
fn an_interrupted_once_ends_with_130_at_once() {
    let world = world();
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        world.fake.reset_calls();
        let running = Running::start(world.command(&["once"]));
        eventually("the vault is asked", || {
            world.fake.calls().of_object("db-password") == 1
        });
        running.signal(signal);
        let told = Instant::now();
        assert_eq!(running.finish().0.code(), Some(130));
        assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    }
}

#[test]
fn with_last_known_good_it_is_ready_while_the_vault_is_down() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    let socket = world.path("admin.sock");
    let middle = format!(
        "refresh: {{ interval: 24h, onStart: lastKnownGood }}\nadmin: {{ socket: {} }}",
        socket.display()
    );
    world.manifest_with(&middle, SECRET);
    let generation = world.generation();
    world.take_the_vault_away();
    let mut running = world.run();
    running.event("Ready with last known good files");
    running.event("Object not fetched");
    let at = At::Socket(socket);
    assert_eq!(
        at.ask("GET", "/readyz").body,
        "ready, began with last known good files\n"
    );
    assert!(
        at.ask("GET", "/metrics")
            .body
            .contains("akv_sync_ready_last_known_good 1\n")
    );
    assert_eq!(world.text("db/password").as_deref(), Some("one"));
    assert_eq!(world.generation(), generation);
    world.fake.faults().clear();
    world.fake.vault("app").set_secret("db-password", "two");
    running.event("Recovered");
    assert_eq!(world.text("db/password").as_deref(), Some("two"));
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn fresh_is_ready_at_once_with_what_the_vault_confirmed_within_one_interval() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    world.take_the_vault_away();
    let mut running = world.run();
    running.event("Ready");
    running.event("Object not fetched");
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn once_renews_a_confirmation_and_touches_no_file() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    world.confirmed_at("2000-01-01T00:00:00Z");
    let generation = world.generation();
    assert_eq!(world.once().status.code(), Some(0));
    assert_eq!(world.generation(), generation);
    world.take_the_vault_away();
    let mut running = world.run();
    running.event("Ready");
}

#[test]
fn a_confirmation_in_the_future_counts_as_never() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    world.confirmed_at("2100-01-01T00:00:00Z");
    world.take_the_vault_away();
    let mut running = world.run();
    running.event("Object not fetched");
    let (_, lines) = running.stop();
    assert!(events(&lines, "Ready").is_empty(), "{lines:#?}");
}

#[test]
fn fresh_is_not_ready_while_the_vault_is_down() {
    let world = world();
    assert_eq!(world.once().status.code(), Some(0));
    world.confirmed_at("2000-01-01T00:00:00Z");
    world.take_the_vault_away();
    let mut running = world.run();
    running.event("Object not fetched");
    world.fake.faults().clear();
    running.event("Recovered");
    let (_, lines) = {
        running.event("Ready");
        running.stop()
    };
    let position = |message: &str| {
        lines
            .iter()
            .position(|line| line.contains(&format!("\"{message}\"")))
            .expect("told")
    };
    assert!(position("Recovered") < position("Ready"));
}

#[test]
fn objects_of_several_vaults_come_with_one_token_and_one_challenge_for_each() {
    let world = World::with(FakeOptions {
        vaults: vec!["app".to_owned(), "shared".to_owned()],
        ..FakeOptions::default()
    });
    world.fake.vault("app").set_secret("name", "of app");
    world.fake.vault("shared").set_secret("name", "of shared");
    world.manifest_of_vaults(
        &["app", "shared"],
        "secrets: [{ name: name, vault: app, path: a }, { name: name, vault: shared, path: b }]",
    );
    let running = ready(&world);
    assert_eq!(world.text("a").as_deref(), Some("of app"));
    assert_eq!(world.text("b").as_deref(), Some("of shared"));
    let calls = world.fake.calls();
    assert_eq!(calls.of(CallKind::Token), 1);
    assert_eq!(calls.unauthenticated(), 2);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once_with_130() {
    let world = world();
    let running = ready(&world);
    // Both are pending when it goes on.
    running.signal(Signal::SIGSTOP);
    running.signal(Signal::SIGTERM);
    running.signal(Signal::SIGINT);
    running.signal(Signal::SIGCONT);
    assert_eq!(running.finish().0.code(), Some(130));
}
