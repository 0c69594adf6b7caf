//! What a person sees: `once` on a terminal shows what is under way, and ends with a table.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};

use fake_azure::{Effect, Fault, Service};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::World;

/// A terminal for stdout and stderr, or for stderr alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Both,
    Stderr,
}

/// Starts the command with a terminal of so many columns; gives its near end.
pub(crate) fn start_on_terminal(mut command: Command, columns: u16, shows: Shows) -> (Child, File) {
    let size = Winsize {
        ws_row: 25,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(Some(&size), None).expect("the system has terminals");
    let other = terminal.slave.try_clone().expect("a handle");
    command.stderr(Stdio::from(terminal.slave));
    command.stdout(match shows {
        Shows::Both => Stdio::from(other),
        Shows::Stderr => {
            drop(other);
            Stdio::null()
        }
    });
    // The command holds the far end too, and goes; the terminal ends when nobody does.
    let child = command.spawn().expect("the program starts");
    (child, File::from(terminal.master))
}

/// Runs the command with a terminal of so many columns; gives its exit code and all that it wrote there.
pub(crate) fn run_on_terminal(command: Command, columns: u16, shows: Shows) -> (Option<i32>, String) {
    let (mut child, mut near) = start_on_terminal(command, columns, shows);
    let seen = read(&mut near, |_| false);
    let status = child.wait().expect("it ends");
    (status.code(), seen.replace("\r\n", "\n"))
}

/// `once` until it has shown this text; SIGTERM ends it then.
fn once_until(world: &World, text: &str) -> (Option<i32>, String) {
    let mut command = world.command(&["once", "--timeout", "5m", "--color", "never"]);
    command.env("TERM", "xterm");
    let (mut child, mut near) = start_on_terminal(command, 200, Shows::Both);
    let mut seen = read(&mut near, |seen| seen.contains(text));
    let process = i32::try_from(child.id()).expect("a process number");
    kill(Pid::from_raw(process), Signal::SIGTERM).expect("it runs");
    seen += &read(&mut near, |_| false);
    let status = child.wait().expect("it ends");
    (status.code(), seen.replace("\r\n", "\n"))
}

/// Reads until what was read is enough, or to the end.
pub(crate) fn read(near: &mut File, is_enough: impl Fn(&str) -> bool) -> String {
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    // Its end is an error on Linux.
    while let Ok(count @ 1..) = near.read(&mut bytes) {
        seen.extend_from_slice(&bytes[..count]);
        if is_enough(&String::from_utf8_lossy(&seen)) {
            break;
        }
    }
    String::from_utf8(seen).expect("text")
}

/// `once` in colors, on a wide terminal.
fn once_with(
    world: &World,
    arguments: &[&str],
    variables: &[(&str, &str)],
    columns: u16,
) -> (Option<i32>, String) {
    let arguments: Vec<_> = ["once", "--timeout", "1s"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let mut command = world.command(&arguments);
    command.env("TERM", "xterm").envs(variables.iter().copied());
    run_on_terminal(command, columns, Shows::Both)
}

/// `once` without colors, on a wide terminal.
fn once(world: &World) -> (Option<i32>, String) {
    once_with(world, &["--color", "never"], &[], 200)
}

/// The words of the line that begins with this path.
fn row<'a>(text: &'a str, path: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(path));
    line.unwrap_or_default().split_whitespace().collect()
}

/// The lines of the table: from its titles to the empty line.
fn table(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .map(|line| line.rsplit("\u{1b}[2K").next().unwrap_or_default());
    lines
        .skip_while(|line| !line.starts_with("PATH"))
        .take_while(|line| !line.is_empty())
        .collect()
}

