//! The command line: `check`, `schema`, help, the log, certificate authorities, proxies.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::network::Proxy;
use crate::support::{World, stderr};

const SECRET: &str = "secrets: [{ name: db-password, path: db/password }]";

fn world() -> World {
    let world = World::new();
    world
        .fake
        .vault("app")
        .set_secret("db-password", "marker of a value");
    world.manifest(SECRET);
    world
}

fn output(world: &World, arguments: &[&str]) -> Output {
    world.command(arguments).output().expect("runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn asked_nothing(world: &World) -> bool {
    let calls = world.fake.calls();
    calls.total() + calls.unauthenticated() == 0
}

#[test]
fn check_of_a_good_manifest_says_so_and_asks_nobody() {
    let world = world();
    let output = output(&world, &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("ok, 1 object, 1 file"),
        "{}",
        stdout(&output)
    );
    assert_eq!(stderr(&output), "", "and nothing that is not about this manifest");
    assert!(asked_nothing(&world));
    assert_eq!(
        fs::read_dir(world.path("volume")).expect("there").count(),
        0,
        "and touches nothing"
    );
}

#[test]
fn an_old_key_is_warned_of_by_check_and_once_in_the_log_and_changes_no_exit_code() {
    let world = world();
    world.manifest("secrets: [{ name: db-password, path: db/password, group: login }]");
    let checked = output(&world, &["check"]);
    let text = stderr(&checked);
    assert_eq!(checked.status.code(), Some(0), "{text}");
    assert!(
        text.starts_with("warning[old-key]: `group` of an entry is called `together` now"),
        "{text}"
    );
    let synced = output(&world, &["once"]);
    let log = stderr(&synced);
    assert_eq!(synced.status.code(), Some(0), "{log}");
    assert_eq!(
        log.matches("`group` of an entry is called `together` now")
            .count(),
        1,
        "{log}"
    );
}

#[test]
fn a_password_in_the_place_of_a_mapping_is_not_printed() {
    let world = world();
    world.manifest(
        "certificates:\n  - name: tls\n    files:\n      - { path: a.p12, content: pkcs12, passwordFrom: hunter2 }",
    );
    for command in ["check", "run", "once", "plan"] {
        let output = output(&world, &[command]);
        assert_eq!(output.status.code(), Some(3));
        let text = stderr(&output);
        assert!(
            text.contains("manifest.yaml") && !text.contains("hunter2"),
            "{text}"
        );
        // The line itself is for a person who has the file, not for a log.
        assert_eq!(text.contains("passwordFrom: …"), command == "check", "{text}");
    }
}

#[test]
fn check_tells_every_problem_at_once_with_its_line_and_a_hint() {
    let world = world();
    world.manifest(
        "secrets:\n  - { name: a/b }\n  - { name: b, path: ../b }\n  - { name: c, mode: \"999\" }\n  \
         - { name: d, requird: true }\nkeys: [{ name: e, format: pme }]",
    );
    let output = output(&world, &["check"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(output.stdout.is_empty());
    for (line, problem) in [
        (8, "a/b"),
        (9, "../b"),
        (10, "999"),
        (11, "required"),
        (12, "pem"),
    ] {
        assert!(
            text.contains(&format!("manifest.yaml:{line}:")),
            "line {line}:\n{text}"
        );
        assert!(text.contains(problem), "{problem}:\n{text}");
    }
}

#[test]
fn a_manifest_that_is_absent_or_no_yaml_ends_with_3_for_every_command() {
    let world = world();
    for text in [None, Some("secrets: ["), Some("\u{0}"), Some("- 1"), Some("")] {
        match text {
            Some(text) => fs::write(world.path("manifest.yaml"), text).expect("written"),
            None => fs::remove_file(world.path("manifest.yaml")).expect("removed"),
        }
        for command in ["check", "once", "run"] {
            let output = output(&world, &[command]);
            assert_eq!(
                output.status.code(),
                Some(3),
                "{command} {text:?}: {}",
                stderr(&output)
            );
            assert!(stderr(&output).contains("manifest.yaml"), "{}", stderr(&output));
        }
    }
    assert!(asked_nothing(&world));
}

#[test]
fn the_schema_is_json_on_stdout_and_nothing_else() {
    let world = world();
    let output = output(&world, &["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(schema["properties"]["secrets"].is_object(), "{schema:#}");
    assert!(stderr(&output).is_empty());
}

#[test]
fn help_lists_the_commands_and_every_exit_code() {
    let world = world();
    let output = output(&world, &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    for command in [
        "run", "once", "plan", "check", "schema", "convert", "version", "help",
    ] {
        assert!(text.contains(&format!("\n  {command} ")), "{command}:\n{text}");
    }
    let codes = text.split("Exit codes").nth(1).expect("listed");
    for code in [
        "0 ok",
        "1 ",
        "2 usage",
        "3 manifest",
        "4 sign-in refused",
        "5 ",
        "6 vault, Entra, IMDS",
        "7 volume",
        "10 plan",
        "130 ",
    ] {
        assert!(codes.contains(code), "{code}:\n{codes}");
    }
}

#[test]
fn the_version_is_the_packages_as_a_word_and_as_a_flag() {
    let world = world();
    for word in ["version", "--version", "-V"] {
        let output = output(&world, &[word]);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(
            stdout(&output).trim(),
            concat!("akv-sync ", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn help_is_a_word_too() {
    let world = world();
    assert_eq!(
        stdout(&output(&world, &["help"])),
        stdout(&output(&world, &["--help"]))
    );
    let of_once = output(&world, &["help", "once"]);
    assert_eq!(of_once.status.code(), Some(0));
    assert!(stdout(&of_once).contains("--timeout"), "{}", stdout(&of_once));
}

#[test]
fn a_manifest_comes_from_stdin_for_each_command_that_reads_one() {
    let world = world();
    let text = fs::read(world.path("manifest.yaml")).expect("there");
    for (command, code) in [("check", 0), ("plan", 10), ("once", 0)] {
        for arguments in [&[command, "--manifest", "-"][..], &["check", "-"]] {
            let mut child = world
                .command(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("starts");
            child
                .stdin
                .take()
                .expect("piped")
                .write_all(&text)
                .expect("written");
            let output = child.wait_with_output().expect("ends");
            let expected = if arguments[0] == "check" { 0 } else { code };
            assert_eq!(output.status.code(), Some(expected), "{}", stderr(&output));
        }
    }
    assert_eq!(world.text("db/password").as_deref(), Some("marker of a value"));
    let empty = output(&world, &["check", "-"]);
    assert_eq!(empty.status.code(), Some(3));
    assert!(stderr(&empty).contains("stdin"), "{}", stderr(&empty));
}

#[test]
fn check_takes_the_manifest_as_a_word_in_place_of_the_variable_and_not_beside_the_flag() {
    let world = world();
    let path = world.path("manifest.yaml").display().to_string();
    let mut command = world.command(&["check", &path]);
    command.env("AKV_SYNC_MANIFEST", "/nowhere.yaml");
    assert_eq!(command.output().expect("runs").status.code(), Some(0));
    let both = output(&world, &["check", &path, "--manifest", &path]);
    assert_eq!(both.status.code(), Some(2), "{}", stderr(&both));
}

#[test]
fn one_q_leaves_warnings_two_leave_errors_and_v_tells_each_pass() {
    let world = world();
    world.manifest("secrets: [{ name: db-password }, { name: missing, required: false }]");
    for (flag, warned, passes) in [("-q", true, false), ("-qq", false, false), ("-v", true, true)] {
        let mut command = world.command(&["once", flag]);
        command.env("AKV_SYNC_LOG_LEVEL", "info");
        let output = command.output().expect("runs");
        let log = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{log}");
        assert_eq!(log.contains("Object not fetched"), warned, "{flag}: {log}");
        assert_eq!(log.contains("Pass finished"), passes, "{flag}: {log}");
        assert_eq!(log.contains("INFO"), passes, "{flag}: {log}");
    }
}

#[test]
fn colors_come_with_the_flag_also_where_nobody_looks() {
    let world = world();
    world.manifest("secrets: [{ name: a/b }]");
    for command in ["check", "once"] {
        let plain = output(&world, &[command]);
        assert!(!stderr(&plain).contains('\u{1b}'), "{}", stderr(&plain));
        let colored = output(&world, &[command, "--color", "always"]);
        assert!(stderr(&colored).contains("\u{1b}[1;31m"), "{}", stderr(&colored));
    }
}

#[test]
fn every_line_of_a_json_log_is_an_object_with_level_and_message_whatever_happens() {
    let world = world();
    world.manifest("secrets: [{ name: db-password }, { name: missing }]");
    for level in ["info", "debug"] {
        let output = output(&world, &["once", "--log-format", "json", "--log-level", level]);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        for line in stderr(&output).lines() {
            let event: Value = serde_json::from_str(line).expect(line);
            assert!(
                event["level"].is_string() && event["message"].is_string(),
                "{line}"
            );
        }
        assert!(!stderr(&output).contains("marker of"), "a value is never logged");
    }
}

#[test]
fn what_ends_a_command_is_json_too_when_the_log_is() {
    let world = world();
    let last = |command: &str, code: i32| {
        let output = output(&world, &[command, "--log-format", "json"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        let line = text.lines().last().expect("something is said");
        serde_json::from_str::<Value>(line).expect(line)
    };
    fs::remove_dir(world.path("volume")).expect("removed");
    fs::write(world.path("volume"), "no directory").expect("written");
    let ended = last("run", 7);
    assert_eq!(ended["message"], "Ended", "{ended:#}");
    assert_eq!(ended["exit_code"], 7, "{ended:#}");
    assert!(
        ended["error"].is_string() && ended["hint"].is_string(),
        "{ended:#}"
    );
    world.manifest("secrets: [{ name: a/b }]");
    for command in ["check", "once", "run"] {
        let refused = last(command, 3);
        assert_eq!(refused["message"], "Manifest refused", "{refused:#}");
        assert_eq!(refused["line"], 7, "{refused:#}");
        assert!(
            refused["code"].is_string() && refused["error"].is_string(),
            "{refused:#}"
        );
    }
}

/// Every line on stderr is JSON with level and message; gives the events.
fn json_lines(output: &Output) -> Vec<Value> {
    let text = stderr(output);
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line)))
        .collect();
    for event in &events {
        assert!(
            event["level"].is_string() && event["message"].is_string(),
            "{event:#}\n{text}"
        );
    }
    events
}

#[test]
fn with_a_json_log_every_command_that_fails_says_so_in_json() {
    let world = world();
    fs::write(world.path("wrong.yaml"), "secrets: [").expect("written");
    fs::write(world.path("unknown.yaml"), "a: b\n").expect("written");
    let [wrong, unknown] = ["wrong.yaml", "unknown.yaml"].map(|name| world.path(name).display().to_string());
    for (arguments, code) in [
        (&["nonsense"][..], 2),
        (&["sync"], 6),
        (&["health"], 1),
        (&["status", "--manifest", &wrong], 3),
        (&["once", "--wrong"], 2),
        (&["once", "--timeout", "soon"], 2),
        (&["once", "-q", "-v"], 2),
        (&["check", &wrong], 3),
        (&["run", "--manifest", &wrong], 3),
        (&["once", "--manifest", &wrong], 3),
        (&["plan", "--manifest", &wrong], 3),
        (&["convert", &unknown], 2),
        (&["convert", "/nowhere.yaml"], 2),
        (&["once", "--ca-file", "/nowhere.pem"], 2),
    ] {
        let mut with_flag = world.command(arguments);
        with_flag.args(["--log-format", "json"]);
        let mut with_variable = world.command(arguments);
        with_variable.env("AKV_SYNC_LOG_FORMAT", "json");
        for command in [&mut with_flag, &mut with_variable] {
            let output = command.output().expect("runs");
            assert_eq!(
                output.status.code(),
                Some(code),
                "{arguments:?}: {}",
                stderr(&output)
            );
            let events = json_lines(&output);
            let last = events.last().expect("something is said");
            assert_eq!(last["level"], "ERROR", "{arguments:?}: {last:#}");
            assert!(last["error"].is_string(), "{arguments:?}: {last:#}");
        }
    }
}

#[test]
fn warnings_of_check_are_json_too() {
    let world = world();
    world.manifest("secrets: [{ name: db-password, path: db/password, group: login }]");
    let checked = output(&world, &["check", "--log-format", "json"]);
    assert_eq!(checked.status.code(), Some(0));
    let events = json_lines(&checked);
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0]["message"], "Manifest warning");
}

#[test]
fn objects_and_files_are_counted_alike_by_check_run_and_once() {
    let world = world();
    world.fake.vault("app").set_secret("other", "value");
    world.manifest(
        "secrets: [{ name: db-password }, { name: db-password, path: again }, { name: other }]\n\
         templates: [{ path: both, format: dotenv, values: [{ key: A, secret: other }] }]",
    );
    let checked = stdout(&output(&world, &["check"]));
    assert!(
        checked.contains("ok, 2 objects, 4 files, 1 template"),
        "{checked}"
    );
    let synced = output(&world, &["once", "--log-format", "json"]);
    let counted = |message: &str| {
        let events = json_lines(&synced);
        let event = events.iter().find(|event| event["message"] == message);
        event.expect(message).clone()
    };
    assert_eq!(counted("Ready")["objects"], 2);
    let synced = counted("Synced");
    assert_eq!(
        [&synced["objects"], &synced["files"], &synced["written"]],
        [2, 4, 4]
    );
    let mut running = world.run();
    let started = running.event("Started");
    assert_eq!([&started["objects"], &started["files"]], [2, 4]);
    assert_eq!(running.event("Ready")["objects"], 2);
}

#[test]
fn a_quiet_log_says_nothing_of_a_change() {
    let world = world();
    let output = output(&world, &["once", "--log-level", "warn"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
}

#[test]
fn an_authority_comes_from_a_flag_or_its_variable() {
    let world = world();
    let ca = world.path("ca.pem").display().to_string();
    let mut by_flag = world.command(&["once", "--ca-file", &ca]);
    by_flag.env_remove("SSL_CERT_FILE");
    let mut by_variable = world.command(&["once"]);
    by_variable
        .env_remove("SSL_CERT_FILE")
        .env("AKV_SYNC_CA_FILE", &ca);
    for command in [&mut by_flag, &mut by_variable] {
        let output = command.output().expect("runs");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn an_authority_file_that_holds_none_ends_with_2_and_is_named() {
    let world = world();
    let empty = world.path("empty.pem");
    fs::write(&empty, "no certificate\n").expect("written");
    for path in [empty, world.path("absent.pem")] {
        let name = path.display().to_string();
        let mut by_variable = world.command(&["once"]);
        by_variable.env("SSL_CERT_FILE", &name);
        let mut by_flag = world.command(&["once", "--ca-file", &name]);
        for command in [&mut by_flag, &mut by_variable] {
            let output = command.output().expect("runs");
            let text = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains(&name) && text.contains("hint="), "{text}");
        }
    }
    assert!(asked_nothing(&world));
}

#[test]
fn vault_and_entra_are_reached_through_the_proxy_and_not_when_exempt() {
    let world = world();
    let proxy = Proxy::start(None);
    let mut exempt = world.command(&["once"]);
    exempt
        .env("HTTPS_PROXY", proxy.url())
        .env("NO_PROXY", "localhost");
    let output = exempt.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(proxy.asked(), Vec::<String>::new());
    let mut proxied = world.command(&["once"]);
    proxied.env("HTTPS_PROXY", proxy.url());
    let output = proxied.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let vault = world.fake.vault("app");
    for url in [vault.url(), world.fake.authority()] {
        let authority = url.strip_prefix("https://").expect("https").to_owned();
        assert!(proxy.asked().contains(&authority), "{:?}", proxy.asked());
    }
}

#[test]
fn a_no_proxy_with_a_star_is_heeded_and_an_entry_that_can_never_match_is_named() {
    let world = world();
    let proxy = Proxy::start(None);
    let mut exempt = world.command(&["once"]);
    exempt.env("HTTPS_PROXY", proxy.url()).env(
        "NO_PROXY",
        "*.vault.azure.net,https://localhost,*localhost,.localhost",
    );
    let output = exempt.output().expect("runs");
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
    for useless in ["entry=https://localhost ", "entry=*localhost "] {
        assert!(log.contains(useless), "{useless}:\n{log}");
    }
    assert_eq!(log.matches("can never match").count(), 2, "{log}");
}

#[test]
fn a_dead_proxy_cannot_be_reached_and_is_named_with_its_variable() {
    let world = world();
    // Nobody listens on port 1.
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let mut command = world.command(&["once", "--timeout", "1s"]);
        command.env(variable, "http://user:marker-of-a-password@127.0.0.1:1");
        let output = command.output().expect("runs");
        let log = stderr(&output);
        assert_eq!(output.status.code(), Some(6), "{log}");
        let named =
            format!("the proxy http://127.0.0.1:1 ({variable}) cannot be reached: Connection refused");
        assert!(log.contains(&named), "{variable}:\n{log}");
        assert!(
            !log.contains("the proxy refused") && !log.contains("marker-of"),
            "{log}"
        );
    }
}

#[test]
fn a_proxy_that_refuses_is_blamed_and_its_credentials_are_not_shown() {
    let world = world();
    let proxy = Proxy::refusing("407 Proxy Authentication Required");
    let with_password = proxy
        .url()
        .replace("http://", "http://user:marker-of-a-password@");
    let mut command = world.command(&["once", "--timeout", "1s"]);
    command.env("HTTPS_PROXY", with_password);
    let output = command.output().expect("runs");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{text}");
    let named = format!(
        "the proxy {} (HTTPS_PROXY) refused: it wants a user and password",
        proxy.url()
    );
    assert!(text.contains(&named), "{named}:\n{text}");
    assert!(!text.contains("marker-of"), "{text}");
}

#[test]
fn a_proxy_that_does_not_connect_is_named_and_dns_is_not_blamed() {
    let world = world();
    let proxy = Proxy::refusing("504 Gateway Timeout");
    let mut command = world.command(&["once", "--timeout", "1s"]);
    command.env("HTTPS_PROXY", proxy.url());
    let output = command.output().expect("runs");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{text}");
    let named = format!(
        "the proxy {} (HTTPS_PROXY) did not connect to the host",
        proxy.url()
    );
    assert!(text.contains(&named), "{named}:\n{text}");
    assert!(!text.contains("DNS") && !text.contains("refused"), "{text}");
}

#[test]
fn help_and_version_take_the_flags_that_are_for_every_command() {
    let world = world();
    for flags in [&["-v"][..], &["--color", "never"], &["--log-format", "json"]] {
        for command in [&["help"][..], &["help", "once"], &["version"]] {
            let output = output(&world, &[command, flags].concat());
            assert_eq!(
                output.status.code(),
                Some(0),
                "{command:?} {flags:?}: {}",
                stderr(&output)
            );
            assert!(!stdout(&output).is_empty() && stderr(&output).is_empty());
        }
    }
    let of_once = stdout(&output(&world, &["help", "once"]));
    assert_eq!(of_once, stdout(&output(&world, &["once", "--help"])));
    let wrong = output(&world, &["help", "nonsense", "--color", "always"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).starts_with("\u{1b}[1;31merror\u{1b}[0m: "),
        "{}",
        stderr(&wrong)
    );
}
