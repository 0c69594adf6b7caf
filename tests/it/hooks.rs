//! The application hears of a change: at least once, over every crash, and not twice without one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Running, World, eventually, stderr};

const SECRETS: &str = "secrets: [{ name: a, path: app/a }, { name: b }]";

/// A world with two secrets, and a hook that runs this script in the world's directory.
fn world(script: &str, more: &str) -> World {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "hunter2-one");
    }
    let program = world.path("hook.sh");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let directory = program.parent().expect("a directory");
    let middle = format!(
        "refresh: {{ interval: 24h }}\nhooks:\n  - name: reload\n    exec: {{ command: [{}], directory: {} }}\n{more}",
        program.display(),
        directory.display()
    );
    world.manifest_with(&middle, SECRETS);
    world
}

/// Notes each call: its JSON, in a line of its own.
const NOTES: &str = "cat >> calls; echo >> calls";

fn calls(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.path("calls")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

fn rotate(world: &World, running: &mut Running, value: &str) -> String {
    let version = world.fake.vault("app").set_secret("a", value);
    running.sync();
    version
}

#[test]
fn a_rotation_is_told_once_with_names_versions_and_paths_and_the_first_set_is_not() {
    let world = world(NOTES, "");
    let mut running = ready(&world);
    let version = rotate(&world, &mut running, "hunter2-two");
    running.event("Hook succeeded");
    running.sync();
    running.sync();
    let (status, _) = running.stop();
    assert_eq!(status.code(), Some(0));
    let calls = calls(&world);
    assert_eq!(calls.len(), 1, "{calls:#?}");
    assert_eq!(calls[0]["hook"], "reload");
    let change = &calls[0]["changes"][0];
    assert_eq!(change["vault"], "app");
    assert_eq!(change["kind"], "secret");
    assert_eq!(change["name"], "a");
    assert_eq!(change["version"], version);
    assert_eq!(change["paths"], serde_json::json!(["app/a"]));
    assert!(change["previous"].is_string());
}

#[test]
fn the_files_are_in_place_before_the_hook_runs() {
    let world = world("cat \"$AKV_SYNC_VOLUME/app/a\" >> seen", "");
    let mut running = ready(&world);
    rotate(&world, &mut running, "two");
    running.event("Hook succeeded");
    assert_eq!(fs::read_to_string(world.path("seen")).expect("seen"), "two");
}

#[test]
fn a_hook_that_was_killed_with_the_program_runs_again_and_one_that_ended_does_not() {
    let world = world(
        &format!("{NOTES}; if [ -e hang ]; then touch hangs; exec sleep 600; fi"),
        "",
    );
    let running = ready(&world);
    fs::write(world.path("hang"), "").expect("written");
    world.fake.vault("app").set_secret("a", "two");
    running.signal(Signal::SIGHUP);
    eventually("the hook hangs", || world.path("hangs").exists());
    running.signal(Signal::SIGKILL);
    let _ = running.finish();
    fs::remove_file(world.path("hang")).expect("removed");

    let mut running = world.run();
    running.event("Hook succeeded");
    let (_, _) = running.stop();
    assert_eq!(calls(&world).len(), 2, "once in vain, once again");
    let mut running = ready(&world);
    running.sync();
    let (_, _) = running.stop();
    assert_eq!(calls(&world).len(), 2, "it was told");
}

#[test]
fn sigterm_ends_a_hook_and_leaves_it_to_be_told() {
    let world = world(
        "echo $$ > pid; if [ -e hang ]; then touch hangs; sleep 600; fi",
        "",
    );
    let running = ready(&world);
    fs::write(world.path("hang"), "").expect("written");
    world.fake.vault("app").set_secret("a", "two");
    running.signal(Signal::SIGHUP);
    eventually("the hook hangs", || world.path("hangs").exists());
    let pid = fs::read_to_string(world.path("pid")).expect("its number");
    let (status, _) = running.stop();
    assert_eq!(status.code(), Some(0));
    let hook = PathBuf::from(format!("/proc/{}/cmdline", pid.trim()));
    eventually("the hook has ended", || {
        fs::read(&hook).unwrap_or_default().is_empty()
    });
    fs::remove_file(world.path("hang")).expect("removed");
    world.run().event("Hook succeeded");
}

#[test]
fn once_leaves_hooks_to_run_when_it_is_told_to_and_tries_them_otherwise() {
    let world = world(NOTES, "");
    assert_eq!(world.once().status.code(), Some(0));
    world.fake.vault("app").set_secret("a", "two");
    let left = world.once_with(&["--hooks", "leave"]);
    assert_eq!(left.status.code(), Some(0), "{}", stderr(&left));
    assert_eq!(calls(&world).len(), 0);
    let told = world.once();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    assert_eq!(calls(&world).len(), 1);
    let mut running = ready(&world);
    running.sync();
    let (_, _) = running.stop();
    assert_eq!(calls(&world).len(), 1, "init container and sidecar tell it once");
}

#[test]
fn a_hook_ends_run_with_its_code_once_for_a_change_and_never_once() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "hunter2-one");
    let exit = "refresh: { interval: 24h }\nhooks: [{ name: restart, exit: { code: 88 }, splay: 0s }]";
    world.manifest_with(exit, "secrets: [{ name: a, path: app/a }]");
    let mut running = ready(&world);
    rotate(&world, &mut running, "hunter2-two");
    let (status, lines) = running.finish();
    assert_eq!(status.code(), Some(88), "{lines:#?}");
    assert_eq!(world.text("app/a").as_deref(), Some("hunter2-two"));

    let mut again = ready(&world);
    again.sync();
    let (status, lines) = again.stop();
    assert_eq!(status.code(), Some(0), "it was told: {lines:#?}");

    world.fake.vault("app").set_secret("a", "hunter2-three");
    let once = world.once();
    assert_eq!(once.status.code(), Some(0), "{}", stderr(&once));
    let mut after = ready(&world);
    after.sync();
    assert_eq!(
        after.stop().0.code(),
        Some(0),
        "what starts after once starts with its files"
    );
}