#[test]
fn once_shows_its_progress_and_ends_with_a_row_for_each_file_and_never_a_value() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let version = vault.set_secret("a", "marker of a");
    vault.set_secret("b", "marker of b");
    world.manifest(
        "secrets: [{ name: a }, { name: b }, { name: missing, required: false }]\n\
         templates: [{ path: both, format: dotenv, values: [{ key: A, secret: a }] }]",
    );
    let (code, text) = once(&world);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\r\u{1b}[2Kfetched 2 of 3"), "{text}");
    assert_eq!(
        table(&text)[0].split_whitespace().collect::<Vec<_>>(),
        ["PATH", "OBJECT", "VERSION", "STATE", "AGE/REASON"]
    );
    assert_eq!(
        row(&text, "a "),
        ["a", "app/secrets/a", version.as_str(), "written", "0s"]
    );
    assert_eq!(
        row(&text, "missing "),
        ["missing", "app/secrets/missing", "refused", "notFound"]
    );
    assert_eq!(row(&text, "both ")[..3], ["both", "template", "written"]);
    assert!(
        text.contains("\n4 files of 3 objects: 3 written, 1 refused\n"),
        "{text}"
    );
    assert!(
        text.contains("\nwarning[notFound]: vault app ")
            && text.contains("\n  --> app/secrets/missing\nhint: check the secret's name"),
        "{text}"
    );
    assert!(
        !text.contains("INFO") && !text.contains("WARN"),
        "the table says it better:\n{text}"
    );
    assert!(!text.contains("marker of"), "{text}");

    world.manifest("secrets: [{ name: a }]");
    let (code, text) = once(&world);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(
        row(&text, "a ")[..4],
        ["a", "app/secrets/a", version.as_str(), "unchanged"]
    );
    assert_eq!(row(&text, "b "), ["b", "removed"]);
}

#[test]
fn what_is_kept_in_an_outage_is_told_in_the_table_and_drawn_once_with_a_hint() {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "one");
    }
    world.manifest("secrets: [{ name: a }, { name: b }]");
    assert_eq!(world.once().status.code(), Some(0));
    world.fake.vault("app").set_secret("a", "two");
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(60),
    };
    world.fake.faults().inject(Fault::new(Service::Vault, throttled));
    let (code, text) = once(&world);
    assert_eq!(code, Some(6), "{text}");
    for path in ["a", "b"] {
        let words = row(&text, &format!("{path} "));
        assert!(words.contains(&"kept") && words.contains(&"throttled,"), "{text}");
    }
    assert_eq!(text.matches("error[throttled]").count(), 1, "{text}");
    assert_eq!(text.matches("\nhint: ").count(), 1, "{text}");
    let last = text.lines().last().expect("something");
    assert!(
        last.starts_with(
            "error: vault, Entra, IMDS or network unavailable, or throttling: 2 required entries are not as asked for; first "
        ) && last.ends_with(" (throttled), exit code 6"),
        "{text}"
    );
    assert_eq!(world.text("a").as_deref(), Some("one"));
}

#[test]
fn what_hangs_is_named_with_its_time_and_what_is_tried_again_too() {
    let world = World::new();
    world.fake.vault("app").set_secret("slow", "value");
    world.manifest("secrets: [{ name: slow }]");
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    let waiting = "waiting for app/secrets/slow (";
    let (code, text) = once_until(&world, waiting);
    assert_eq!(code, Some(130), "{text}");
    assert!(text.contains(waiting), "{text}");

    world.fake.faults().clear();
    world.take_the_vault_away();
    let again = "app: unreachable, tried again ";
    let (code, text) = once_until(&world, again);
    assert_eq!(code, Some(130), "{text}");
    assert!(text.contains(again), "{text}");
}

#[test]
fn the_table_is_as_wide_as_the_terminal_and_never_wider() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let version = vault.set_secret("a", "value");
    let long = "certificates-of-the-department/which-has-a-long-name/証明書-for-the-web-server.pem";
    world.manifest(&format!(
        "secrets: [{{ name: a, path: {long} }}, {{ name: a, path: b }}]"
    ));
    for (columns, titles, has) in [
        (40, "PATH STATE AGE/REASON", "…"),
        (80, "PATH OBJECT STATE AGE/REASON", "…"),
        (200, "PATH OBJECT VERSION STATE AGE/REASON", version.as_str()),
    ] {
        let (code, text) = once_with(&world, &["--color", "never"], &[], columns);
        assert_eq!(code, Some(0), "{text}");
        let table = table(&text);
        assert_eq!(table[0].split_whitespace().collect::<Vec<_>>().join(" "), titles);
        assert_eq!(table.len(), 3, "{text}");
        assert!(table[1].contains(has), "{columns}: {text}");
        // The three wide characters have two places each.
        let wide = |line: &str| {
            line.chars()
                .map(|c| if c > '\u{2fff}' { 2 } else { 1 })
                .sum::<usize>()
        };
        let places = |line: &str| {
            let column = line
                .find("written")
                .or_else(|| line.find("unchanged"))
                .expect("a state");
            wide(&line[..column])
        };
        assert_eq!(places(table[1]), places(table[2]), "{text}");
        assert!(
            table.iter().all(|line| wide(line) <= usize::from(columns)),
            "{columns}: {text}"
        );
    }
}

