//! Runs a test of this binary in a process of another sort.
//!
//! The process runs an ignored test, a part of the one that starts it, and finds its volume through [`given_root`].

use std::env;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::unistd::Uid;
use tempfile::TempDir;

use super::volume::set_mode;

/// `nobody` on most systems; any id without rights serves.
const NOBODY: u32 = 65_534;

/// Set for the processes started here: where their volume is, or that they are started.
const INNER: &str = "AKV_SYNC_TEST_ROOT";

/// Whether this is such a process already, for which a further one proves nothing.
pub(in crate::volume::tests) fn is_inner() -> bool {
    let inner = env::var_os(INNER).is_some();
    if inner {
        println!("skipped: started once is enough");
    }
    inner
}

/// Whether this process may give files to others; if not, says that a test is skipped.
pub(in crate::volume::tests) fn is_privileged() -> bool {
    let privileged = Uid::effective().is_root();
    if !privileged {
        println!("skipped: only a privileged process can give files to others");
    }
    privileged
}

/// Whether modes and owners bind this process; if not, says that a test is skipped.
pub(in crate::volume::tests) fn is_unprivileged() -> bool {
    let privileged = Uid::effective().is_root();
    if privileged {
        println!("skipped here: runs again as an unprivileged user");
    }
    !privileged
}

/// Where the volume of a part is; `None`, with a message, when nobody started it as a part.
pub(in crate::volume::tests) fn given_root() -> Option<PathBuf> {
    let root = env::var_os(INNER).map(PathBuf::from);
    if root.is_none() {
        println!("skipped: another test starts this one, and says where");
    }
    root
}

/// The name by which this binary knows a test of the module with this `module_path!()`.
pub(in crate::volume::tests) fn test_name(module_path: &str, test: &str) -> String {
    let (_, module) = module_path.split_once("::").expect("crate and module");
    format!("{module}::{test}")
}

/// This test binary.
fn this_binary() -> PathBuf {
    env::current_exe().expect("test binary")
}

/// Runs the tests with this prefix as a user without rights; `None`, with a message, when that user cannot.
pub(in crate::volume::tests) fn run_as_nobody(prefix: &str) -> Option<Output> {
    let temporary = TempDir::new().expect("temporary directory");
    chown(temporary.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
    let output = Command::new(this_binary())
        .arg(prefix)
        .env(INNER, temporary.path())
        .env("TMPDIR", temporary.path())
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output();
    output
        .inspect_err(|error| println!("skipped: user {NOBODY} cannot start the test binary: {error}"))
        .ok()
}

/// Runs a part without privileges, with a umask that takes every permission bit.
pub(in crate::volume::tests) fn run_with_hostile_umask(part: &str) {
    let temporary = TempDir::new().expect("temporary directory");
    set_mode(temporary.path(), 0o755);
    let root = temporary.path().join("akv");
    fs::create_dir(&root).expect("root");
    let mut shell = Command::new("sh");
    shell.current_dir("/");
    if Uid::effective().is_root() {
        // Modes do not bind a privileged process.
        chown(&root, Some(NOBODY), Some(NOBODY)).expect("chown");
        shell.uid(NOBODY).gid(NOBODY);
    }
    run_in_shell(&mut shell, "umask 0777", part, &root);
}

/// Runs a part with a volume of 64 KiB that it may mount and unmount; not where the system gives no mount namespace.
pub(in crate::volume::tests) fn run_on_small_volume(part: &str) {
    // A mount namespace of the test's own: nothing is mounted for anybody else.
    let namespace = ["--user", "--map-root-user", "--mount"];
    let allowed = Command::new("unshare").args(namespace).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system gives no mount namespace");
        return;
    }
    let root = TempDir::new().expect("temporary directory");
    let mut shell = Command::new("unshare");
    let script = format!(r#"mount -t tmpfs -o size=64k,mode=755 tmpfs "${INNER}""#);
    run_in_shell(shell.args(namespace).arg("sh"), &script, part, root.path());
}

/// Runs a part after `script`, and fails unless it passes.
fn run_in_shell(shell: &mut Command, script: &str, part: &str, root: &Path) {
    let output = shell
        .args(["-c", &format!(r#"{script} && exec "$0" --exact "$1" --ignored"#)])
        .arg(this_binary())
        .arg(part)
        .env(INNER, root)
        .output()
        .expect("starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test ran: {text}");
}

/// Starts a part that works until it is killed.
pub(in crate::volume::tests) fn start(part: &str, root: &Path) -> Child {
    Command::new(this_binary())
        .args(["--exact", "--ignored", part])
        .env(INNER, root)
        .stdout(Stdio::null())
        .spawn()
        .expect("starts")
}

/// Mounts something at a directory, in a process that [`run_on_small_volume`] started.
pub(in crate::volume::tests) fn mount(options: &[&str], at: &Path) {
    let mounted = Command::new("mount").args(options).arg(at).status();
    assert!(mounted.expect("mount").success());
}

/// Takes away what [`mount`] put there.
pub(in crate::volume::tests) fn unmount(at: &Path) {
    let unmounted = Command::new("umount").arg(at).status();
    assert!(unmounted.expect("umount").success());
}
