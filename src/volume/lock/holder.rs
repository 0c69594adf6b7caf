//! Who has a file locked, as far as `/proc/locks` tells (proc(5)): it names the processes that this one can see.

use std::fmt;
use std::fs::{self, File};

use nix::sys::stat::{major, minor};

use crate::volume::stat::{Signature, Stat};

/// The name that the kernel keeps of a process of ours (`comm` of proc(5)).
const OURS: &str = "akv-sync";

/// A process that has a file locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    process: u32,
    /// The name of its program, if it still runs.
    name: Option<String>,
}

impl Holder {
    /// The first that has an open file locked; `None` when none can be seen.
    pub(super) fn of(file: &File) -> Option<Self> {
        let signature = Stat::of(file).ok()?.signature;
        let locks = fs::read_to_string("/proc/locks").ok()?;
        let process = locks.lines().find_map(|line| holder(line, &signature))?;
        let name = fs::read_to_string(format!("/proc/{process}/comm")).ok();
        Some(Self {
            process,
            name: name.map(|name| name.trim_end().to_owned()),
        })
    }

    /// Whether it is another akv-sync, by its name.
    pub(super) fn is_akv_sync(&self) -> bool {
        self.name.as_deref() == Some(OURS)
    }

    /// Whether it is known to be something else.
    pub(super) fn is_another_program(&self) -> bool {
        self.name.is_some() && !self.is_akv_sync()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "process {} ({})", self.process, name.escape_debug()),
            None => write!(f, "process {}", self.process),
        }
    }
}

/// The process of a line such as `1: FLOCK  ADVISORY  WRITE 1234 00:2a:5678 0 EOF`, if it has this file locked. One that
/// waits has `->` in its line.
fn holder(line: &str, file: &Signature) -> Option<u32> {
    let mut fields = line.split_whitespace().skip(1);
    if fields.next()? != "FLOCK" {
        return None;
    }
    let process = fields.nth(2)?.parse().ok().filter(|process| *process > 0)?;
    let device = file.device();
    let wanted = format!("{:02x}:{:02x}:{}", major(device), minor(device), file.inode());
    (fields.next()? == wanted).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_process_that_has_the_file_locked() {
        let file = tempfile::tempfile().expect("file");
        let signature = Stat::of(&file).expect("stat").signature;
        let device = signature.device();
        let at = format!(
            "{:02x}:{:02x}:{}",
            major(device),
            minor(device),
            signature.inode()
        );
        let line = |text: &str| holder(&text.replace("FILE", &at), &signature);
        assert_eq!(line("1: FLOCK  ADVISORY  WRITE 1234 FILE 0 EOF"), Some(1234));
        assert_eq!(line("12: FLOCK  ADVISORY  READ 1 FILE 0 EOF"), Some(1));
        assert_eq!(line("1: -> FLOCK  ADVISORY  WRITE 1234 FILE 0 EOF"), None);
        assert_eq!(line("1: POSIX  ADVISORY  WRITE 1234 FILE 0 EOF"), None);
        assert_eq!(line("1: FLOCK  ADVISORY  WRITE 0 FILE 0 EOF"), None);
        assert_eq!(line("1: FLOCK  ADVISORY  WRITE 1234 00:01:2 0 EOF"), None);
        assert_eq!(line(""), None);
    }
}
