//! What the tests of this module share: calls, programs, and a wait for what another process does.

mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use time::macros::datetime;

pub(super) use self::server::{answer, serve, serve_on_socket, serve_tls};
use super::Runner;
use crate::domain::desired::{ExecHook, HookAction, HookRetry, HookSpec};
use crate::domain::hook::{Change, HookCall, HookFailure};
use crate::domain::object::{HookName, ObjectId, ObjectKind, ObjectName, VaultId, VersionId};
use crate::domain::path::RelativePath;
use crate::ports::HookRunner as _;
use crate::transport::AuthorityOptions;

/// A call that tells of secrets of these names, each in its second version and in a file of its name.
pub(super) fn call(action: HookAction, names: &[&str]) -> HookCall {
    let vault = VaultId::named("app");
    let changes = names.iter().map(|name| {
        let object = ObjectId {
            vault: vault.clone(),
            kind: ObjectKind::Secret,
            name: ObjectName::parse(name).expect("valid"),
        };
        let version = VersionId::parse(&format!("{:032x}", 2)).expect("valid");
        let path = RelativePath::parse(name).expect("valid");
        Change::new(&object, Some(version), None, path)
    });
    HookCall {
        hook: Arc::new(HookSpec {
            name: HookName::parse("reload").expect("valid"),
            when: Vec::new(),
            action,
            on_first_sync: false,
            timeout: Duration::from_secs(30),
            debounce: Duration::ZERO,
            splay: Duration::ZERO,
            retry: HookRetry {
                initial: Duration::from_secs(1),
                max: Duration::from_mins(5),
            },
        }),
        changes: changes.collect(),
        tries: 0,
    }
}

pub(super) fn touch(path: &str) -> HookAction {
    HookAction::Touch(path.into())
}

/// What the runner of a volume does of an action.
pub(super) async fn run(volume: &Path, action: HookAction) -> Result<(), HookFailure> {
    runner(volume).run(&call(action, &["db"])).await
}

pub(super) fn runner(volume: &Path) -> Runner {
    let noon = datetime!(2026-11-30 12:00 UTC);
    Runner::new(volume.to_owned(), AuthorityOptions::default(), Arc::new(noon))
}

/// A folder, with a script in it that `/bin/sh` runs there. The script itself is not started: while a test beside this one
/// starts a program, a file that was written just now may count as being written, and the system refuses to run it.
pub(super) struct Script {
    pub(super) folder: TempDir,
    path: PathBuf,
}

impl Script {
    pub(super) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("script");
        fs::write(&path, text).expect("written");
        Self { folder, path }
    }

    pub(super) fn hook(&self) -> ExecHook {
        ExecHook {
            program: "/bin/sh".into(),
            arguments: vec![self.path.to_str().expect("UTF-8").to_owned()],
            environment: BTreeMap::new(),
            directory: self.folder.path().to_owned(),
        }
    }

    pub(super) fn action(&self) -> HookAction {
        HookAction::Exec(self.hook())
    }

    /// What a file of its folder holds, once it ends with a line end.
    pub(super) async fn said(&self, file: &str) -> String {
        let path = self.folder.path().join(file);
        eventually(|| fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))).await;
        fs::read_to_string(&path).expect("read").trim_end().to_owned()
    }
}

/// Runs a test of this program, the one that asks if none is named, in a process of its own that has these variables.
pub(super) fn test_apart(test: Option<&str>, variables: &[(&str, &str)]) {
    let own = std::thread::current()
        .name()
        .expect("the name of the test")
        .to_owned();
    let path = match (test, own.rsplit_once("::")) {
        (Some(test), Some((module, _))) => format!("{module}::{test}"),
        _ => own,
    };
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args([&path, "--exact", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Waits until it is so; another process makes it so.
pub(super) async fn eventually(so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to that within 30 seconds");
}

/// Whether a process is there and is no zombie.
pub(super) fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with('Z')
}
