//! `convert`: another tool's configuration in, a manifest out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::stderr;

const CLASS: &str = "secretProviderClass/workload-identity.yaml";
const VARIABLES: &str = "acsKeyvaultAgent/client-secret.env";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crates/convert/fixtures")
        .join(name)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akv-sync"));
    command.env_clear().args(arguments);
    command
}

fn convert(arguments: &[&str]) -> Output {
    let mut all = vec!["convert"];
    all.extend(arguments);
    command(&all).stdin(Stdio::null()).output().expect("runs")
}

/// Runs `convert` with a text on stdin.
fn convert_text(arguments: &[&str], text: &str) -> Output {
    let mut all = vec!["convert"];
    all.extend(arguments);
    let mut child = command(&all)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    // The program stops to read what is too large.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn path(name: &str) -> String {
    case(name).to_str().expect("a UTF-8 path").to_owned()
}

#[test]
fn the_manifest_goes_to_stdout_and_the_remarks_to_stderr() {
    let output = convert(&[&path(CLASS)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let manifest = stdout(&output);
    assert!(manifest.starts_with("# Made by"), "{manifest}");
    assert!(manifest.contains("\nkind: SyncManifest\n"), "{manifest}");
    assert!(!manifest.contains("assumption"), "{manifest}");
    let remarks = stderr(&output);
    assert!(
        remarks.starts_with("carried with an assumption:\n  - identity.type: "),
        "{remarks}"
    );
    assert!(!remarks.contains(env!("CARGO_MANIFEST_DIR")), "{remarks}");
}

#[test]
fn what_convert_prints_passes_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("manifest.yaml");
    fs::write(&manifest, convert(&[&path(CLASS)]).stdout).expect("written");
    let output = command(&["check", "--manifest", manifest.to_str().expect("UTF-8")])
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("ok, 2 objects, 2 files"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn stdin_is_read_when_there_is_no_file_or_a_dash() {
    let text = fs::read_to_string(case(CLASS)).expect("readable");
    let of_file = convert(&[&path(CLASS)]);
    for arguments in [&[][..], &["-"], &["--from", "secretProviderClass", "-"]] {
        let output = convert_text(arguments, &text);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(
            (&output.stdout, &output.stderr),
            (&of_file.stdout, &of_file.stderr)
        );
    }
}

#[test]
fn a_text_of_no_known_tool_is_a_matter_of_the_command_line() {
    let output = convert_text(&[], "a: b\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        stderr(&output).contains("hint: name the tool: `--from secretProviderClass`"),
        "{}",
        stderr(&output)
    );
    let output = convert(&["--from", "helm", "-"]);
    assert_eq!(output.status.code(), Some(2));
    let output = convert(&["/nowhere/class.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("cannot read /nowhere/class.yaml"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_input_that_cannot_be_understood_ends_with_3_and_prints_nothing_on_stdout() {
    let refused = [
        "secretProviderClass/not-rendered.yaml",
        "secretProviderClass/no-vault.yaml",
        "secretProviderClass/nothing-left.yaml",
        "akva/nothing-left.yaml",
        "acsKeyvaultAgent/no-vault.env",
    ];
    for name in refused {
        let output = convert(&[&path(name)]);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{name}");
        assert!(
            stderr(&output).contains("\nhint: "),
            "{name}: {}",
            stderr(&output)
        );
    }
    let output = convert(&["--from", "akva", &path(CLASS)]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let nothing = convert(&[&path("secretProviderClass/nothing-left.yaml")]);
    assert!(
        stderr(&nothing).contains("not carried:\n  - secret `a b`: "),
        "{}",
        stderr(&nothing)
    );
}

#[test]
fn an_input_that_is_too_large_is_refused_and_never_cut() {
    let line = "SECRETS_KEYS=db-password\n";
    let text = format!(
        "VAULT_BASE_URL=https://contoso.vault.azure.net\n{}",
        line.repeat(50_000)
    );
    let output = convert_text(&[], &text);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the input is too large: 1 MiB"),
        "{}",
        stderr(&output)
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_client_secret_of_the_input_is_in_no_output() {
    for format in ["text", "json"] {
        let output = convert(&["--log-format", format, &path(VARIABLES)]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let all = stdout(&output) + &stderr(&output);
        assert!(all.contains("CLIENT_SECRET"), "{all}");
        assert!(!all.contains("marker-of"), "{all}");
    }
}

#[test]
fn a_program_gets_the_remarks_as_events() {
    let output = convert(&["--log-format", "json", &path(VARIABLES)]);
    let events: Vec<serde_json::Value> = stderr(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(events.len() > 2, "{events:?}");
    let text = stderr(&output);
    assert!(
        text.contains("Not carried") && text.contains("Carried with an assumption"),
        "{text}"
    );
    assert!(text.contains("\"subject\":\"CLIENT_SECRET\""), "{text}");
}
