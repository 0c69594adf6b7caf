//! `select`: many secrets by one rule, whatever the vault's lists are like.

use std::collections::BTreeMap;

use fake_azure::{CallKind, Effect, Fault, SecretOptions, Service};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";
const PICKED: &str = "secrets: [{ select: { prefix: app- }, pathTemplate: \"app/{suffix}\" }]";

fn world(count: usize) -> World {
    let world = World::new();
    let vault = world.fake.vault("app");
    for number in 0..count {
        vault.set_secret(&format!("app-{number}"), &format!("value {number}"));
    }
    vault.set_secret("other", "not picked");
    world.manifest_with(BY_HAND, PICKED);
    world
}

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn count(world: &World) -> usize {
    std::fs::read_dir(world.path("volume/app")).map_or(0, Iterator::count)
}

#[test]
fn every_secret_that_fits_is_written_over_full_empty_and_trailing_pages() {
    // A full last page is followed by an empty one.
    for (secrets, empty) in [(50, false), (49, false), (60, true)] {
        let world = world(secrets);
        world.fake.vault("app").serve_empty_pages(empty);
        synced(&world);
        assert_eq!(count(&world), secrets);
        assert_eq!(world.text("app/7").as_deref(), Some("value 7"));
        assert_eq!(world.text("other"), None);
    }
}

#[test]
fn a_secret_joins_changes_and_leaves() {
    let world = world(3);
    let mut running = world.run();
    running.event("Ready");
    let vault = world.fake.vault("app");
    vault.set_secret("app-new", "joined");
    vault.set_secret("app-0", "changed");
    vault.delete_secret("app-1");
    running.sync();
    assert_eq!(world.text("app/new").as_deref(), Some("joined"));
    assert_eq!(world.text("app/0").as_deref(), Some("changed"));
    assert_eq!(world.text("app/1"), None);
    assert_eq!(count(&world), 3);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn nothing_is_removed_because_a_list_fails_breaks_off_or_is_short() {
    let world = world(60);
    let mut running = world.run();
    running.event("Ready");
    let list = |effect| Fault::new(Service::Vault, effect).call(CallKind::ListSecrets);
    let status = |status| Effect::Answer {
        status,
        body: String::new(),
        headers: Vec::new(),
    };
    let pages = [
        list(status(500)),
        list(status(403)),
        list(status(429)).after(1),
        list(Effect::Reset).after(2),
        list(Effect::TruncatedBody).after(1),
    ];
    for fault in pages {
        world.fake.faults().inject(fault);
        running.sync();
        assert_eq!(count(&world), 60);
        world.fake.faults().clear();
    }
    world.fake.vault("app").hide_from_lists(&["app-1", "app-2"]);
    running.sync();
    assert_eq!(count(&world), 60, "the vault still has them");
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn an_identity_that_may_not_list_is_told_what_it_lacks() {
    let world = world(2);
    world.fake.vault("app").deny_lists();
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert!(
        log.contains("app/secrets?prefix=app-") && log.contains("readMetadata") && log.contains("hint="),
        "{log}"
    );
}

#[test]
fn tags_and_globs_pick_and_secrets_of_certificates_are_left_out() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let tagged = SecretOptions {
        tags: BTreeMap::from([("env".to_owned(), "prod".to_owned())]),
        ..SecretOptions::default()
    };
    vault.set_secret_with("tagged", "picked", tagged);
    vault.set_secret("app-db-password", "picked");
    vault.set_secret("app-db-user", "left out");
    vault.create_certificate("app-web-password", &fake_azure::CertificateOptions::default());
    world.manifest_with(
        BY_HAND,
        "secrets:\n\
         - { select: { tag: env=prod }, pathTemplate: \"tag/{name}\" }\n\
         - { select: { glob: \"app-*-password\" }, pathTemplate: \"glob/{name}\" }\n",
    );
    synced(&world);
    assert_eq!(world.text("tag/tagged").as_deref(), Some("picked"));
    assert_eq!(world.text("glob/app-db-password").as_deref(), Some("picked"));
    for absent in ["glob/app-db-user", "glob/app-web-password", "tag/app-db-user"] {
        assert_eq!(world.text(absent), None, "{absent}");
    }
}

#[test]
fn more_than_the_limit_is_an_error_that_changes_nothing() {
    let world = world(3);
    synced(&world);
    world.manifest_with(
        BY_HAND,
        "secrets: [{ select: { prefix: app-, limit: 3 }, pathTemplate: \"app/{suffix}\" }]",
    );
    world.fake.vault("app").set_secret("app-more", "one too many");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert!(log.contains("reason=tooManySelected"), "{log}");
    assert_eq!(count(&world), 3);
}
