//! Whose bytes they are: those of a vault's host, whatever the manifest calls the vault.

use std::fs;

use fake_azure::{CallKind, FakeOptions};
use serde_json::Value;

use crate::support::{World, events, stderr};

/// Two vaults, each with a secret `name`; gives the version of the one of `app`, too.
fn world() -> (World, String) {
    let world = World::with(FakeOptions {
        vaults: vec!["app".to_owned(), "other".to_owned()],
        ..FakeOptions::default()
    });
    let version = world.fake.vault("app").set_secret("name", "of app");
    world.fake.vault("other").set_secret("name", "of other");
    (world, version)
}

fn by_hand(on_start: &str, objects: &str) -> String {
    format!("refresh: {{ interval: 24h, onStart: {on_start} }}\nsecrets: [{objects}]")
}

fn pinned(vault: &str, version: &str) -> String {
    by_hand(
        "fresh",
        &format!("{{ name: name, vault: {vault}, path: a, version: {version} }}"),
    )
}

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// While no vault answers, the files stay, and nothing is ready.
fn stays(world: &World) {
    let before = world.inventory();
    world.take_the_vault_away();
    let output = world.once_with(&["--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert_eq!(world.inventory(), before);
    let mut running = world.run();
    running.event("Object not fetched");
    running.event("Pass finished");
    let (_, lines) = running.stop();
    for ready in ["Ready", "Ready with last known good files"] {
        assert_eq!(events(&lines, ready).len(), 0, "{lines:#?}");
    }
    assert_eq!(world.inventory(), before);
    world.fake.faults().clear();
}

#[test]
fn an_edited_url_makes_last_known_good_of_what_the_old_vault_gave() {
    for on_start in ["fresh", "lastKnownGood"] {
        let (world, _) = world();
        let objects = by_hand(on_start, "{ name: name, vault: app, path: a }");
        world.manifest_of_named(&[("app", "app")], &objects);
        synced(&world);
        world.manifest_of_named(&[("app", "other")], &objects);
        stays(&world);
        assert_eq!(world.text("a").as_deref(), Some("of app"));
        let mut running = world.run();
        running.event("Ready");
        assert_eq!(world.text("a").as_deref(), Some("of other"));
        assert_eq!(running.stop().0.code(), Some(0));
    }
}

#[test]
fn two_urls_that_are_swapped_swap_the_bytes_when_the_vaults_answer_and_not_before() {
    let (world, _) = world();
    world.fake.vault("other").set_secret("second", "second of other");
    world.fake.vault("app").set_secret("second", "second of app");
    let objects = by_hand(
        "lastKnownGood",
        "{ name: name, vault: app, path: a }, { name: second, vault: other, path: b }",
    );
    let texts = || ["a", "b"].map(|path| world.text(path).expect("published"));
    world.manifest_of_named(&[("app", "app"), ("other", "other")], &objects);
    synced(&world);
    world.manifest_of_named(&[("app", "other"), ("other", "app")], &objects);
    stays(&world);
    assert_eq!(texts(), ["of app", "second of other"]);
    synced(&world);
    assert_eq!(texts(), ["of other", "second of app"]);
}

#[test]
fn bytes_that_another_entry_has_of_the_vault_that_is_meant_now_are_used_while_it_is_away() {
    let (world, _) = world();
    let objects = by_hand(
        "lastKnownGood",
        "{ name: name, vault: app, path: a }, { name: name, vault: other, path: b }",
    );
    world.manifest_of_named(&[("app", "app"), ("other", "other")], &objects);
    synced(&world);
    world.manifest_of_named(&[("app", "other"), ("other", "app")], &objects);
    world.take_the_vault_away();
    let output = world.once_with(&["--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(world.text("a").as_deref(), Some("of other"));
    assert_eq!(world.text("b").as_deref(), Some("of app"));
}

#[test]
fn a_pinned_version_is_asked_of_the_vault_at_the_url_and_is_refused_where_it_is_not() {
    let (world, version) = world();
    world.manifest_of_named(&[("app", "app")], &pinned("app", &version));
    synced(&world);
    world.manifest_of_named(&[("app", "other")], &pinned("app", &version));
    stays(&world);
    world.fake.reset_calls();
    let output = world.once();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 1);
    assert_eq!(world.text("a").as_deref(), Some("of app"), "last known good");
}

#[test]
fn another_name_for_the_same_vault_costs_nothing() {
    let (world, version) = world();
    world.manifest_of_named(&[("app", "app")], &pinned("app", &version));
    synced(&world);
    let before = world.inventory();
    world.fake.reset_calls();
    world.take_the_vault_away();
    world.manifest_of_named(&[("main", "app")], &pinned("main", &version));
    synced(&world);
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 0);
    assert_eq!(world.inventory(), before);
}

#[test]
fn what_an_older_program_recorded_without_a_host_is_asked_for_again_and_not_written_again() {
    let (world, version) = world();
    let manifest = pinned("app", &version);
    world.manifest_of_named(&[("app", "app")], &manifest);
    synced(&world);
    let path = world.path("volume/..data/..akv-sync.json");
    let host = |edit: fn(&mut serde_json::Map<String, Value>) -> Option<Value>| {
        let text = fs::read(&path).expect("readable");
        let mut state: Value = serde_json::from_slice(&text).expect("JSON");
        let object = &mut state["files"]["a"]["record"]["inputs"][0]["input"]["object"]["object"];
        let found = edit(object.as_object_mut().expect("an object"));
        fs::write(&path, state.to_string()).expect("written");
        found
    };
    let url = world.fake.vault("app").url().to_owned();
    let expected = url.trim_start_matches("https://").trim_end_matches('/');
    assert_eq!(host(|object| object.remove("host")), Some(expected.into()));
    stays(&world);

    let file = fs::canonicalize(world.path("volume/a")).expect("published");
    let before = world.inventory()[&file];
    world.fake.reset_calls();
    synced(&world);
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 1);
    assert_eq!(world.inventory()[&file], before);
    assert_eq!(host(|object| object.get("host").cloned()), Some(expected.into()));
    synced(&world);
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 1, "it is known now");
}
