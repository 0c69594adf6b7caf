//! Which version is written: policies, histories, and what is asked of the vault for them.

use std::collections::BTreeMap;

use fake_azure::{CallKind, SecretOptions};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Adds a version that was made at some second.
fn add(world: &World, name: &str, value: &str, created: i64) -> String {
    let options = SecretOptions {
        created: Some(created),
        ..SecretOptions::default()
    };
    world.fake.vault("app").set_secret_with(name, value, options)
}

#[test]
fn a_history_is_exactly_as_long_as_asked_and_follows_a_rotation() {
    let world = World::new();
    for number in 0..30 {
        add(
            &world,
            "db-password",
            &format!("value {number}"),
            1_700_000_000 + number,
        );
    }
    world.fake.vault("app").serve_empty_pages(true);
    world.manifest_with(BY_HAND, "secrets: [{ name: db-password, path: db, history: 3 }]");
    let mut running = world.run();
    running.event("Ready");
    let slots = |world: &World| [0, 1, 2, 3].map(|slot| world.text(&format!("db/{slot}")));
    let text = |number: i64| Some(format!("value {number}"));
    assert_eq!(slots(&world), [text(29), text(28), text(27), None]);

    world.fake.reset_calls();
    add(&world, "db-password", "value 30", 1_700_000_030);
    running.sync();
    assert_eq!(slots(&world), [text(30), text(29), text(28), None]);
    assert_eq!(
        world.fake.calls().of(CallKind::GetSecret),
        1,
        "only the new version is fetched"
    );
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn two_versions_of_one_second_are_told_apart() {
    let world = World::new();
    for value in ["first", "second", "third"] {
        add(&world, "db-password", value, 1_700_000_000);
    }
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: db-password, path: db, history: 2 }, { name: db-password }]",
    );
    let mut running = world.run();
    running.event("Ready");
    assert_eq!(world.text("db/0").as_deref(), Some("third"));
    add(&world, "db-password", "fourth", 1_700_000_000);
    running.sync();
    assert_eq!(world.text("db/0").as_deref(), Some("fourth"));
    assert_eq!(world.text("db-password").as_deref(), Some("fourth"));
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn latest_enabled_goes_back_to_an_older_version_and_latest_keeps_what_is_published() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("a", "one");
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a, path: latest }, { name: a, path: enabled, version: latestEnabled }]",
    );
    let mut running = world.run();
    running.event("Ready");
    add(&world, "a", "two", 4_000_000_000);
    vault.disable_secret("a");
    running.sync();
    assert_eq!(world.text("latest").as_deref(), Some("one"));
    assert_eq!(world.text("enabled").as_deref(), Some("one"));
    let (status, log) = running.stop();
    assert_eq!(status.code(), Some(0));
    let told = log.iter().filter(|line| line.contains("\"reason\":\"disabled\""));
    assert_eq!(told.count(), 1, "{log:#?}");
}

#[test]
fn created_before_takes_the_newest_version_of_its_time() {
    let world = World::new();
    add(&world, "a", "old", 1_700_000_000);
    add(&world, "a", "new", 1_800_000_000);
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a, version: { createdBefore: 2025-01-01T00:00:00Z } }]",
    );
    synced(&world);
    assert_eq!(world.text("a").as_deref(), Some("old"));
    world.fake.reset_calls();
    synced(&world);
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 0, "it is immutable");
}

#[test]
fn a_certificate_has_a_history_too_and_each_version_is_whole() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.create_certificate("web", &fake_azure::CertificateOptions::default());
    world.manifest_with(
        BY_HAND,
        "certificates: [{ name: web, history: 2, files: [{ path: web/crt, content: leaf }, { path: web/key, content: privateKey }] }]",
    );
    synced(&world);
    let first = world.text("web/crt/0").expect("published");
    // Versions are ordered by their second.
    world.fake.advance_clock(std::time::Duration::from_secs(5));
    vault.renew_certificate("web").expect("there");
    synced(&world);
    assert_eq!(world.text("web/crt/1"), Some(first.clone()));
    assert_ne!(world.text("web/crt/0"), Some(first));
    assert!(world.text("web/key/0").is_some() && world.text("web/key/1").is_some());
}

#[test]
fn metadata_says_everything_but_the_value() {
    let world = World::new();
    let options = SecretOptions {
        content_type: Some("text/plain".to_owned()),
        tags: BTreeMap::from([("env".to_owned(), "prod".to_owned())]),
        expires: Some(4_000_000_000),
        ..SecretOptions::default()
    };
    let version = world.fake.vault("app").set_secret_with("a", "the value", options);
    world.manifest_with(BY_HAND, "secrets: [{ name: a, path: a.json, content: metadata }]");
    synced(&world);
    let text = world.text("a.json").expect("published");
    assert!(!text.contains("the value"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["version"], version);
    assert_eq!(
        json["id"],
        format!("{}/secrets/a/{version}", world.fake.vault("app").url())
    );
    assert_eq!(json["contentType"], "text/plain");
    assert_eq!(json["tags"]["env"], "prod");
    assert_eq!(json["attributes"]["expires"], "2096-10-02T07:06:40Z");
}