#[test]
fn colors_are_for_terminals_that_want_them() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "value");
    world.manifest("secrets: [{ name: a }, { name: missing, required: false }]");
    let is_colored = |text: &str| text.contains("\u{1b}[3") || text.contains("\u{1b}[1;3");
    let (_, text) = once_with(&world, &[], &[], 80);
    assert!(
        text.contains("\u{1b}[1;33mwarning[notFound]\u{1b}[0m") && text.contains("\u{1b}[31mrefused"),
        "{text}"
    );
    for (arguments, variables) in [
        (&[][..], &[("NO_COLOR", "1")][..]),
        (&["--color", "never"], &[]),
        (&[], &[("TERM", "dumb")]),
        (&["-v"], &[("NO_COLOR", "1")]),
    ] {
        let (_, text) = once_with(&world, arguments, variables, 80);
        assert!(!is_colored(&text), "{arguments:?} {variables:?}:\n{text}");
    }
    let (_, text) = once_with(&world, &["--color", "always"], &[("NO_COLOR", "1")], 80);
    assert!(is_colored(&text), "{text}");
}

#[test]
fn once_into_a_pipe_and_once_with_a_level_write_the_log() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "value");
    world.manifest("secrets: [{ name: a }]");
    let mut piped = world.command(&["once", "--color", "never"]);
    piped.env("TERM", "xterm");
    let (code, text) = run_on_terminal(piped, 80, Shows::Stderr);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(" INFO Published object=app/secrets/a "), "{text}");
    assert!(!text.contains("fetched") && !text.contains('\u{1b}'), "{text}");

    let (code, text) = once_with(&world, &["--log-level", "info", "--color", "never"], &[], 80);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains(" INFO Synced objects=1 files=1 written=0 failed=0"),
        "{text}"
    );
    assert!(!text.contains("fetched"), "{text}");
    assert!(table(&text).is_empty(), "the log instead:\n{text}");
}

#[test]
fn a_json_log_on_a_terminal_is_json_and_nothing_else() {
    let world = World::new();
    world.manifest("secrets: [{ name: missing }]");
    for command in ["once", "plan"] {
        let mut command = world.command(&[command, "--log-format", "json"]);
        command.env("TERM", "xterm");
        let (code, text) = run_on_terminal(command, 80, Shows::Stderr);
        assert_eq!(code, Some(5), "{text}");
        for line in text.lines() {
            assert!(
                serde_json::from_str::<serde_json::Value>(line).is_ok(),
                "{line}\n{text}"
            );
        }
    }
}

#[test]
fn plan_on_a_terminal_says_a_failure_once_and_draws_it_as_once_does() {
    let world = World::new();
    world.manifest("secrets: [{ name: missing }, { name: optional, required: false }]");
    let mut command = world.command(&["plan", "--color", "never"]);
    command.env("TERM", "xterm");
    let (code, text) = run_on_terminal(command, 200, Shows::Both);
    assert_eq!(code, Some(5), "{text}");
    assert!(
        text.contains("error[notFound]: ") && text.contains("\nhint: "),
        "{text}"
    );
    assert!(!text.contains("WARN") && !text.contains("caused by"), "{text}");
    assert_eq!(text.matches("hint: ").count(), 1, "{text}");
}

#[test]
fn plan_shows_its_progress_and_the_table_and_no_line_of_the_log() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("a", "marker of a");
    vault.set_secret("b", "marker of b");
    world.manifest("secrets: [{ name: a }, { name: b }]");
    let mut command = world.command(&["plan", "--color", "never"]);
    command.env("TERM", "xterm");
    let (code, text) = run_on_terminal(command, 80, Shows::Both);
    assert_eq!(code, Some(10), "{text}");
    assert!(text.contains("\r\u{1b}[2Kfetched 1 of 2"), "{text}");
    assert!(
        text.contains("\nwrite   a     app/secrets/a  not on the volume"),
        "{text}"
    );
    assert!(text.contains("2 to write, 0 to adjust"), "{text}");
    assert!(!text.contains("INFO") && !text.contains("marker of"), "{text}");
}
