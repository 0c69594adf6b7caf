//! With real programs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::domain::desired::HookAction;
use crate::hooks::testing::{Script, call, eventually, lives, run};

async fn error_of(hook: ExecHook) -> (String, String) {
    loop {
        let failure = run(Path::new("/vol"), HookAction::Exec(hook.clone())).await;
        let failure = failure.expect_err("it cannot succeed");
        // A test beside this one starts a program just now, and holds open what was written here until that runs.
        if !failure.error.contains("is being written") {
            return (failure.error, failure.hint);
        }
    }
}

#[tokio::test]
async fn a_program_hears_what_changed_and_nothing_of_our_environment() {
    let script = Script::new("env | sort > variables; pwd > where; cat > heard; echo \"$1\" > argument");
    let mut hook = script.hook();
    hook.arguments.push("a b;$(c)".to_owned());
    hook.environment = BTreeMap::from([("LEVEL".to_owned(), "info".to_owned())]);
    run(Path::new("/vol"), HookAction::Exec(hook.clone()))
        .await
        .expect("a success");
    let read = |file| fs::read_to_string(script.folder.path().join(file)).expect("written");
    let variables = read("variables");
    let ours = ["PWD=", "SHLVL=", "_=", "OLDPWD="];
    let theirs: Vec<_> = variables
        .lines()
        .filter(|line| !ours.iter().any(|own| line.starts_with(own)))
        .collect();
    assert_eq!(
        theirs,
        [
            "AKV_SYNC_CHANGED=db",
            "AKV_SYNC_HOOK=reload",
            "AKV_SYNC_VOLUME=/vol",
            "LEVEL=info"
        ]
    );
    assert_eq!(
        read("heard"),
        changes::json(&call(HookAction::Exec(hook), &["db"]))
    );
    assert_eq!(Path::new(read("where").trim_end()), script.folder.path());
    assert_eq!(read("argument"), "a b;$(c)\n");
}

#[tokio::test]
async fn a_hook_that_nobody_waits_for_any_more_ends_with_all_that_it_began() {
    let script = Script::new("sleep 1000 & echo $! > grandchild; echo $$ > leader; wait");
    let action = script.action();
    let run = tokio::spawn(async move { run(Path::new("/vol"), action).await });
    let (leader, grandchild) = (script.said("leader").await, script.said("grandchild").await);
    assert!(lives(&leader) && lives(&grandchild));
    run.abort();
    eventually(|| !lives(&grandchild)).await;
    eventually(|| !Path::new("/proc").join(&leader).exists()).await;
}

#[tokio::test]
async fn a_program_that_goes_into_the_background_has_succeeded_while_its_output_is_open() {
    let script = Script::new("sleep 1000 & echo $! > background; echo started");
    run(Path::new("/vol"), script.action()).await.expect("a success");
    let background = script.said("background").await;
    assert!(lives(&background));
    let pid = background.parse().expect("a number");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).expect("killed");
}

#[tokio::test]
async fn output_without_end_neither_blocks_the_program_nor_grows_memory() {
    let script = Script::new(
        "yes 'a line of the output that is long enough' | head -c 100000000; echo 'the end' >&2; exit 3",
    );
    let hook = ExecHook {
        environment: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        ..script.hook()
    };
    let (error, hint) = error_of(hook).await;
    assert!(
        error.starts_with("the program ended with code 3; its last lines: a line"),
        "{error}"
    );
    assert!(error.ends_with("the end"), "{error}");
    assert!(
        error.len() < 2048 && hint.contains("--log-level debug"),
        "{error} {hint}"
    );
}

#[tokio::test]
async fn a_program_need_not_read_what_it_is_told() {
    let names: Vec<_> = (0..2000)
        .map(|number| format!("name-{number}-{}", "x".repeat(80)))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for text in ["exit 0", "exec <&-; sleep 0", "head -c 1"] {
        let script = Script::new(text);
        let call = call(script.action(), &names);
        let HookAction::Exec(hook) = &call.hook.action else {
            panic!("it runs a program");
        };
        let done = super::run(hook, &call, Path::new("/vol"), &Arc::default()).await;
        assert_eq!(done, Ok(()), "{text}");
    }
}

#[tokio::test]
async fn more_names_than_a_variable_can_hold_are_on_stdin_alone() {
    let script = Script::new("[ -z \"${AKV_SYNC_CHANGED+set}\" ] && wc -c > bytes");
    let names: Vec<_> = (0..2000)
        .map(|number| format!("name-{number}-{}", "x".repeat(80)))
        .collect();
    let call = call(
        script.action(),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let done = super::run(&script.hook(), &call, Path::new("/vol"), &Arc::default()).await;
    assert_eq!(done, Ok(()));
    assert_eq!(script.said("bytes").await, changes::json(&call).len().to_string());
}

#[tokio::test]
async fn how_a_program_ended_is_told() {
    for (text, said, advice) in [
        (
            "echo first; echo bad >&2; exit 3",
            "ended with code 3; its last lines: first | bad",
            "output",
        ),
        ("exit 1", "ended with code 1", "output"),
        ("no-such-program 2>/dev/null", "ended with code 127", "PATH"),
        ("kill -9 $$", "was ended by signal 9 (SIGKILL)", "memory limit"),
        ("kill -TERM $$", "was ended by signal 15 (SIGTERM)", "who sent it"),
    ] {
        let script = Script::new(text);
        let (error, hint) = error_of(script.hook()).await;
        assert_eq!(error, format!("the program {said}"));
        assert!(hint.contains(advice), "{hint}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_told_with_its_cause() {
    let script = Script::new("exit 0");
    let folder = script.folder.path();
    let with = |name: &str, mode, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        ExecHook {
            program: path,
            ..script.hook()
        }
    };
    std::os::unix::fs::symlink("nothing", folder.join("link")).expect("a link");
    let program = |name: &str| ExecHook {
        program: folder.join(name),
        ..script.hook()
    };
    let directory = |name: &str| ExecHook {
        directory: folder.join(name),
        ..script.hook()
    };
    for (hook, said, advice) in [
        (program("missing"), "missing is not there", "image volume"),
        (program("script/below"), "below is not there", "image volume"),
        (
            program("link"),
            "is a link to something that is not there",
            "mount",
        ),
        (program(""), "is a directory", "`command`"),
        (
            with("plain", 0o644, "#!/bin/sh\n"),
            "is not executable",
            "chmod +x",
        ),
        (
            with("other", 0o755, "#!/opt/no/python -u\nprint()\n"),
            "is a script for /opt/no/python -u, which is not there",
            "image volume",
        ),
        (with("bare", 0o755, "exit 0\n"), "the system cannot run", "`#!`"),
        (directory("missing"), "missing is not there", "`directory`"),
        (directory("script"), "script is not a directory", "`directory`"),
    ] {
        let (error, hint) = error_of(hook).await;
        assert!(error.contains(said), "{error}");
        assert!(hint.contains(advice), "{error}: {hint}");
    }
}
