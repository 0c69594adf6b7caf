//! What somebody else may have put where a file of ours goes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::domain::payload::RefusedName;

/// Makes something at a path.
pub(in crate::volume::tests) type Make = fn(&Path);

/// What each is called in a refusal, and how it is made.
pub(in crate::volume::tests) const FOREIGN: [(&str, Make); 4] = [
    ("a regular file", |at| fs::write(at, "theirs").expect("file")),
    ("a directory", |at| fs::create_dir(at).expect("directory")),
    ("a link to elsewhere", |at| {
        symlink("/etc/hostname", at).expect("link");
    }),
    ("a device, pipe or socket", |at| {
        mkfifo(at, Mode::S_IRUSR).expect("pipe");
    }),
];

/// What a publish says when it refuses one name.
pub(in crate::volume::tests) fn refused(name: &str, found: &str) -> Vec<RefusedName> {
    vec![RefusedName {
        name: name.to_owned(),
        found: found.to_owned(),
    }]
}

/// Removes what [`FOREIGN`] made.
pub(in crate::volume::tests) fn clear(at: &Path) {
    fs::remove_file(at)
        .or_else(|_| fs::remove_dir(at))
        .expect("removes");
}
