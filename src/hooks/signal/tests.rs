//! With real processes of `/bin/sh`, which may give themselves another name.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::domain::desired::{HookAction, Verify};
use crate::hooks::testing::{Script, answer, eventually, run, serve};

/// Ends when the test does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A process hands down that it ignores a signal, as one under `nohup` does, and no shell can trap that. One that is heard is
/// handed down as any other.
fn hang_up_is_heard() -> tokio::signal::unix::Signal {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).expect("heard")
}

/// A script under a name, once it has said `ready`.
async fn start(name: &str, text: &str) -> (Script, Running) {
    let _heard = hang_up_is_heard();
    let script = Script::new(&format!("printf {name} > /proc/$$/comm\n{text}"));
    let mut command = Command::new("/bin/sh");
    command
        .args(script.hook().arguments)
        .current_dir(script.folder.path())
        .stdin(Stdio::null());
    let running = Running(command.spawn().expect("started"));
    script.said("ready").await;
    (script, running)
}

/// A name that no process of another run of the tests has, within the fifteen bytes of one.
fn own(name: &str) -> String {
    format!("{:.8}{}", name, std::process::id())
}

/// Waits for SIGHUP, and ends then.
const WAITING: &str = "trap 'echo HUP > got' HUP\necho $$ > ready\nwhile [ ! -e got ]; do sleep 0.02; done";

async fn hup(to: SignalTarget) -> Result<(), HookFailure> {
    send_and_verify(to, None).await
}

async fn send_and_verify(to: SignalTarget, verify: Option<Verify>) -> Result<(), HookFailure> {
    let hook = SignalHook {
        to,
        signal: HookSignal::Hup,
        verify,
    };
    run("/vol".as_ref(), HookAction::Signal(hook)).await
}

fn named(name: &str) -> SignalTarget {
    SignalTarget::Process(name.to_owned())
}

#[tokio::test]
async fn a_process_is_found_by_its_name() {
    let (script, _running) = start(&own("byname"), WAITING).await;
    assert_eq!(hup(named(&own("byname"))).await, Ok(()));
    assert_eq!(script.said("got").await, "HUP");
}

#[tokio::test]
async fn a_process_is_found_by_a_long_name_that_it_was_called_as() {
    use std::os::unix::process::CommandExt as _;
    let _heard = hang_up_is_heard();
    let script = Script::new(WAITING);
    let mut command = Command::new("/bin/sh");
    command
        .arg0("/opt/contoso/bin/a-server-with-a-long-name")
        .args(script.hook().arguments)
        .current_dir(script.folder.path());
    let _running = Running(command.spawn().expect("started"));
    script.said("ready").await;
    assert_eq!(hup(named("a-server-with-a-long-name")).await, Ok(()));
    assert_eq!(script.said("got").await, "HUP");
}

#[tokio::test]
async fn the_workers_of_a_program_are_left_to_it() {
    let worker = "( trap 'echo > worker-got' HUP; echo > worker; while [ ! -e got ]; do sleep 0.02; done; echo > worker-ended ) &";
    let (script, _running) = start(
        &own("topmost"),
        &format!("{worker}\nwhile [ ! -e worker ]; do sleep 0.02; done\n{WAITING}"),
    )
    .await;
    assert_eq!(hup(named(&own("topmost"))).await, Ok(()));
    eventually(|| script.folder.path().join("worker-ended").exists()).await;
    assert!(!script.folder.path().join("worker-got").exists());
}

#[tokio::test]
async fn a_process_is_found_by_its_pid_file() {
    let (script, running) = start(&own("pidfile"), WAITING).await;
    let file = script.folder.path().join("app.pid");
    // As PostgreSQL writes it: the number is in the first line.
    std::fs::write(&file, format!("{}\n/var/lib/data\n5432\n", running.0.id())).expect("written");
    assert_eq!(hup(SignalTarget::PidFile(file)).await, Ok(()));
    assert_eq!(script.said("got").await, "HUP");
}

