//! The processes that `/proc` shows: in a pod with `shareProcessNamespace`, those of all its containers.

use std::fs;
use std::io;

/// What is kept of a name by the system, in bytes.
const COMM: usize = 15;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Its number.
    pub(super) pid: i32,
    /// The process that began it, or took it over; 0 of the first one of a container.
    pub(super) parent: i32,
    /// Whether it has ended, and nobody has taken note of that.
    pub(super) zombie: bool,
    /// Its name as the system knows it, cut at 15 bytes.
    pub(super) comm: Vec<u8>,
    /// The last part of what it was called as. Programs may change that.
    pub(super) called: Vec<u8>,
}

/// All that can be seen.
pub(super) fn all() -> io::Result<Vec<Process>> {
    let names = fs::read_dir("/proc")?.flatten().map(|entry| entry.file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse().ok());
    // One that ends meanwhile is left out.
    Ok(pids.filter_map(one).collect())
}

/// This one; none when it is not there. `exe` and the like are closed to us for programs with capabilities; these two files
/// are open to all.
pub(super) fn one(pid: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    parse(pid, &stat, &command_line)
}

/// Reads `PID (NAME) STATE PARENT …`; the name may hold blanks and parentheses.
fn parse(pid: i32, stat: &[u8], command_line: &[u8]) -> Option<Process> {
    let begin = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let comm = stat.get(begin..end)?.to_vec();
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
    let called = command_line.split(|byte| *byte == 0).next()?;
    Some(Process {
        pid,
        parent,
        zombie: matches!(state, "Z" | "X"),
        comm,
        called: called.rsplit(|byte| *byte == b'/').next()?.to_vec(),
    })
}

impl Process {
    /// Whether it is a program of this name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let known = &name[..name.len().min(COMM)];
        if self.called == name {
            return true;
        }
        // Of a name that was cut, what it was called as says which one it is, unless the program changed that.
        let is_another = name.len() > COMM && self.called.starts_with(known);
        self.comm == known && !is_another
    }
}

/// What a process does with each signal: one bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dispositions {
    blocked: u64,
    ignored: u64,
    caught: u64,
}

impl Dispositions {
    /// Of this process; none when it is not there.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Some(Self::parse(&status))
    }

    fn parse(status: &str) -> Self {
        let mask = |key: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(key));
            let value = value.and_then(|value| u64::from_str_radix(value.trim(), 16).ok());
            value.unwrap_or_default()
        };
        Self {
            blocked: mask("SigBlk:"),
            ignored: mask("SigIgn:"),
            caught: mask("SigCgt:"),
        }
    }

    /// Whether a signal is ignored. Blocked or not: shells block all signals for moments, and drop it after that.
    pub(super) fn ignores(self, signal: i32) -> bool {
        self.ignored & 1 << (signal - 1) != 0
    }

    /// Whether there is code for a signal, or may be: one that is blocked waits for whoever asks for it.
    pub(super) fn handles(self, signal: i32) -> bool {
        let bit = 1 << (signal - 1);
        (self.caught | self.blocked) & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(stat: &str, command_line: &str) -> Process {
        parse(7, stat.as_bytes(), command_line.as_bytes()).expect("a process")
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_is_read_whole() {
        let found = process("7 (a) b (c) S 3 7 7 0", "/usr/bin/it\0--flag\0");
        assert_eq!(found.comm, b"a) b (c");
        assert_eq!((found.parent, found.zombie), (3, false));
        assert_eq!(found.called, b"it");
        assert!(process("7 (sh) Z 1 7", "").zombie);
    }

    #[test]
    fn a_process_is_known_by_its_name_or_by_what_it_was_called_as() {
        let nginx = process(
            "7 (nginx) S 0 7",
            "nginx: master process /usr/sbin/nginx -g daemon off;\0",
        );
        assert!(nginx.is_called("nginx") && !nginx.is_called("ngin") && !nginx.is_called("nginx2"));
        let script = process("7 (python3) S 0 7", "/usr/bin/gunicorn\0");
        assert!(script.is_called("gunicorn") && script.is_called("python3"));
    }

    #[test]
    fn a_name_of_more_than_15_bytes_is_told_from_another_with_the_same_beginning() {
        let long = process("7 (averyveryverylo) S 0 7", "./averyveryverylongname-sleep\0");
        assert!(long.is_called("averyveryverylongname-sleep"));
        assert!(!long.is_called("averyveryverylongname-other"));
        let changed = process("7 (averyveryverylo) S 0 7", "worker of it\0");
        assert!(changed.is_called("averyveryverylongname-sleep"));
    }

    #[test]
    fn a_signal_is_ignored_even_while_it_is_blocked_and_handled_if_somebody_may_ask_for_it() {
        let masks = Dispositions::parse(
            "Name:\tx\nSigBlk:\t0000000000000005\nSigIgn:\t0000000000000003\nSigCgt:\t0000000000000200\n",
        );
        assert!(masks.ignores(1), "blocked for a moment");
        assert!(!masks.ignores(3) && masks.handles(3), "blocked, for `signalfd`");
        assert!(masks.ignores(2) && !masks.handles(2));
        assert!(masks.handles(10) && !masks.handles(15));
    }

    #[test]
    fn this_process_is_there() {
        let pid = i32::try_from(std::process::id()).expect("a number");
        let all = all().expect("/proc can be read");
        assert!(all.iter().any(|process| process.pid == pid && !process.zombie));
        assert!(Dispositions::of(pid).is_some());
    }
}
