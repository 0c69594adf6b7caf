//! The decision, and once for real, in a process of its own: it must be one that orphans are handed over to, and the other
//! tests have children that it must not touch.

use std::sync::Arc;

use super::*;
use crate::hooks::testing::{Script, call, eventually, test_apart};

fn ended(pid: i32, parent: i32) -> Process {
    Process {
        pid,
        parent,
        zombie: true,
        comm: Vec::new(),
        called: Vec::new(),
    }
}

#[test]
fn only_what_has_ended_and_is_handed_over_and_not_waited_for_is_an_orphan() {
    let alive = Process {
        zombie: false,
        ..ended(11, 1)
    };
    let all = vec![alive, ended(12, 1), ended(13, 1), ended(14, 11)];
    assert_eq!(orphans(all, 1, &BTreeSet::from([13])), [12]);
}

/// Says that this test runs in the process that it started.
const INSIDE: &str = "AKV_SYNC_TEST_REAPS_ORPHANS";

#[test]
fn orphans_are_reaped_and_the_end_of_a_hook_is_left_to_who_waits_for_it() {
    if std::env::var_os(INSIDE).is_some() {
        return reap_for_real();
    }
    test_apart(None, &[(INSIDE, "1")]);
}

fn reap_for_real() {
    nix::sys::prctl::set_child_subreaper(true).expect("set");
    let own = getpid().as_raw();
    let zombies = || {
        let all = processes::all().expect("/proc can be read");
        let ours = all.into_iter().filter(|it| it.zombie && it.parent == own);
        ours.map(|it| it.pid).collect::<Vec<_>>()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let children = Arc::new(Children::default());
        let background = Script::new("(while [ ! -e go ]; do sleep 0.02; done) & echo $! > orphan");
        let call = call(background.action(), &["db"]);
        let done = crate::hooks::exec::run(&background.hook(), &call, "/vol".as_ref(), &children).await;
        assert_eq!(done, Ok(()));
        let orphan: i32 = background.said("orphan").await.parse().expect("a number");
        std::fs::write(background.folder.path().join("go"), "").expect("written");
        eventually(|| zombies() == [orphan]).await;

        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exit 7"]);
        let mut child = children.begin(command).expect("started");
        let pid = child.id().expect("not waited for");
        eventually(|| zombies().len() == 2).await;
        children.reap_orphans_of(own);
        assert_eq!(zombies(), [i32::try_from(pid).expect("a number")]);
        assert_eq!(child.wait().await.expect("ours").code(), Some(7));
    });
}
