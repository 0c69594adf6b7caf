//! `layout: flat`: real files, each replaced by a rename.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::support::{World, stderr};

fn world() -> World {
    world_of("secrets: [{ name: a, path: db/a, mode: \"0400\" }, { name: b }]")
}

fn world_of(objects: &str) -> World {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "one");
    }
    let url = world.fake.vault("app").url().to_owned();
    let text = format!(
        "apiVersion: akv-sync/v1\nkind: SyncManifest\n\
         vaults:\n  - {{ name: app, url: \"{url}\", trustedHosts: [localhost] }}\n\
         volume: {{ path: \"{}\", layout: flat }}\nrefresh: {{ interval: 24h }}\n{objects}\n",
        world.path("volume").display()
    );
    fs::write(world.path("manifest.yaml"), text).expect("written");
    world
}

#[test]
fn files_are_real_files_and_a_rotation_replaces_one_of_them() {
    let world = world();
    let mut running = world.run();
    running.event("Ready");
    let stat = |path: &str| fs::symlink_metadata(world.path("volume").join(path)).expect("published");
    let (a, b) = (stat("db/a"), stat("b"));
    assert!(a.is_file() && b.is_file());
    assert_eq!(a.permissions().mode() & 0o7777, 0o400);

    world.fake.vault("app").set_secret("a", "two");
    running.sync();
    let (new_a, new_b) = (stat("db/a"), stat("b"));
    assert_eq!(world.text("db/a").as_deref(), Some("two"));
    assert_ne!(new_a.ino(), a.ino());
    assert!(
        (new_a.mtime(), new_a.mtime_nsec()) > (a.mtime(), a.mtime_nsec()),
        "watchers see it"
    );
    assert_eq!(new_b.ino(), b.ino(), "the other file is not touched");
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_second_run_takes_the_files_over_and_touches_nothing() {
    let world = world();
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let before = world.inventory();
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(world.inventory(), before);
}

#[test]
fn a_file_of_somebody_else_is_refused_and_the_others_are_written() {
    let world = world();
    fs::write(world.path("volume/b"), "not ours").expect("written");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{log}");
    assert!(log.contains("reason=nameTaken"), "{log}");
    assert_eq!(world.text("b").as_deref(), Some("not ours"));
    assert_eq!(world.text("db/a").as_deref(), Some("one"));
}

#[test]
fn what_stands_in_the_way_of_one_file_holds_up_all_that_moves_with_it_until_it_is_gone() {
    let world = world_of("secrets: [{ name: a, path: db/a, together: login }, { name: b, together: login }]");
    assert_eq!(world.once().status.code(), Some(0));
    let at_b = world.path("volume").join("b");
    fs::remove_file(&at_b).expect("removed");
    fs::create_dir(&at_b).expect("made");
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "two");
    }
    for _ in 0..2 {
        let output = world.once();
        let log = stderr(&output);
        assert_eq!(output.status.code(), Some(7), "{log}");
        assert!(
            log.contains("a directory stands at `b`") && log.contains("held back with `together: login`"),
            "{log}"
        );
        assert_eq!(world.text("db/a").as_deref(), Some("one"));
    }
    fs::remove_dir(&at_b).expect("removed");
    assert_eq!(world.once().status.code(), Some(0));
    let both = ["db/a", "b"].map(|path| world.text(path));
    assert_eq!(both, ["two", "two"].map(|text| Some(text.to_owned())));
}
