//! `sync`.

use fake_azure::{Effect, Fault, Service};
use serde_json::Value;

use super::stdout;
use crate::admin::Served;
use crate::support::stderr;

fn two() -> Served {
    let served = Served::at_socket();
    served.world.fake.vault("app").set_secret("optional", "one");
    served.objects("secrets: [{ name: db }, { name: optional, required: false }]");
    served
}

#[test]
fn it_ends_with_0_when_the_new_version_is_on_disk_and_shows_what_was_written() {
    let served = two();
    let _running = served.ready();
    let version = served.world.fake.vault("app").set_secret("db", "two");
    let output = served.tells(&["sync"]);
    assert_eq!(served.world.text("db").as_deref(), Some("two"));
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let row: Vec<_> = text
        .lines()
        .nth(1)
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    assert_eq!(row, ["app/secrets/db", version.as_str(), "written"], "{text}");
    assert!(
        text.ends_with("\n2 of 2 entries as asked for, 1 written\n"),
        "{text}"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn one_after_another_waits_for_its_turn() {
    let served = two();
    let _running = served.ready();
    served.world.fake.reset_calls();
    for _ in 0..2 {
        let output = served.tells_at_socket(&["sync", "-o", "json", "--object", "db"]);
        let outcome: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(outcome["entries"].as_array().map(Vec::len), Some(1), "{outcome}");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let calls = served.world.fake.calls();
    assert_eq!((calls.of_object("db"), calls.of_object("optional")), (2, 0));
}

#[test]
fn it_ends_as_once_does_and_what_is_optional_counts_when_it_is_named() {
    let served = two();
    let _running = served.ready();
    served.world.fake.vault("app").delete_secret("optional");
    let output = served.tells(&["sync"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("failed     notFound"),
        "{}",
        stdout(&output)
    );
    let output = served.tells(&["sync", "--object", "app/secrets/optional"]);
    assert_eq!(output.status.code(), Some(5));
    let told = stderr(&output);
    assert!(
        told.contains("1 entry is not as asked for; first app/secrets/optional (notFound), exit code 5")
            && told.contains("\nhint: "),
        "{told}"
    );
}

#[test]
fn an_open_gate_is_6_an_unknown_object_2_and_nobody_6_with_a_hint() {
    let served = two();
    let mut running = served.ready();
    let output = served.tells(&["sync", "--object", "db", "--object", "missing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("no object of the manifest is called \"missing\""),
        "{}",
        stderr(&output)
    );
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(60),
    };
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, throttled));
    running.sync();
    let output = served.tells(&["sync"]);
    assert_eq!(output.status.code(), Some(6));
    let told = stderr(&output);
    assert!(
        told.contains("nothing is asked now: ") && told.contains("\nhint: run this again in "),
        "{told}"
    );
    assert_eq!(running.stop().0.code(), Some(0));
    let output = served.tells(&["sync"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(
        stderr(&output).contains("\nhint: check that `akv-sync run` is at work"),
        "{}",
        stderr(&output)
    );
    served.world.manifest("secrets: [{ name: db }]");
    let output = served.tells(&["sync"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(
        stderr(&output).contains("\nhint: add `admin.socket`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_volume_that_fails_is_7() {
    let served = two();
    let _running = served.ready();
    let volume = served.world.path("volume");
    std::fs::remove_dir_all(&volume).expect("removed");
    std::fs::write(&volume, "no directory").expect("written");
    let output = served.tells(&["sync"]);
    assert_eq!(
        output.status.code(),
        Some(7),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));
}
