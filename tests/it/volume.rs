//! What readers of the volume see: modes, removal, sharing, what is not ours.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fake_azure::CallKind;

use crate::support::{World, stderr};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

fn synced(world: &World, objects: &str) -> String {
    world.manifest(objects);
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stderr(&output)
}

fn world() -> World {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, &format!("value {name}"));
    }
    world
}

#[test]
fn files_and_directories_have_the_modes_of_the_manifest_whatever_the_umask() {
    let world = world();
    world.manifest("secrets: [{ name: a, path: x/y/a }, { name: b, path: x/b, mode: \"0600\" }]");
    for (number, umask) in ["000", "077"].into_iter().enumerate() {
        // Another value, so that each round writes the files anew.
        world
            .fake
            .vault("app")
            .set_secret("a", &format!("value {number}"));
        let mut shell = std::process::Command::new("sh");
        let command = world.command(&["once"]);
        shell
            .args(["-c", "umask $0 && exec \"$@\"", umask])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let output = shell.output().expect("runs");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(mode(&world.path("volume/x/y/a")), 0o440, "umask {umask}");
        assert_eq!(mode(&world.path("volume/x/b")), 0o600, "umask {umask}");
        assert_eq!(mode(&world.path("volume/x/y")), 0o750, "umask {umask}");
    }
}

#[test]
fn a_changed_mode_alone_is_applied_and_told() {
    let world = world();
    synced(&world, "secrets: [{ name: a, mode: \"0440\" }, { name: b }]");
    assert_eq!(mode(&world.path("volume/a")), 0o440);
    let log = synced(&world, "secrets: [{ name: a, mode: \"0400\" }, { name: b }]");
    assert_eq!(mode(&world.path("volume/a")), 0o400);
    assert_eq!(mode(&world.path("volume/b")), 0o440);
    assert_eq!(world.text("a").as_deref(), Some("value a"));
    assert!(log.contains("Mode or owner changed path=a"), "{log}");
    assert!(!log.contains("Published"), "{log}");
}

#[test]
fn an_object_that_left_the_manifest_leaves_the_volume() {
    let world = world();
    synced(
        &world,
        "secrets: [{ name: a, path: x/a }, { name: b, path: y/b }]",
    );
    let log = synced(&world, "secrets: [{ name: b, path: y/b }]");
    assert!(fs::symlink_metadata(world.path("volume/x")).is_err(), "{log}");
    assert_eq!(world.text("y/b").as_deref(), Some("value b"));
    assert!(log.contains("Removed path=x/a"), "{log}");
}

#[test]
fn an_object_that_moved_is_at_its_new_path_only() {
    let world = world();
    synced(&world, "secrets: [{ name: a, path: old/a }]");
    synced(&world, "secrets: [{ name: a, path: new/a }]");
    assert_eq!(world.text("new/a").as_deref(), Some("value a"));
    assert_eq!(world.text("old/a"), None);
}

#[test]
fn one_secret_for_two_paths_is_one_get() {
    let world = world();
    synced(
        &world,
        "secrets: [{ name: a, path: one }, { name: a, path: two, mode: \"0400\" }]",
    );
    assert_eq!(world.text("one"), world.text("two"));
    assert_eq!(world.text("one").as_deref(), Some("value a"));
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 1);
}

#[test]
fn only_one_generation_is_left_after_a_rotation() {
    let world = world();
    synced(&world, "secrets: [{ name: a }]");
    world.fake.vault("app").set_secret("a", "two");
    synced(&world, "secrets: [{ name: a }]");
    let entries = fs::read_dir(world.path("volume")).expect("readable");
    let generations = entries
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().expect("known").is_dir());
    let names: Vec<_> = generations.map(|entry| entry.file_name()).collect();
    assert_eq!(names, [world.generation().into_os_string()]);
}