#[tokio::test]
async fn a_pid_file_that_names_no_process_is_told_and_what_to_do_while_the_application_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ended = Command::new("/bin/true").spawn().expect("started");
    ended.wait().expect("ended");
    let own = std::process::id();
    for (text, said, advice) in [
        (None, "is not there", "while the application starts"),
        (Some(String::new()), "is empty", "while the application starts"),
        (Some("\n".to_owned()), "is empty", "while the application starts"),
        (
            Some(format!("{}\n", ended.id())),
            "which is not there",
            "shareProcessNamespace",
        ),
        (
            Some("nginx".to_owned()),
            "is not the number of a process",
            "`pidFile`",
        ),
        (
            Some("-1".to_owned()),
            "is not the number of a process",
            "`pidFile`",
        ),
        (
            Some("0".to_owned()),
            "is not the number of a process",
            "`pidFile`",
        ),
        (Some(own.to_string()), "akv-sync itself", "shareProcessNamespace"),
    ] {
        let file = folder.path().join("app.pid");
        if let Some(text) = &text {
            std::fs::write(&file, text).expect("written");
        }
        let failure = hup(SignalTarget::PidFile(file))
            .await
            .expect_err("nobody is there");
        assert!(failure.error.contains(said), "{text:?}: {failure:?}");
        assert!(failure.hint.contains(advice), "{text:?}: {failure:?}");
    }
}

#[tokio::test]
async fn no_process_of_the_name_is_told_with_the_field_of_the_pod() {
    let failure = hup(named("no-such-process")).await.expect_err("nobody is there");
    assert_eq!(failure.error, "no process is called no-such-process");
    assert!(
        failure.hint.contains("`shareProcessNamespace: true`"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_process_that_ignores_the_signal_is_told() {
    let (_script, _running) = start(
        &own("ignores"),
        "trap '' HUP\necho $$ > ready\nwhile :; do sleep 0.02; done",
    )
    .await;
    let failure = hup(named(&own("ignores"))).await.expect_err("in vain");
    assert!(
        failure
            .error
            .ends_with(&format!("({}) ignores SIGHUP", own("ignores"))),
        "{failure:?}"
    );
}

fn first() -> Process {
    Process {
        pid: 1,
        parent: 0,
        zombie: false,
        comm: b"nginx".to_vec(),
        called: b"nginx".to_vec(),
    }
}

#[test]
fn a_first_process_without_a_handler_is_told_as_the_system_drops_the_signal() {
    let nothing = Dispositions::default();
    let failure = in_vain(&first(), nothing, Number::SIGHUP).expect("in vain");
    assert!(
        failure
            .error
            .contains("process 1 (nginx) is process 1 and has no handler for SIGHUP"),
        "{failure:?}"
    );
    assert!(failure.hint.contains("shareProcessNamespace"), "{failure:?}");
    let another = Process { pid: 2, ..first() };
    assert_eq!(in_vain(&another, nothing, Number::SIGHUP), None);
}

#[test]
fn a_refusal_of_the_system_is_told_by_its_cause() {
    for (error, said, advice) in [
        (Errno::PERM, "runs as another user", "runAsUser"),
        (Errno::SRCH, "ended before", "tried again"),
        (Errno::NOSYS, "no descriptors of processes", "Linux 5.3"),
        (Errno::ACCESS, "no signal can be sent", "seccomp"),
    ] {
        let failure = refused(&first(), error);
        assert!(
            failure.error.contains(said) && failure.hint.contains(advice),
            "{failure:?}"
        );
    }
}

#[test]
fn a_number_that_became_another_process_gets_no_signal() {
    let pid = i32::try_from(std::process::id()).expect("a number");
    let failure = send(&Process { pid, ..first() }, HookSignal::Hup).expect_err("it is not nginx");
    assert!(
        failure.error.contains("ended before the signal was sent"),
        "{failure:?}"
    );
}

async fn verified(answers: Vec<String>, within: Duration) -> (Result<(), HookFailure>, usize) {
    let (script, _running) = start(&own("verify"), WAITING).await;
    let file: PathBuf = script.folder.path().join("ready");
    let (url, asked) = serve(answers);
    let verify = Verify { url, within };
    let done = send_and_verify(SignalTarget::PidFile(file), Some(verify)).await;
    assert_eq!(script.said("got").await, "HUP");
    (done, asked.try_iter().count())
}

#[tokio::test]
async fn what_verifies_a_signal_is_asked_until_it_is_good() {
    let answers = vec![answer(503), answer(404), answer(200), answer(200)];
    let (done, asked) = verified(answers, Duration::from_secs(30)).await;
    assert_eq!((done, asked), (Ok(()), 3));
}

#[tokio::test]
async fn a_signal_that_nothing_verifies_in_time_has_failed_with_what_was_seen_last() {
    let (done, _) = verified(vec![answer(503); 100], Duration::from_millis(600)).await;
    let error = done.expect_err("never good").error;
    assert!(error.contains("within 0.6 s: http://127.0.0.1:"), "{error}");
    assert!(
        error.contains("answered 503 Service Unavailable, not 200 to 299"),
        "{error}"
    );
}
