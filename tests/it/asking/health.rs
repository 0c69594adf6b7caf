//! `health`.

use fake_azure::{Effect, Fault, Service};
use nix::sys::signal::Signal;

use crate::admin::Served;
use crate::support::stderr;

#[test]
fn a_ready_program_is_0_and_silence_by_every_way_to_it() {
    for served in [
        Served::at_socket(),
        Served::at_loopback(),
        Served::at_all_addresses("token"),
    ] {
        let _running = served.ready();
        for arguments in [
            &["health"][..],
            &["health", "--live"],
            &["health", "--wait", "1s"],
        ] {
            let output = served.tells(arguments);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{arguments:?}: {}",
                stderr(&output)
            );
            assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        }
    }
}

#[test]
fn through_the_socket_it_needs_no_manifest() {
    let served = Served::at_socket();
    let _running = served.ready();
    let output = served.tells_at_socket(&["health"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn what_is_not_ready_is_1_with_one_line_that_says_why_and_alive_all_the_same() {
    let served = Served::at_socket();
    served.objects("secrets: [{ name: db }, { name: missing }]");
    let mut running = served.world.run();
    running.event("Object not fetched");
    let output = served.tells(&["health"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "not ready: 1 required entry is not as asked for\n"
    );
    assert_eq!(served.tells(&["health", "--live"]).status.code(), Some(0));
    let json = served.tells(&["health", "--log-format", "json"]);
    let line: serde_json::Value = serde_json::from_str(&stderr(&json)).expect("one line of JSON");
    assert_eq!(line["exit_code"], 1);
}

#[test]
fn once_ready_an_outage_does_not_end_it() {
    let served = Served::at_socket();
    let mut running = served.ready();
    served.world.take_the_vault_away();
    running.signal(Signal::SIGHUP);
    running.event("Object not fetched");
    assert_eq!(served.tells(&["health"]).status.code(), Some(0));
}

#[test]
fn it_waits_until_it_is_ready() {
    let served = Served::at_socket();
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    let _running = served.world.run();
    let waiting = served
        .command_at_socket(&["health", "--wait", "1m"])
        .spawn()
        .expect("the program starts");
    served.world.fake.faults().clear();
    let output = waiting.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn where_nobody_answers_it_is_1_and_says_what_the_volume_has() {
    let served = Served::at_socket();
    let output = served.tells(&["health"]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    let expected = format!("not ready: nobody answers at {} (", served.socket().display());
    assert!(
        told.starts_with(&expected)
            && told.ends_with("; 0 of 1 required entries are on the volume from before\n"),
        "{told}"
    );
    assert_eq!(served.world.once().status.code(), Some(0));
    let told = stderr(&served.tells(&["health", "--wait", "1s"]));
    assert!(
        told.ends_with("; 1 of 1 required entries are on the volume from before\n"),
        "{told}"
    );
    let told = stderr(&served.tells_at_socket(&["health"]));
    assert!(told.starts_with(&expected) && told.lines().count() == 1, "{told}");
}

#[test]
fn a_program_that_stands_still_is_neither_alive_nor_waited_for() {
    let served = Served::at_socket();
    let running = served.ready();
    running.signal(Signal::SIGSTOP);
    let output = served.tells_at_socket(&["health", "--live", "--wait", "1s"]);
    running.signal(Signal::SIGCONT);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("not alive: no answer of akv-sync at "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_manifest_without_admin_says_that_there_is_nobody_to_ask() {
    let served = Served::at_socket();
    served.world.manifest("secrets: [{ name: db }]");
    let output = served.tells(&["health", "--wait", "1m"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "not ready: the manifest has no `admin`, so there is nobody to ask\n"
    );
}