#[test]
fn a_foreign_file_at_our_name_is_neither_followed_nor_removed_and_the_others_are_written() {
    let world = world();
    fs::write(world.path("elsewhere"), "precious").expect("written");
    symlink(world.path("elsewhere"), world.path("volume/a")).expect("linked");
    world.manifest("secrets: [{ name: a }, { name: b }]");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{log}");
    assert!(log.contains("reason=nameTaken") && log.contains("`a`"), "{log}");
    assert_eq!(
        fs::read_to_string(world.path("elsewhere")).expect("there"),
        "precious"
    );
    assert_eq!(
        fs::read_link(world.path("volume/a")).expect("still a link"),
        world.path("elsewhere")
    );
    assert_eq!(world.text("b").as_deref(), Some("value b"));
}

#[test]
fn what_others_put_on_the_volume_stays() {
    let world = world();
    fs::create_dir(world.path("volume/theirs")).expect("created");
    fs::write(world.path("volume/theirs/file"), "precious").expect("written");
    synced(&world, "secrets: [{ name: a }]");
    synced(&world, "secrets: [{ name: b }]");
    assert_eq!(world.text("theirs/file").as_deref(), Some("precious"));
}

#[test]
fn a_volume_that_cannot_be_opened_ends_with_7_and_says_what_to_do() {
    let world = world();
    fs::remove_dir(world.path("volume")).expect("removed");
    fs::write(world.path("volume"), "no directory").expect("written");
    world.manifest("secrets: [{ name: a }]");
    for command in ["once", "run"] {
        let output = world.command(&[command]).output().expect("runs");
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains("hint="), "{}", stderr(&output));
    }
    assert_eq!(world.fake.calls().total(), 0);
}

#[test]
fn the_second_writer_of_a_volume_is_turned_away() {
    let world = world();
    world.manifest("secrets: [{ name: a }]");
    let mut running = world.run();
    running.event("Ready");
    let output = world.once();
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("another akv-sync"),
        "{}",
        stderr(&output)
    );
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn what_somebody_removed_is_published_again() {
    let world = world();
    world.manifest_with(
        "refresh: { interval: 24h }",
        "secrets: [{ name: a, path: x/a }, { name: b }]",
    );
    let mut running = world.run();
    running.event("Ready");
    let damages: [fn(&World); 5] = [
        |world| fs::remove_file(world.path("volume/b")).expect("removed"),
        |world| fs::remove_file(world.path("volume/x/a")).expect("removed"),
        |world| fs::remove_file(world.path("volume/..data")).expect("removed"),
        |world| fs::remove_dir_all(world.path("volume").join(world.generation())).expect("removed"),
        |world| {
            for entry in fs::read_dir(world.path("volume")).expect("readable") {
                let path = entry.expect("readable").path();
                if path.is_symlink() || path.is_file() {
                    fs::remove_file(path).expect("removed");
                } else {
                    fs::remove_dir_all(path).expect("removed");
                }
            }
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        damage(&world);
        running.sync();
        assert_eq!(world.text("x/a").as_deref(), Some("value a"), "damage {number}");
        assert_eq!(world.text("b").as_deref(), Some("value b"), "damage {number}");
    }
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_file_that_was_tampered_with_is_written_again() {
    let world = world();
    world.manifest_with("refresh: { interval: 24h }", "secrets: [{ name: a }]");
    let mut running = world.run();
    running.event("Ready");
    let file = world.path("volume").join(world.generation()).join("a");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    fs::write(&file, "of the same").expect("written");
    running.sync();
    assert_eq!(world.text("a").as_deref(), Some("value a"));
    assert_eq!(mode(&world.path("volume/a")), 0o440);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_limit_of_the_file_size_is_told_and_does_not_kill_the_process() {
    let world = world();
    world.fake.vault("app").set_secret("large", &"x".repeat(5_000));
    world.manifest("secrets: [{ name: large }]");
    let mut shell = std::process::Command::new("sh");
    // In units of 512 bytes.
    shell.args(["-c", "ulimit -f 4; exec \"$0\" once"]);
    let command = world.command(&[]);
    shell.arg(command.get_program()).env_clear();
    shell.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = shell.output().expect("runs");
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{log}");
    assert!(log.contains("File too large"), "{log}");
    assert!(
        log.contains("files of 2048 bytes: raise that limit (`ulimit -f`"),
        "{log}"
    );
}
