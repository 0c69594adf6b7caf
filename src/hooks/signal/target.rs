//! Who gets a signal.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::domain::desired::SignalTarget;
use crate::domain::hook::HookFailure;
use crate::domain::unread;
use crate::hooks::failure;
use crate::hooks::processes::{self, Process};

/// No number of a process is longer.
const LIMIT: usize = 64;

const STARTING: &str = "nothing, while the application starts: the hook is tried again; else set `shareProcessNamespace: true` in the pod and check";

/// The processes that are meant, one at least.
pub(super) fn find(target: &SignalTarget) -> Result<Vec<Process>, HookFailure> {
    match target {
        SignalTarget::Process(name) => {
            let all = processes::all().map_err(|error| no_processes(&error))?;
            let found = topmost(all, name, own_pid());
            if found.is_empty() {
                return Err(failure(
                    format!("no process is called {name}"),
                    format!("{STARTING} the name with `ps -A -o comm` in the container"),
                ));
            }
            Ok(found)
        }
        SignalTarget::PidFile(path) => by_file(path).map(|process| vec![process]),
    }
}

/// Those of this name whose parent is none of them: of a program that starts workers, the one that was started. Several
/// when it runs in several containers.
fn topmost(mut all: Vec<Process>, name: &str, own: i32) -> Vec<Process> {
    all.retain(|process| process.pid != own && !process.zombie && process.is_called(name));
    let pids: Vec<_> = all.iter().map(|process| process.pid).collect();
    all.retain(|process| !pids.contains(&process.parent));
    all
}

fn by_file(path: &Path) -> Result<Process, HookFailure> {
    let shown = path.display();
    let text = named_file::bytes_of_regular(path, LIMIT).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    if text.is_empty() {
        let error = format!("the file {shown} is empty");
        return Err(failure(error, format!("{STARTING} who writes the file")));
    }
    // The first line of some files is followed by others: PostgreSQL's names its directory and port.
    let number = text.lines().next().unwrap_or_default().trim();
    let Some(pid) = number.parse().ok().filter(|pid: &i32| *pid > 0) else {
        return Err(failure(
            format!("the first line of {shown} is not the number of a process"),
            "correct `pidFile` of the hook: the file must begin with a number",
        ));
    };
    if pid == own_pid() {
        return Err(failure(
            format!("{shown} names process {pid}, which is akv-sync itself"),
            "the number is that of another container: set `shareProcessNamespace: true` in the pod, or name the process in `process` of the hook",
        ));
    }
    processes::one(pid).filter(|found| !found.zombie).ok_or_else(|| {
        let error = format!("{shown} names process {pid}, which is not there");
        failure(
            error,
            format!("{STARTING} that the program does not leave a file of its last run"),
        )
    })
}

fn unreadable(path: &Path, error: &io::Error) -> HookFailure {
    let shown = path.display();
    if error.kind() == ErrorKind::NotFound {
        let error = format!("the file {shown} is not there");
        return failure(error, format!("{STARTING} that its volume is mounted here too"));
    }
    failure(
        format!("the file {shown} cannot be read: {error}"),
        unread::hint(error.kind(), "check `pidFile` of the hook"),
    )
}

fn no_processes(error: &io::Error) -> HookFailure {
    failure(
        format!("the processes cannot be listed: {error}"),
        "mount /proc in the container",
    )
}

fn own_pid() -> i32 {
    nix::unistd::getpid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, name: &str) -> Process {
        Process {
            pid,
            parent,
            zombie: false,
            comm: name.into(),
            called: name.into(),
        }
    }

    fn pids(all: &[Process], name: &str, own: i32) -> Vec<i32> {
        topmost(all.to_vec(), name, own)
            .iter()
            .map(|process| process.pid)
            .collect()
    }

    #[test]
    fn a_program_is_told_and_not_the_workers_that_it_started() {
        let all = [
            process(1, 0, "pause"),
            process(7, 0, "nginx"),
            process(8, 7, "nginx"),
            process(9, 8, "nginx"),
            process(20, 0, "nginx"),
            process(21, 20, "sh"),
            process(22, 21, "nginx"),
        ];
        assert_eq!(pids(&all, "nginx", 99), [7, 20, 22]);
        assert_eq!(pids(&all, "apache", 99), [0; 0]);
    }

    #[test]
    fn neither_a_zombie_nor_akv_sync_itself_is_told() {
        let zombie = Process {
            zombie: true,
            ..process(7, 0, "app")
        };
        let all = [zombie, process(8, 7, "app"), process(9, 0, "app")];
        assert_eq!(pids(&all, "app", 9), [8]);
    }
}
