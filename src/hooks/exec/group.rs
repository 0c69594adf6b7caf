//! A program and what it began, which end together when nobody waits for them any more.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::runtime::Handle;

use crate::hooks::children::Children;

/// The program that leads a process group of its own. When dropped before its end, the whole group is killed.
pub(super) struct Group {
    leader: Option<Child>,
    children: Arc<Children>,
}

impl Group {
    /// Begins it.
    pub(super) fn spawn(mut command: Command, children: &Arc<Children>) -> io::Result<Self> {
        command.process_group(0);
        let leader = children.begin(command)?;
        Ok(Self {
            leader: Some(leader),
            children: Arc::clone(children),
        })
    }

    /// Where it is told something; only once.
    pub(super) fn stdin(&mut self) -> Option<ChildStdin> {
        self.leader.as_mut()?.stdin.take()
    }

    /// Waits for the end of the leader.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let Some(leader) = &mut self.leader else {
            return Err(io::ErrorKind::NotFound.into());
        };
        wait(leader, &self.children).await
    }
}

async fn wait(leader: &mut Child, children: &Children) -> io::Result<ExitStatus> {
    let pid = leader.id();
    let status = leader.wait().await;
    if let Some(pid) = pid {
        children.forget(pid);
    }
    status
}

impl Drop for Group {
    fn drop(&mut self) {
        // As long as nobody has taken note of its end, it has a number, which nobody else can have.
        let Some((mut leader, pid)) = self
            .leader
            .take()
            .and_then(|leader| leader.id().map(|pid| (leader, pid)))
        else {
            return;
        };
        let Ok(group) = i32::try_from(pid) else {
            return;
        };
        // It is gone already, or is no longer ours to kill: a program that takes another user's rights.
        let _gone = killpg(Pid::from_raw(group), Signal::SIGKILL);
        // Without a runtime, this process ends and leaves that to init.
        if let Ok(runtime) = Handle::try_current() {
            let children = Arc::clone(&self.children);
            runtime.spawn(async move {
                // Its own error would be that it is gone.
                let _status = wait(&mut leader, &children).await;
                children.reap_orphans();
            });
        }
    }
}
