//! A changed manifest takes effect by itself, or is refused whole.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::support::{Running, World, eventually};

/// Passes come when a test asks for them, or with another manifest.
const BY_HAND: &str = "refresh: { interval: 24h }";

fn world() -> World {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "one");
    }
    world.manifest_with(BY_HAND, "secrets: [{ name: a }]");
    world
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

#[test]
fn what_is_added_arrives_and_what_is_removed_leaves_without_a_restart_or_a_signal() {
    let world = world();
    let mut running = ready(&world);
    world.manifest_with(BY_HAND, "secrets: [{ name: b, path: other/b }]");
    running.event("Manifest reloaded");
    eventually("the new set is published", || {
        world.text("other/b").as_deref() == Some("one") && world.text("a").is_none()
    });
    let (status, _) = running.stop();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_bad_manifest_is_refused_whole_with_its_problems_and_the_one_before_goes_on() {
    let world = world();
    let mut running = ready(&world);
    world.manifest_with(BY_HAND, "secrets: [{ name: b }, { name: a, mood: good }]");
    let refused = running.event("Reload refused; everything goes on as before");
    assert_eq!(refused["problems"], 1, "{refused}");
    world.fake.vault("app").set_secret("a", "two");
    running.sync();
    assert_eq!(world.text("a").as_deref(), Some("two"));
    assert_eq!(world.text("b"), None, "nothing of it counts");
    world.manifest_with(BY_HAND, "secrets: [{ name: b }]");
    running.event("Manifest reloaded");
    let (_, lines) = running.stop();
    let told = lines
        .iter()
        .filter(|line| line.contains("Manifest refused"))
        .count();
    assert_eq!(
        told, 2,
        "by the edit, and by the signal that asked again: {lines:#?}"
    );
}

#[test]
fn what_cannot_change_is_refused_with_that_reason() {
    let world = world();
    let mut running = ready(&world);
    let text = fs::read_to_string(world.path("manifest.yaml")).expect("readable");
    let flat = text.replace("volume: {", "volume: { layout: flat,");
    assert_ne!(text, flat);
    fs::write(world.path("manifest.yaml"), flat).expect("writable");
    let refused = running.event("Reload refused; everything goes on as before");
    assert_eq!(
        refused["error"],
        "`volume.layout` cannot change while akv-sync runs: restart it"
    );
}

#[test]
fn a_config_map_that_is_swapped_twice_takes_effect_twice() {
    let world = world();
    let manifest = world.path("manifest.yaml");
    let folder = manifest.parent().expect("a folder").join("config");
    fs::create_dir(&folder).expect("made");
    let text = fs::read_to_string(&manifest).expect("readable");
    swap(&folder, "..one", &text);
    symlink("..data/manifest.yaml", folder.join("manifest.yaml")).expect("linked");
    let mut running = Running::start(world.command(&[
        "run",
        "--log-format",
        "json",
        "--manifest",
        folder.join("manifest.yaml").to_str().expect("UTF-8"),
    ]));
    running.event("Ready");
    swap(&folder, "..two", &text.replace("name: a", "name: b"));
    running.event("Manifest reloaded");
    eventually("b is there", || world.text("b").is_some());
    swap(&folder, "..three", &text);
    running.event("Manifest reloaded");
    eventually("a is back", || {
        world.text("a").is_some() && world.text("b").is_none()
    });
}

fn swap(folder: &Path, name: &str, text: &str) {
    fs::create_dir(folder.join(name)).expect("made");
    fs::write(folder.join(name).join("manifest.yaml"), text).expect("writable");
    symlink(name, folder.join("..data_tmp")).expect("linked");
    let before = fs::read_link(folder.join("..data"));
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).expect("swapped");
    if let Ok(before) = before {
        fs::remove_dir_all(folder.join(before)).expect("removed");
    }
}

#[test]
fn two_manifests_within_a_millisecond_end_with_the_second() {
    let world = world();
    let mut running = ready(&world);
    world.manifest_with(BY_HAND, "secrets: [{ name: b }]");
    world.manifest_with(BY_HAND, "secrets: [{ name: b, path: second }]");
    running.event("Manifest reloaded");
    eventually("the second counts", || {
        world.text("second").is_some() && world.text("b").is_none() && world.text("a").is_none()
    });
}

fn pipe_at(path: &Path) {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
}

#[test]
fn a_manifest_that_is_a_pipe_for_a_while_is_refused_and_the_next_file_is_taken() {
    let world = world();
    let mut running = ready(&world);
    let manifest = world.path("manifest.yaml");
    for path in ["first", "second"] {
        fs::remove_file(&manifest).expect("removed");
        pipe_at(&manifest);
        let refused = running.event("Reload refused; everything goes on as before");
        let error = refused["error"].as_str().expect("text");
        assert!(error.contains("a pipe or a device"), "{refused}");
        fs::remove_file(&manifest).expect("removed");
        world.manifest_with(BY_HAND, &format!("secrets: [{{ name: a, path: {path} }}]"));
        running.event("Manifest reloaded");
        eventually("it is published", || world.text(path).is_some());
    }
}

/// `run` that waits for its certificate authorities at a pipe, and has read its manifest; nothing watches that yet.
fn starting(world: &World) -> (Running, fs::File) {
    let authorities = world.path("authorities");
    pipe_at(&authorities);
    let mut command = world.command(&["run", "--log-format", "json", "--log-level", "debug", "--ca-file"]);
    let mut running = Running::start({
        command.arg(&authorities);
        command
    });
    running.event("Chose a credential");
    let writer = fs::File::options()
        .write(true)
        .open(authorities)
        .expect("opened when it is read");
    (running, writer)
}

fn give(mut writer: fs::File, world: &World) {
    let authorities = fs::read(world.path("ca.pem")).expect("readable");
    std::io::Write::write_all(&mut writer, &authorities).expect("written");
}

#[test]
fn a_manifest_that_changes_while_the_program_starts_is_taken() {
    let world = world();
    let (mut running, writer) = starting(&world);
    world.manifest_with(BY_HAND, "secrets: [{ name: b }]");
    give(writer, &world);
    running.event("Manifest reloaded");
    eventually("the new set is published", || world.text("b").is_some());
}

#[test]
fn what_was_refused_for_a_cause_that_no_file_shows_is_tried_again_at_a_signal() {
    let world = world();
    let (mut running, writer) = starting(&world);
    give(writer, &world);
    running.event("Ready");
    // Another identity reads the authorities again.
    let identity = format!(
        "{BY_HAND}\nidentity: {{ type: workloadIdentity, clientId: {}, tenantId: {} }}",
        world.fake.client_id(),
        world.fake.tenant_id()
    );
    world.manifest_with(&identity, "secrets: [{ name: b }]");
    let authorities = || {
        fs::File::options()
            .write(true)
            .open(world.path("authorities"))
            .expect("opened when it is read")
    };
    drop(authorities());
    running.event("Reload refused; everything goes on as before");
    running.signal(Signal::SIGHUP);
    give(authorities(), &world);
    running.event("Manifest reloaded");
}

#[test]
fn a_manifest_from_a_pipe_without_a_name_is_said_not_to_change() {
    let world = world();
    let text = fs::read(world.path("manifest.yaml")).expect("readable");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut writer, &text).expect("written");
    drop(writer);
    let mut command = world.command(&["run", "--log-format", "json", "--manifest", "/dev/stdin"]);
    command.stdin(reader);
    let mut running = Running::start(command);
    running.event("Manifest cannot change: it came from stdin or a pipe");
    running.event("Ready");
}
