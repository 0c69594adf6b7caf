//! Sends a signal to a process of this pod or machine.

mod target;
mod verify;

use nix::libc;
use nix::sys::signal::Signal as Number;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::processes::{self, Dispositions, Process};
use super::{failure, off_thread};
use crate::domain::desired::{HookSignal, SignalHook, SignalTarget};
use crate::domain::hook::{HookCall, HookFailure};
use crate::domain::plain_text::one_line;
use crate::transport::AuthorityOptions;

/// Sends it to each process that is meant, and asks for a sign of its effect if there is one to ask for.
pub(super) async fn run(
    hook: &SignalHook,
    call: &HookCall,
    authorities: &AuthorityOptions,
) -> Result<(), HookFailure> {
    let (to, signal) = (hook.to.clone(), hook.signal);
    let processes = off_thread(move || send_to_all(&to, signal)).await?;
    tracing::debug!(hook = %call.hook.name, signal = signal.as_str(), processes, "Signal sent");
    match &hook.verify {
        Some(verify) => verify::until_good(verify, authorities).await,
        None => Ok(()),
    }
}

/// Says how many got it. One that cannot get it does not keep it from the others.
fn send_to_all(to: &SignalTarget, signal: HookSignal) -> Result<usize, HookFailure> {
    let targets = target::find(to)?;
    let sent: Vec<_> = targets.iter().map(|target| send(target, signal)).collect();
    let failures: Vec<_> = sent.into_iter().filter_map(Result::err).collect();
    match failures.first() {
        None => Ok(targets.len()),
        Some(first) => {
            let errors: Vec<_> = failures.iter().map(|failure| failure.error.as_str()).collect();
            Err(failure(errors.join("; "), first.hint.clone()))
        }
    }
}

/// By a descriptor of the process: its number may be another's by the time that the signal leaves.
fn send(target: &Process, signal: HookSignal) -> Result<(), HookFailure> {
    let pid = Pid::from_raw(target.pid).ok_or_else(|| ended(target))?;
    let descriptor = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| refused(target, error))?;
    let is_the_same = processes::one(target.pid).is_some_and(|now| !now.zombie && now.comm == target.comm);
    if !is_the_same {
        return Err(ended(target));
    }
    let (signal, number) = numbers(signal);
    // Nobody would ever learn that it had no effect.
    let in_vain = Dispositions::of(target.pid).and_then(|masks| in_vain(target, masks, number));
    if let Some(failure) = in_vain {
        return Err(failure);
    }
    pidfd_send_signal(descriptor, signal).map_err(|error| refused(target, error))
}

const fn numbers(signal: HookSignal) -> (Signal, Number) {
    match signal {
        HookSignal::Hup => (Signal::HUP, Number::SIGHUP),
        HookSignal::Int => (Signal::INT, Number::SIGINT),
        HookSignal::Quit => (Signal::QUIT, Number::SIGQUIT),
        HookSignal::Usr1 => (Signal::USR1, Number::SIGUSR1),
        HookSignal::Usr2 => (Signal::USR2, Number::SIGUSR2),
        HookSignal::Term => (Signal::TERM, Number::SIGTERM),
        HookSignal::Winch => (Signal::WINCH, Number::SIGWINCH),
    }
}

/// Why the signal would have no effect, if that is so.
fn in_vain(target: &Process, masks: Dispositions, signal: Number) -> Option<HookFailure> {
    let (who, number) = (shown(target), signal as libc::c_int);
    if masks.ignores(number) {
        return Some(failure(
            format!("{who} ignores {signal}"),
            "name the signal by which it reloads; `nohup` and some shells make what they start ignore signals",
        ));
    }
    // The system keeps the first process of a namespace from ending by a signal that it has no code for.
    if target.pid == 1 && !masks.handles(number) {
        return Some(failure(
            format!(
                "{who} is process 1 and has no handler for {signal}, so that the system drops the signal"
            ),
            "name the signal by which it reloads; set `shareProcessNamespace: true` in the pod, or start it below an init, if it is to end by this one",
        ));
    }
    None
}

fn shown(process: &Process) -> String {
    let name = String::from_utf8_lossy(&process.comm);
    format!("process {} ({})", process.pid, one_line(&name, 64))
}

fn ended(target: &Process) -> HookFailure {
    failure(
        format!("{} ended before the signal was sent", shown(target)),
        "nothing, if it restarts just now; the hook is tried again",
    )
}

fn refused(target: &Process, error: Errno) -> HookFailure {
    let who = shown(target);
    match error {
        Errno::SRCH => ended(target),
        Errno::PERM => failure(
            format!("akv-sync may not send a signal to {who}, which runs as another user"),
            "run both containers as the same user (`runAsUser`), or tell it by `exec`, `http` or `touch`",
        ),
        Errno::NOSYS => failure(
            format!("the system cannot send a signal to {who} safely: it has no descriptors of processes"),
            "use Linux 5.3 or newer, or tell it by `exec`, `http` or `touch`",
        ),
        error => failure(
            format!("no signal can be sent to {who}: {error}"),
            "check what the container's security profile (seccomp) allows: pidfd_open and pidfd_send_signal",
        ),
    }
}

#[cfg(test)]
mod tests;
