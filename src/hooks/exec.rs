//! Runs a program, without a shell and with nothing of our environment.

mod group;
mod output;
mod refused;

use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use nix::sys::signal::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{ChildStdin, Command};

use self::group::Group;
use self::output::Output;
use super::children::Children;
use super::{changes, failure};
use crate::domain::desired::ExecHook;
use crate::domain::hook::{HookCall, HookFailure};

/// The system takes no variable of more than 128 KiB; a program that reads stdin misses nothing.
const LONGEST_VARIABLE: usize = 100 * 1024;

/// Runs it to its end. What it began and left behind may live on, and may keep its output open: nobody waits for that.
pub(super) async fn run(
    hook: &ExecHook,
    call: &HookCall,
    volume: &Path,
    children: &Arc<Children>,
) -> Result<(), HookFailure> {
    let (mut reader, stdout, stderr) = output_pipe().map_err(|error| no_pipe(&error))?;
    let mut command = command(hook, call, volume);
    command.stdout(stdout).stderr(stderr);
    let mut group = Group::spawn(command, children).map_err(|error| refused::why(hook, &error))?;
    let mut output = Output::of(&call.hook.name);
    let stdin = group.stdin();
    let json = changes::json(call);
    let ended = {
        let talk = async {
            tokio::join!(tell(stdin, json.as_bytes()), output.read(&mut reader));
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            ended = group.ended() => ended,
            never = talk => match never {},
        }
    };
    output.end(reader);
    match ended {
        Ok(status) => verdict(status, &output.last_lines()),
        Err(error) => Err(failure(
            format!("nobody can say how the program ended: {error}"),
            "tell the authors of akv-sync",
        )),
    }
}

fn command(hook: &ExecHook, call: &HookCall, volume: &Path) -> Command {
    let mut command = Command::new(&hook.program);
    command
        .args(&hook.arguments)
        .current_dir(&hook.directory)
        .env_clear()
        .envs(&hook.environment)
        .env("AKV_SYNC_HOOK", call.hook.name.as_str())
        .env("AKV_SYNC_VOLUME", volume)
        .stdin(Stdio::piped());
    let names = changes::names(call);
    // None is better than some of them, which would look like all.
    if names.len() > LONGEST_VARIABLE {
        command.env_remove("AKV_SYNC_CHANGED");
        tracing::warn!(
            hook = %call.hook.name,
            objects = call.changes.len(),
            "Too many names for AKV_SYNC_CHANGED, which is not set; all are on stdin"
        );
    } else {
        command.env("AKV_SYNC_CHANGED", names);
    }
    command
}

/// One pipe for both, so that what the program says stays in order.
fn output_pipe() -> io::Result<(Receiver, Stdio, Stdio)> {
    let (reader, writer) = io::pipe()?;
    let reader = Receiver::from_owned_fd(OwnedFd::from(reader))?;
    Ok((reader, writer.try_clone()?.into(), writer.into()))
}

fn no_pipe(error: &io::Error) -> HookFailure {
    failure(
        format!("there is no pipe for the output of the program: {error}"),
        "raise the limit of open files (`ulimit -n`)",
    )
}

/// A program need not read what it is told, nor all of it.
async fn tell(stdin: Option<ChildStdin>, json: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _closed = stdin.write_all(json).await;
    }
}

fn verdict(status: ExitStatus, last_lines: &str) -> Result<(), HookFailure> {
    let (ended, hint) = match (status.code(), status.signal()) {
        (Some(0), _) => return Ok(()),
        (Some(127), _) => (
            "ended with code 127".to_owned(),
            "a program that it calls is missing, perhaps because no PATH is set: name it with its whole path, or set PATH in `environment` of the hook",
        ),
        (Some(code), _) => (
            format!("ended with code {code}"),
            "find out from its output why; `--log-level debug` shows all of it",
        ),
        (None, signal) => ended_by(signal.unwrap_or_default()),
    };
    let said = if last_lines.is_empty() {
        String::new()
    } else {
        format!("; its last lines: {last_lines}")
    };
    Err(failure(format!("the program {ended}{said}"), hint))
}

fn ended_by(signal: i32) -> (String, &'static str) {
    let name = Signal::try_from(signal).map_or_else(|_| "a signal without a name", Signal::as_str);
    let hint = if signal == Signal::SIGKILL as i32 {
        "somebody killed it; if nobody did, the container's memory limit was reached (`resources.limits.memory`)"
    } else {
        "find out who sent it, or why the program failed; `--log-level debug` shows its output"
    };
    (format!("was ended by signal {signal} ({name})"), hint)
}

#[cfg(test)]
mod tests;
