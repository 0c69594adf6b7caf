//! Tests that need a process of another sort: with a hostile umask, on a small volume, killed.
//!
//! Everything here runs again as an unprivileged user, as a part of the same test of the layout `atomic`.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use tempfile::TempDir;

use super::support::FlatTest;
use crate::ports::Volume as _;
use crate::volume::tests::processes::{INNER, NOBODY, assert_passed, is_inner, run_in_shell, this_binary};
use crate::volume::tests::readers::{assert_pair, pair};
use crate::volume::tests::support::{expected, payload};

#[test]
fn a_umask_that_takes_every_bit_changes_nothing() {
    if is_inner() {
        println!("skipped: started once is enough");
        return;
    }
    let temporary = TempDir::new().expect("temporary directory");
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).expect("mode");
    let root = temporary.path().join("akv");
    fs::create_dir(&root).expect("root");
    let mut shell = Command::new("sh");
    shell.current_dir("/");
    if Uid::effective().is_root() {
        // Modes do not bind a privileged process.
        chown(&root, Some(NOBODY), Some(NOBODY)).expect("chown");
        shell.uid(NOBODY).gid(NOBODY);
    }
    let script = r#"umask 0777 && exec "$0" --exact "$1" --ignored"#;
    let test = "flat::processes::publishes_into_a_given_root";
    assert_passed(&run_in_shell(&mut shell, script, test, root.as_os_str()));
}

#[test]
#[ignore = "a part of a_umask_that_takes_every_bit_changes_nothing"]
fn publishes_into_a_given_root() {
    let Some(root) = env::var_os(INNER) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let test = FlatTest::at(root.into());
    let wanted = payload(&[("db/deep/password", "one", 0o440), ("token", "t", 0o644)]);
    test.publish(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
    for directory in ["db", "db/deep"] {
        let found = fs::metadata(test.root().join(directory)).expect("there");
        assert_eq!(found.permissions().mode() & 0o7777, 0o755);
    }
    let changed = payload(&[("db", "two", 0o440)]);
    test.publish(&changed);
    test.assert_tidy(&changed);
}

#[test]
fn a_full_and_a_read_only_volume_keep_what_is_published() {
    if is_inner() {
        println!("skipped: started once is enough");
        return;
    }
    // A mount namespace of the test's own: nothing is mounted for anybody else.
    let namespace = ["--user", "--map-root-user", "--mount"];
    let allowed = Command::new("unshare").args(namespace).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system gives no mount namespace");
        return;
    }
    let root = TempDir::new().expect("temporary directory");
    let script = r#"mount -t tmpfs -o size=64k,mode=755 tmpfs "$AKV_SYNC_TEST_ROOT" &&
        exec "$0" --exact "$1" --ignored"#;
    let mut shell = Command::new("unshare");
    let shell = shell.args(namespace).arg("sh");
    let test = "flat::processes::fills_a_given_root";
    assert_passed(&run_in_shell(shell, script, test, root.path().as_os_str()));
}

#[test]
#[ignore = "a part of a_full_and_a_read_only_volume_keep_what_is_published"]
fn fills_a_given_root() {
    let Some(root) = env::var_os(INNER).map(PathBuf::from) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let test = FlatTest::at(root.clone());
    let small = payload(&[("a", "1", 0o440), ("b/c", "2", 0o440)]);
    let volume = test.open();
    volume.publish(&small).expect("publishes");

    let large = payload(&[("a", "3", 0o440), ("b/c", &"x".repeat(100_000), 0o440)]);
    let failure = volume.publish(&large).expect_err("too large");
    assert!(failure.hint.contains("sizeLimit"), "{}", failure.hint);
    assert_eq!(test.visible(), expected(&small));
    test.assert_tidy(&small);

    // Old and new side by side fit; and room is given back each time.
    for number in 0..20 {
        let bytes = format!("{number}").repeat(5_000);
        volume
            .publish(&payload(&[("a", &bytes, 0o440)]))
            .expect("publishes");
    }

    // Another file system below the root: nothing can be renamed into it, and it is not ours anyway.
    let below = root.join("below");
    fs::create_dir(&below).expect("directory");
    let mount = |options: &str, at: &PathBuf| {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at);
        assert!(mount.status().expect("mount").success());
    };
    mount("size=64k", &below);
    let publication = volume.publish(&payload(&[("a", "1", 0o440), ("below/a", "1", 0o440)]));
    let publication = publication.expect("publishes");
    assert_eq!(publication.refused[0].name, "below");
    assert_eq!(publication.refused[0].found, "a mounted file system");
    assert_eq!(fs::read_dir(&below).expect("there").count(), 0);

    let remounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(&root)
        .status()
        .expect("mount");
    assert!(remounted.success());
    let before = test.visible();
    let failure = volume.publish(&small).expect_err("read-only");
    assert!(failure.hint.contains("readOnly"), "{}", failure.hint);
    assert_eq!(test.visible(), before);
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_files_that_the_next_call_makes_one_set() {
    if is_inner() {
        println!("skipped: started once is enough");
        return;
    }
    let test = FlatTest::new();
    test.publish(&pair(0));
    let (binary, prefix) = this_binary();
    let read = |name: &str| fs::read_to_string(test.root().join("tls").join(name)).expect("there");
    let number = |name: &str| -> usize {
        let found = read(name);
        assert_eq!(found.len(), 16_000, "{name} is partial");
        found[..8].parse().expect("a number")
    };
    for round in 0..25 {
        let mut writer = Command::new(&binary)
            .args(["--exact", "--ignored"])
            .arg(format!("{prefix}flat::processes::publishes_until_killed"))
            .env(INNER, test.root())
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        // The writer is at work once a set of its own is there; how far it gets from there differs each round.
        let before = number("tls.crt");
        let mut reads = 0;
        let deadline = Instant::now() + Duration::from_mins(1);
        while reads < round * 7 + 1 {
            assert!(Instant::now() < deadline, "the writer publishes nothing");
            assert!(writer.try_wait().expect("child").is_none(), "the writer ended");
            reads += usize::from(number("tls.crt") != before && number("tls.key") != before);
        }
        writer.kill().expect("kills");
        writer.wait().expect("ends");

        let volume = test.open();
        assert_eq!(volume.observe().expect("recovers").files.len(), 2);
        let left = assert_pair(&(read("tls.crt"), read("tls.key")));
        test.assert_tidy(&pair(left));
    }
}

#[test]
#[ignore = "a part of a_writer_killed_at_any_moment_leaves_whole_files_that_the_next_call_makes_one_set"]
fn publishes_until_killed() {
    let Some(root) = env::var_os(INNER).map(PathBuf::from) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let start: usize = fs::read_to_string(root.join("tls/tls.crt")).expect("there")[..8]
        .parse()
        .expect("a number");
    let volume = FlatTest::at(root).open();
    for number in 1..1_000_000 {
        volume.publish(&pair(start + number)).expect("publishes");
    }
}
