//! What the kernel would give away: core dumps and the memory of a running process.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use nix::sys::signal::Signal;
use nix::unistd::{Uid, chown};

use super::traces::Observed;
use crate::support::World;

/// An unprivileged user for a test that runs as root; the number that means "nobody" everywhere.
const NOBODY: u32 = 65_534;

/// The files of a process that cannot be dumped belong to root and not to its user (proc(5)), so its user must not be
/// root for this to show anything.
#[test]
fn a_running_process_leaves_no_core_dump_and_cannot_be_read_by_its_own_user() {
    let world = World::new();
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest("secrets: [{ name: db-password }]");
    let mut command = world.command(&["run", "--log-level", "debug"]);
    if Uid::effective().is_root() {
        let program = world.path("akv-sync");
        fs::copy(env!("CARGO_BIN_EXE_akv-sync"), &program).expect("copied");
        fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).expect("set");
        chown(&world.path("volume"), Some(Uid::from_raw(NOBODY)), None).expect("set");
        let mut unprivileged = std::process::Command::new(program);
        unprivileged.args(command.get_args()).env_clear();
        for (name, value) in command.get_envs() {
            unprivileged.env(name, value.expect("only set variables"));
        }
        unprivileged.uid(NOBODY).gid(NOBODY);
        command = unprivileged;
    }
    let run = Observed::start(&world, command);
    run.wait_for("Pass finished", 1);
    let proc = |name: &str| format!("/proc/{}/{name}", run.id());
    let status = fs::read_to_string(proc("status")).expect("it runs");
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:\t"));
    assert!(!user.expect("a user").starts_with("0\t"), "{status}");
    let limits = fs::read_to_string(proc("limits")).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core file size"));
    let core: Vec<_> = core.expect("a limit").split_whitespace().skip(4).collect();
    assert_eq!(core, ["0", "0", "bytes"]);
    let owner = fs::metadata(proc("environ")).expect("it runs").uid();
    assert_eq!(owner, 0, "its memory and environment are open to its user");
    run.signal(Signal::SIGABRT);
    let ended = run.finish().status;
    assert!(
        !std::os::unix::process::ExitStatusExt::core_dumped(&ended),
        "{ended}"
    );
}
