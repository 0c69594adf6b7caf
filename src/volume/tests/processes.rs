//! Tests that need a process of another sort: without privileges, with a hostile umask, on a small volume.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use tempfile::TempDir;

use super::readers::{assert_pair, pair, read_pair};
use super::support::{TestVolume, expected, payload};
use crate::ports::Volume as _;

/// `nobody` on most systems; any id without rights serves.
pub(super) const NOBODY: u32 = 65_534;

/// Set for the processes started here: where their volume is, or that they are started.
pub(super) const INNER: &str = "AKV_SYNC_TEST_ROOT";

pub(super) fn is_inner() -> bool {
    env::var_os(INNER).is_some()
}

/// This test binary, and the prefix of the names of the volume's tests.
pub(super) fn this_binary() -> (PathBuf, String) {
    let module = module_path!().split_once("::").expect("crate and module").1;
    let prefix = module.trim_end_matches("processes").to_owned();
    (env::current_exe().expect("test binary"), prefix)
}

/// Runs one ignored test of the volume through `sh`, as `$0 --exact $1 --ignored`, with a directory to work in.
pub(super) fn run_in_shell(shell: &mut Command, script: &str, test: &str, root: &OsStr) -> Output {
    let (binary, prefix) = this_binary();
    shell
        .args(["-c", script])
        .arg(binary)
        .arg(format!("{prefix}{test}"))
        .env(INNER, root)
        .output()
        .expect("starts")
}

pub(super) fn assert_passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test ran: {text}");
}

#[test]
fn everything_holds_for_an_unprivileged_user_too() {
    if !Uid::effective().is_root() || is_inner() {
        println!("skipped: this process is unprivileged already");
        return;
    }
    let temporary = TempDir::new().expect("temporary directory");
    chown(temporary.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
    let (binary, prefix) = this_binary();
    let output = Command::new(binary)
        .arg(prefix)
        .env(INNER, temporary.path())
        .env("TMPDIR", temporary.path())
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output();
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{text}");
            assert!(!text.contains(" 0 passed"), "no test ran: {text}");
        }
        Err(error) => println!("skipped: user {NOBODY} cannot start the test binary: {error}"),
    }
}

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
    let script = r#"umask 0777 && exec "$0" --exact "$1" --ignored"#;
    let mut shell = Command::new("sh");
    shell.current_dir("/");
    if Uid::effective().is_root() {
        // Modes do not bind a privileged process.
        chown(&root, Some(NOBODY), Some(NOBODY)).expect("chown");
        shell.uid(NOBODY).gid(NOBODY);
    }
    let output = run_in_shell(
        &mut shell,
        script,
        "processes::publishes_into_a_given_root",
        root.as_os_str(),
    );
    assert_passed(&output);
}

#[test]
#[ignore = "a part of a_umask_that_takes_every_bit_changes_nothing"]
fn publishes_into_a_given_root() {
    let Some(root) = env::var_os(INNER) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let test = TestVolume::at(root.into());
    let wanted = payload(&[("db/password", "one", 0o440), ("token", "t", 0o644)]);
    test.publish(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
    for directory in ["", "db"] {
        let found = fs::metadata(test.generation().join(directory)).expect("there");
        assert_eq!(found.permissions().mode() & 0o7777, 0o755);
    }
    let changed = payload(&[("db/password", "two", 0o440)]);
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
    let output = run_in_shell(
        shell,
        script,
        "processes::fills_a_given_root",
        root.path().as_os_str(),
    );
    assert_passed(&output);
}

#[test]
#[ignore = "a part of a_full_and_a_read_only_volume_keep_what_is_published"]
fn fills_a_given_root() {
    let Some(root) = env::var_os(INNER).map(PathBuf::from) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let test = TestVolume::at(root.clone());
    let small = payload(&[("a", "1", 0o440), ("b/c", "2", 0o440)]);
    let volume = test.open();
    volume.publish(&small).expect("publishes");

    let large = payload(&[("a", &"x".repeat(100_000), 0o440), ("b/c", "3", 0o440)]);
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
fn a_writer_killed_at_any_moment_leaves_a_whole_set() {
    if is_inner() {
        println!("skipped: started once is enough");
        return;
    }
    let test = TestVolume::new();
    test.publish(&pair(0));
    let (binary, prefix) = this_binary();
    for round in 0..25 {
        let mut writer = Command::new(&binary)
            .args(["--exact", "--ignored"])
            .arg(format!("{prefix}processes::publishes_until_killed"))
            .env(INNER, test.root())
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        // The writer is at work once a set of its own is there; how far it gets from there differs each round.
        let before = assert_pair(&read_pair(test.root()).expect("nobody writes"));
        let mut reads = 0;
        let deadline = Instant::now() + Duration::from_mins(1);
        while reads < round * 7 + 1 {
            assert!(Instant::now() < deadline, "the writer publishes nothing");
            assert!(writer.try_wait().expect("child").is_none(), "the writer ended");
            if let Some(found) = read_pair(test.root()) {
                reads += usize::from(assert_pair(&found) != before);
            }
        }
        writer.kill().expect("kills");
        writer.wait().expect("ends");

        let left = assert_pair(&read_pair(test.root()).expect("a set is there"));
        let volume = test.open();
        assert_eq!(volume.observe().expect("recovers").files.len(), 2);
        assert_eq!(
            assert_pair(&read_pair(test.root()).expect("a set is there")),
            left
        );
        test.assert_tidy(&pair(left));
    }
}

#[test]
#[ignore = "a part of a_writer_killed_at_any_moment_leaves_a_whole_set"]
fn publishes_until_killed() {
    let Some(root) = env::var_os(INNER).map(PathBuf::from) else {
        println!("skipped: another test starts this one, and says where");
        return;
    };
    let start = assert_pair(&read_pair(&root).expect("a set is there"));
    let volume = TestVolume::at(root).open();
    for number in 1..1_000_000 {
        volume.publish(&pair(start + number)).expect("publishes");
    }
}
