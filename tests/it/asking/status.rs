//! `status`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use fake_azure::SecretOptions;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use super::stdout;
use crate::admin::Served;
use crate::support::{eventually, stderr};
use crate::terminal::{Shows, read, run_on_terminal, start_on_terminal};

/// The words of the row of this object.
fn row<'t>(text: &'t str, object: &str) -> Vec<&'t str> {
    let line = text.lines().find(|line| line.starts_with(object));
    line.unwrap_or_default().split_whitespace().collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("a status in JSON")
}

#[test]
fn it_says_by_every_way_which_version_is_served_and_that_it_is_current() {
    for served in [
        Served::at_socket(),
        Served::at_loopback(),
        Served::at_all_addresses("token"),
    ] {
        let _running = served.ready();
        let version = served.world.fake.vault("app").set_secret("db", "two");
        assert_eq!(served.tells(&["sync"]).status.code(), Some(0));
        let output = served.tells(&["status"]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(text.starts_with("ready for "), "{text}");
        assert_eq!(row(&text, "app/secrets/db")[1..3], [version.as_str(), "current"]);
        assert!(output.stderr.is_empty(), "{}", stderr(&output));
    }
}

#[test]
fn as_json_it_is_what_the_server_answers() {
    let served = Served::at_socket();
    let _running = served.ready();
    let asked = json(&served.at.ask("GET", "/status").body);
    for output in [
        served.tells(&["status", "-o", "json"]),
        served.tells_at_socket(&["status", "--output", "json"]),
    ] {
        assert_eq!(json(&stdout(&output)), asked);
        assert_eq!(stdout(&output).lines().count(), 1);
    }
}

#[test]
fn it_says_why_a_refresh_failed_and_when_a_version_expires() {
    let served = Served::at_socket();
    let vault = served.world.fake.vault("app");
    let expires = SecretOptions {
        expires: Some(4_102_444_800),
        ..SecretOptions::default()
    };
    vault.set_secret_with("db", "two", expires);
    vault.set_secret("other", "one");
    served.objects("secrets: [{ name: db }, { name: other }]");
    let _running = served.ready();
    vault.delete_secret("other");
    assert_eq!(served.tells(&["sync"]).status.code(), Some(5));
    let text = stdout(&served.tells(&["status"]));
    assert!(row(&text, "app/secrets/db").contains(&"2100-01-01"), "{text}");
    let other = row(&text, "app/secrets/other");
    assert!(other.contains(&"kept") && other.contains(&"notFound"), "{text}");
    assert!(
        text.contains("\napp/secrets/other: notFound, failed once for ") && text.contains("\n  hint: "),
        "{text}"
    );
}

#[test]
fn where_nobody_answers_it_reads_the_volume_and_says_so() {
    let served = Served::at_socket();
    let version = served.world.fake.vault("app").set_secret("db", "two");
    let text = stdout(&served.tells(&["status"]));
    assert!(row(&text, "app/secrets/db").contains(&"missing"), "{text}");
    assert_eq!(served.world.once().status.code(), Some(0));
    let before = served.world.inventory();
    let text = stdout(&served.tells(&["status"]));
    let expected = format!("nobody answers at {} (", served.socket().display());
    assert!(
        text.starts_with(&expected) && text.contains("this is what the volume has"),
        "{text}"
    );
    assert_eq!(row(&text, "app/secrets/db")[1..3], [version.as_str(), "current"]);
    served.world.confirmed_at("2000-01-01T00:00:00Z");
    let output = served.tells(&["status", "-o", "json"]);
    let status = json(&stdout(&output));
    assert!(
        stderr(&output).starts_with("note: nobody answers at "),
        "{}",
        stderr(&output)
    );
    assert_eq!((&status["at"], &status["ready"]), (&Value::Null, &Value::Null));
    assert_eq!(status["entries"][0]["version"], version);
    assert_eq!(status["entries"][0]["lastSuccess"], "2000-01-01T00:00:00Z");
    assert_eq!(status["entries"][0]["asAsked"], false);
    assert_eq!(served.world.inventory().len(), before.len(), "and writes nothing");
    let text = stdout(&served.tells(&["status"]));
    assert!(
        row(&text, "app/secrets/db").contains(&"kept") && text.contains("not confirmed"),
        "{text}"
    );
}

#[test]
fn the_volume_has_the_same_keys_as_a_running_program() {
    fn keys(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                found.push(format!("{path}.{key}"));
                keys(value, &format!("{path}.{key}"), found);
            }),
            Value::Array(items) => items.iter().for_each(|item| keys(item, path, found)),
            _ => {}
        }
    }
    let served = Served::at_socket();
    let running = served.ready();
    let shape = |output: &str| {
        let mut found = Vec::new();
        // What only a running program knows is left out on both sides.
        let mut status = json(output);
        status["ready"] = Value::Null;
        status["endpoints"] = Value::Null;
        keys(&status, "", &mut found);
        found
    };
    let asked = shape(&stdout(&served.tells(&["status", "-o", "json"])));
    assert_eq!(running.stop().0.code(), Some(0));
    assert_eq!(shape(&stdout(&served.tells(&["status", "-o", "json"]))), asked);
}

