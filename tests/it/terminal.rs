//! What a person sees: `once` on a terminal shows its progress and ends with a table.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use fake_azure::{Effect, Fault, Service};
use nix::pty::openpty;

use crate::support::World;

/// Runs the command with a terminal as stdout and stderr; gives its exit code and all that it wrote.
fn on_terminal(mut command: Command) -> (Option<i32>, String) {
    let terminal = openpty(None, None).expect("the system has terminals");
    let other = terminal.slave.try_clone().expect("a handle");
    command
        .stdout(Stdio::from(terminal.slave))
        .stderr(Stdio::from(other));
    let mut child = command.spawn().expect("the program starts");
    // The command holds the far end too; the terminal ends when nobody does.
    drop(command);
    let mut seen = Vec::new();
    let mut near = File::from(terminal.master);
    let mut bytes = [0; 4096];
    // Its end is an error on Linux.
    while let Ok(count @ 1..) = near.read(&mut bytes) {
        seen.extend_from_slice(&bytes[..count]);
    }
    let status = child.wait().expect("it ends");
    (
        status.code(),
        String::from_utf8(seen).expect("text").replace("\r\n", "\n"),
    )
}

/// The words of the line of the table that begins with the object.
fn row<'a>(text: &'a str, object: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(object));
    line.unwrap_or_default().split_whitespace().collect()
}

fn once(world: &World) -> (Option<i32>, String) {
    let mut command = world.command(&["once", "--timeout", "1s"]);
    command.env("TERM", "xterm");
    on_terminal(command)
}

#[test]
fn once_shows_its_progress_and_ends_with_a_table_and_never_a_value() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let version = vault.set_secret("a", "marker of a");
    vault.set_secret("b", "marker of b");
    world.manifest("secrets: [{ name: a }, { name: b }, { name: missing, required: false }]");
    let (code, text) = once(&world);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\r\u{1b}[2Kfetched 2 of 3"), "{text}");
    assert_eq!(row(&text, "OBJECT"), ["OBJECT", "VERSION", "RESULT", "REASON"]);
    assert_eq!(
        row(&text, "app/secrets/a"),
        ["app/secrets/a", version.as_str(), "written"]
    );
    assert_eq!(
        row(&text, "app/secrets/missing"),
        ["app/secrets/missing", "refused", "notFound"]
    );
    assert!(!text.contains("INFO"), "the table says it better:\n{text}");
    assert!(!text.contains("marker of"), "{text}");

    let (code, text) = once(&world);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(
        row(&text, "app/secrets/a"),
        ["app/secrets/a", version.as_str(), "unchanged"]
    );
}

#[test]
fn what_is_kept_in_an_outage_is_told_in_the_table() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "one");
    world.manifest("secrets: [{ name: a }]");
    assert_eq!(world.once().status.code(), Some(0));
    world.fake.vault("app").set_secret("a", "two");
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(60),
    };
    world.fake.faults().inject(Fault::new(Service::Vault, throttled));
    let (code, text) = once(&world);
    assert_eq!(code, Some(6), "{text}");
    assert_eq!(
        row(&text, "app/secrets/a"),
        ["app/secrets/a", "kept", "throttled"]
    );
    assert!(text.contains("hint"), "{text}");
    assert_eq!(world.text("a").as_deref(), Some("one"));
}

#[test]
fn plan_shows_its_progress_and_the_table_and_no_line_of_the_log() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("a", "marker of a");
    vault.set_secret("b", "marker of b");
    world.manifest("secrets: [{ name: a }, { name: b }]");
    let mut command = world.command(&["plan"]);
    command.env("TERM", "xterm");
    let (code, text) = on_terminal(command);
    assert_eq!(code, Some(10), "{text}");
    assert!(text.contains("\r\u{1b}[2Kfetched 1 of 2"), "{text}");
    assert!(
        text.contains("\nwrite   a     app/secrets/a  not on the volume"),
        "{text}"
    );
    assert!(text.contains("2 to write, 0 to adjust"), "{text}");
    assert!(!text.contains("INFO") && !text.contains("marker of"), "{text}");
}
