//! Why the system does not run a program, in words: one error number has several causes.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::libc;

use crate::domain::desired::ExecHook;
use crate::domain::hook::HookFailure;
use crate::domain::plain_text::one_line;
use crate::hooks::failure;

const MISSING: &str = "akv-sync's own image holds no other program: mount one from an image volume, use an image that has it, or let the hook use `signal` or `http`";

/// What is at fault when starting it ended with `error`.
pub(super) fn why(hook: &ExecHook, error: &io::Error) -> HookFailure {
    let (program, shown) = (hook.program.as_path(), hook.program.display());
    if let Some(failure) = directory(&hook.directory) {
        return failure;
    }
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::NotFound | ErrorKind::NotADirectory, _) => not_found(program),
        (ErrorKind::PermissionDenied, _) => denied(program),
        (ErrorKind::InvalidInput, _) => failure(
            "an argument or variable of the program holds the character NUL",
            "correct `command` or `environment` of the hook",
        ),
        (_, Some(libc::ENOEXEC)) => failure(
            format!("the system cannot run {shown}"),
            "it must be a program for this machine's architecture, or a script that begins with `#!` and its interpreter",
        ),
        (_, Some(libc::ETXTBSY)) => failure(
            format!("{shown} is being written just now"),
            "nothing, if it is installed at this moment; it is tried again",
        ),
        (_, Some(libc::E2BIG)) => failure(
            "the arguments and variables of the program are too long together",
            "shorten `command` and `environment` of the hook",
        ),
        (_, Some(libc::EAGAIN | libc::ENOMEM)) => failure(
            format!("no process can be started: {error}"),
            "raise the limit of processes (`ulimit -u`, `podPidsLimit`) or of memory (`resources.limits.memory`)",
        ),
        _ => failure(
            format!("{shown} cannot be started: {error}"),
            "check the program, and what the container is allowed to run",
        ),
    }
}

/// What is wrong with the directory in which it is to run.
fn directory(path: &Path) -> Option<HookFailure> {
    let shown = path.display();
    let correct = "correct `directory` of the hook, or mount it here";
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Some(failure(format!("{shown} is not a directory"), correct)),
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(failure(
            format!("akv-sync may not enter the directory {shown}"),
            "run as its owner (`runAsUser`), or name another `directory` in the hook",
        )),
        Err(_) => Some(failure(format!("the directory {shown} is not there"), correct)),
    }
}

/// The program is missing, or what the system needs to run it.
fn not_found(program: &Path) -> HookFailure {
    let shown = program.display();
    if fs::symlink_metadata(program).is_err() {
        return failure(format!("the program {shown} is not there"), MISSING);
    }
    if fs::metadata(program).is_err() {
        return failure(
            format!("the program {shown} is a link to something that is not there"),
            "mount what it points at too",
        );
    }
    match interpreter(program) {
        Some(interpreter) => failure(
            format!("{shown} is a script for {interpreter}, which is not there"),
            MISSING,
        ),
        None => failure(
            format!("the loader that {shown} was linked for is not there"),
            "use a program that is linked statically, or an image of the same distribution as the program",
        ),
    }
}

fn denied(program: &Path) -> HookFailure {
    let shown = program.display();
    match fs::metadata(program) {
        Ok(found) if found.is_dir() => failure(
            format!("{shown} is a directory"),
            "name the program in `command` of the hook",
        ),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => failure(
            format!("{shown} is not executable"),
            "`chmod +x` it; of a ConfigMap set `defaultMode: 0555`",
        ),
        _ => failure(
            format!("akv-sync may not run {shown}"),
            "let its mode and those of the directories above it allow it, or run as its owner (`runAsUser`); a file system mounted `noexec` runs nothing",
        ),
    }
}

/// What a script begins with after `#!`; nothing of another program, or of one that may be run and not read.
fn interpreter(program: &Path) -> Option<String> {
    let bytes = named_file::bytes_of_regular(program, 255).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let interpreter = line.strip_prefix(b"#!")?;
    Some(one_line(&String::from_utf8_lossy(interpreter), 200))
}