#[test]
fn without_admin_it_reads_the_volume_and_without_a_manifest_it_needs_somebody() {
    let served = Served::at_socket();
    served.world.manifest("secrets: [{ name: db }]");
    assert_eq!(served.world.once().status.code(), Some(0));
    let text = stdout(&served.tells(&["status"]));
    assert!(text.starts_with("the manifest has no `admin`"), "{text}");
    let output = served.tells_at_socket(&["status"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(stderr(&output).starts_with("error: nobody answers at ") && stderr(&output).contains("\nhint: "));
}

#[test]
fn a_wrong_token_is_2_and_names_the_file() {
    let served = Served::at_all_addresses("right");
    let _running = served.ready();
    let wrong = served.world.path("wrong-token");
    std::fs::write(&wrong, "wrong").expect("written");
    let manifest = served.world.path("manifest.yaml");
    let text = std::fs::read_to_string(&manifest).expect("readable");
    let right = served.world.path("admin-token").display().to_string();
    for (file, told) in [
        (wrong, "admin.tokenFile"),
        (served.world.path("none"), "(admin.tokenFile) cannot be read"),
    ] {
        std::fs::write(&manifest, text.replace(&right, &file.display().to_string())).expect("written");
        for command in ["status", "sync"] {
            let output = served.tells(&[command]);
            assert_eq!(output.status.code(), Some(2), "{command}: {}", stderr(&output));
            assert!(
                stderr(&output).contains(told) && !stderr(&output).contains("right"),
                "{}",
                stderr(&output)
            );
        }
        assert_eq!(
            served.tells(&["health"]).status.code(),
            Some(0),
            "probes need none"
        );
    }
}

#[test]
fn what_answers_and_is_no_akv_sync_is_told_as_such() {
    let served = Served::at_socket();
    let listener = std::os::unix::net::UnixListener::bind(served.socket()).expect("bound");
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
            .expect("written");
        // The request is read before the end, so that the answer is not lost.
        let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
    });
    let output = served.tells_at_socket(&["status"]);
    other.join().expect("no panic");
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("is no status of akv-sync"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn watched_into_a_pipe_it_prints_again_and_ends_when_nobody_reads() {
    let served = Served::at_socket();
    let running = served.ready();
    let mut command = served
        .world
        .command(&["status", "--watch", "--interval", "1s", "-o", "json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || json(&lines.next().expect("a line").expect("text"));
    assert!(next()["ready"].is_object());
    running.signal(Signal::SIGTERM);
    running.finish();
    // It goes on with the volume.
    while next()["ready"].is_object() {}
    drop(lines);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// `status --watch` on a terminal that is 80 columns wide.
fn watch_on_terminal(mut command: Command, interval: &str) -> (Child, File) {
    command.args(["--watch", "--interval", interval]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    start_on_terminal(command, 80, Shows::Both)
}

fn send(child: &Child, signal: Signal) {
    let process = i32::try_from(child.id()).expect("a process number");
    kill(Pid::from_raw(process), signal).expect("it runs");
}

#[test]
fn watched_on_a_terminal_it_draws_in_the_same_place_and_leaves_the_terminal_as_it_was() {
    let served = Served::at_socket();
    let _running = served.ready();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (mut child, mut near) = watch_on_terminal(served.world.command(&["status"]), "1s");
        let text = read(&mut near, |seen| seen.matches("\u{1b}[J").count() == 2);
        assert!(
            text.starts_with("\u{1b}[?1049h\u{1b}[?25l\u{1b}[Hready for "),
            "{text:?}"
        );
        assert_eq!(text.matches("\u{1b}[Hready for ").count(), 2, "{text:?}");
        assert!(!text.contains("\u{1b}[3"), "{text:?}");
        send(&child, signal);
        let rest = read(&mut near, |_| false);
        assert!(rest.ends_with("\u{1b}[?25h\u{1b}[?1049l"), "{signal}: {rest:?}");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{signal}");
    }
}

#[test]
fn watched_on_a_terminal_it_fits_another_size_at_once() {
    let served = Served::at_socket();
    let _running = served.ready();
    let (mut child, mut near) = watch_on_terminal(served.world.command(&["status"]), "24h");
    let drawn = |text: &str| text.contains("\u{1b}[J");
    let before = read(&mut near, drawn);
    assert!(
        before.contains("OBJECT") && before.contains("CONFIRMED"),
        "{before:?}"
    );
    let size = Winsize {
        ws_row: 3,
        ws_col: 40,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&near, size).expect("a terminal");
    send(&child, Signal::SIGWINCH);
    let after = read(&mut near, drawn);
    assert!(
        after.contains("more lines") && !after.contains("CONFIRMED"),
        "{after:?}"
    );
    send(&child, Signal::SIGINT);
    read(&mut near, |_| false);
    child.wait().expect("it ends");
}

#[test]
fn watched_on_a_terminal_it_can_be_stopped_and_continued_and_leaves_the_screen_to_others_meanwhile() {
    let served = Served::at_socket();
    let _running = served.ready();
    let (mut child, mut near) = watch_on_terminal(served.world.command(&["status"]), "24h");
    read(&mut near, |seen| seen.contains("\u{1b}[J"));
    send(&child, Signal::SIGTSTP);
    read(&mut near, |seen| seen.ends_with("\u{1b}[?1049l"));
    let stat = format!("/proc/{}/stat", child.id());
    eventually("it stands still", || {
        std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "))
    });
    send(&child, Signal::SIGCONT);
    let again = read(&mut near, |seen| seen.contains("\u{1b}[J"));
    assert!(
        again.starts_with("\u{1b}[?1049h") && again.contains("ready for "),
        "{again:?}"
    );
    send(&child, Signal::SIGINT);
    read(&mut near, |_| false);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn watched_on_a_terminal_a_look_that_fails_is_told_above_what_was_known_last() {
    let served = Served::at_socket();
    let running = served.ready();
    let (mut child, mut near) = watch_on_terminal(served.command_at_socket(&["status"]), "1s");
    read(&mut near, |seen| seen.contains("\u{1b}[J"));
    assert_eq!(running.stop().0.code(), Some(0));
    let text = read(&mut near, |seen| {
        seen.rsplit("\u{1b}[H")
            .next()
            .is_some_and(|last| last.contains("nobody answers") && last.contains("\u{1b}[J"))
    });
    let last = text.rsplit("\u{1b}[H").next().unwrap_or_default();
    assert!(
        last.starts_with("error: ") && last.contains("\nready for "),
        "{last:?}"
    );
    send(&child, Signal::SIGINT);
    read(&mut near, |_| false);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn on_a_narrow_terminal_no_row_is_cut_off_and_colors_go_as_they_are_asked_to() {
    let served = Served::at_socket();
    served.world.fake.vault("app").delete_secret("db");
    let mut running = served.world.run();
    running.event("Object not fetched");
    for (arguments, colored) in [(&["status"][..], true), (&["status", "--color", "never"], false)] {
        let mut command = served.world.command(arguments);
        command.env("TERM", "xterm");
        let (code, text) = run_on_terminal(command, 40, Shows::Both);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(text.contains("\u{1b}[31mmissing"), colored, "{text:?}");
        let plain = text.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        let table = plain
            .lines()
            .skip_while(|line| !line.starts_with("OBJECT"))
            .take(2);
        assert!(table.into_iter().all(|line| line.chars().count() <= 40), "{text}");
    }
}

#[test]
fn a_manifest_that_is_refused_says_that_the_running_program_goes_on_and_how_it_is_asked() {
    let served = Served::at_socket();
    let _running = served.ready();
    std::fs::write(served.world.path("manifest.yaml"), "kind: SyncManifest\n").expect("written");
    for command in ["status", "health", "sync"] {
        let refused = served.tells(&[command]);
        assert_eq!(refused.status.code(), Some(3), "{command}");
        let text = stderr(&refused);
        assert!(
            text.contains("goes on") && text.contains("--socket PATH"),
            "{text}"
        );
    }
    assert_eq!(served.tells_at_socket(&["status"]).status.code(), Some(0));
}