#[test]
fn once_ends_with_8_and_the_reason_when_a_hook_is_left() {
    let world = world("echo it is not there >&2; exit 3", "");
    assert_eq!(world.once().status.code(), Some(0));
    world.fake.vault("app").set_secret("a", "two");
    let left = world.once_with(&["--timeout", "2s"]);
    assert_eq!(left.status.code(), Some(8));
    let text = stderr(&left);
    assert!(
        text.contains("reload") && text.contains("it is not there"),
        "{text}"
    );
    assert_eq!(
        world.text("app/a").as_deref(),
        Some("two"),
        "the files are current"
    );
}

#[test]
fn a_hook_that_fails_for_a_while_is_told_when_it_works_and_files_follow_meanwhile() {
    let world = world(
        &format!("[ -e works ] || exit 1; {NOTES}"),
        "    retry: { initial: 1s, max: 1s }",
    );
    let mut running = ready(&world);
    rotate(&world, &mut running, "two");
    running.event("Hook failed");
    let version = rotate(&world, &mut running, "three");
    assert_eq!(world.text("app/a").as_deref(), Some("three"));
    fs::write(world.path("works"), "").expect("written");
    running.event("Hook succeeded");
    let calls = calls(&world);
    assert_eq!(calls.len(), 1, "{calls:#?}");
    assert_eq!(calls[0]["changes"][0]["version"], version);
}

#[test]
fn a_hook_hears_of_no_value() {
    let world = world("env >> seen; cat >> seen", "");
    let mut running = ready(&world);
    rotate(&world, &mut running, "hunter2-two");
    running.event("Hook succeeded");
    let seen = fs::read_to_string(world.path("seen")).expect("seen");
    assert!(seen.contains("AKV_SYNC_CHANGED=a\n"), "{seen}");
    assert!(!seen.contains("hunter2"), "{seen}");
    assert!(
        !seen.contains("AZURE_"),
        "nothing of the sidecar's environment: {seen}"
    );
}
