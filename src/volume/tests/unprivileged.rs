//! Runs the tests of this module again in processes of another sort: without privileges, and with a hostile umask.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::unistd::Uid;
use tempfile::TempDir;

use super::support::{TestVolume, expected, payload};

/// `nobody` on most systems; any id without rights serves.
const NOBODY: u32 = 65_534;

/// Set in the processes started here, so that they start none themselves.
const INNER: &str = "AKV_SYNC_TEST_INNER";

/// This test binary, and the prefix of the names of this module's tests.
fn this_binary() -> (std::path::PathBuf, String) {
    let prefix = module_path!()
        .split_once("::")
        .expect("crate and module")
        .1
        .trim_end_matches("unprivileged");
    (env::current_exe().expect("test binary"), prefix.to_owned())
}

#[test]
fn everything_holds_for_an_unprivileged_user_too() {
    if !Uid::effective().is_root() || env::var_os(INNER).is_some() {
        println!("skipped: this process is unprivileged already");
        return;
    }
    let temporary = TempDir::new().expect("temporary directory");
    chown(temporary.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
    let (binary, prefix) = this_binary();
    let output = Command::new(binary)
        .arg(prefix)
        .env(INNER, "1")
        .env("TMPDIR", temporary.path())
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: user {NOBODY} cannot start the test binary: {error}");
            return;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(!text.contains(" 0 passed"), "no test ran: {text}");
}

#[test]
fn a_umask_that_takes_every_bit_changes_nothing() {
    let temporary = TempDir::new().expect("temporary directory");
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).expect("mode");
    if env::var_os(INNER).is_some() {
        println!("skipped: started once is enough");
        return;
    }
    let (binary, prefix) = this_binary();
    let root = temporary.path().join("akv");
    fs::create_dir(&root).expect("root");
    let output = Command::new("sh")
        .args(["-c", r#"umask 0777 && exec "$0" --exact "$1" --ignored"#])
        .arg(binary)
        .arg(format!("{prefix}unprivileged::publishes_into_a_given_root"))
        .env("AKV_SYNC_TEST_ROOT", &root)
        .output()
        .expect("starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test ran: {text}");
}

#[test]
#[ignore = "a part of a_umask_that_takes_every_bit_changes_nothing"]
fn publishes_into_a_given_root() {
    let root = env::var_os("AKV_SYNC_TEST_ROOT").expect("AKV_SYNC_TEST_ROOT is set");
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
