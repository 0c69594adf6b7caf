//! `inject`: workloads in, the same with the sidecar out.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::support::stderr;

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: { name: report }
spec:
  template:
    metadata:
      labels: { akv-sync/inject: \"true\" }
      annotations: { akv-sync/manifest: report-manifest }
    spec:
      restartPolicy: Never
      containers: [{ name: report, image: registry.example.com/report }]
";

/// Runs `inject` with a text on stdin.
fn inject(arguments: &[&str], text: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akv-sync"));
    command.env_clear().arg("inject").args(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(text.as_bytes()).expect("written");
    drop(stdin);
    child.wait_with_output().expect("ends")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

#[test]
fn a_workload_comes_out_with_the_sidecar_and_stderr_says_so() {
    let output = inject(&["--image", "registry.example.com/akv-sync:1"], JOB);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "Job report: akv-sync added (sidecar)\n");
    let text = stdout(&output);
    assert!(
        text.contains("image: \"registry.example.com/akv-sync:1\"\n"),
        "{text}"
    );
    let again = inject(&[], text);
    assert_eq!(stdout(&again), text);
    assert_eq!(stderr(&again), "Job report: has akv-sync already\n");
}

#[test]
fn a_file_is_read_and_what_does_not_ask_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.yaml");
    let job = JOB.replace("\"true\"", "\"false\"");
    fs::write(&file, &job).expect("written");
    let output = inject(&["-f", file.to_str().expect("UTF-8")], "");
    assert_eq!(stdout(&output), job);
    assert_eq!(
        stderr(&output),
        "Job report: left as it is: its pods have no label akv-sync/inject: \"true\"\n"
    );
}

#[test]
fn an_input_without_a_workload_comes_out_as_it_is_and_stderr_says_so() {
    let output = inject(&[], "kind: ConfigMap # x\n");
    assert_eq!(stdout(&output), "kind: ConfigMap # x\n");
    assert_eq!(stderr(&output), "left as it is: there is no workload in it\n");
}

#[test]
fn what_does_not_change_comes_out_to_the_byte_with_and_without_a_line_end() {
    let kept = "kind: ConfigMap\ndata:\n  f: |+\n    b\n\n\n";
    for text in ["", "\n", "# c", "kind: A\ndata: |\n  x", kept] {
        assert_eq!(stdout(&inject(&[], text)), text);
    }
    let output = inject(&["--image", "a"], &format!("{JOB}---\n{kept}"));
    assert!(stdout(&output).ends_with(&format!("---\n{kept}")), "{output:?}");
}

#[test]
fn what_cannot_work_ends_with_3_and_prints_nothing() {
    let output = inject(&[], &JOB.replace("report-manifest", "''"));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stdout(&output), "");
    let said = stderr(&output);
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].starts_with("Job report: the annotation akv-sync/manifest is missing: "),
        "{said}"
    );
    assert!(lines[1].starts_with("Job report: no image is known: "), "{said}");
    assert!(
        lines[2].contains("akv-sync cannot be added as it is asked for"),
        "{said}"
    );
}

#[test]
fn a_kind_that_is_not_known_is_left_and_stderr_says_so() {
    let rollout = JOB
        .replace("batch/v1", "argoproj.io/v1alpha1")
        .replace("Job", "Rollout");
    let output = inject(&["--image", "a"], &rollout);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), &*rollout));
    assert!(stderr(&output).starts_with("Rollout report: warning: it has the label akv-sync/inject, "));
}

#[test]
fn each_message_is_one_line_whatever_is_in_a_name() {
    let text = JOB
        .replace("name: report }", "name: \"a\\e[2J\" }")
        .replace("report-manifest", "m, akv-sync/mode: \"x\\nb\"");
    let output = inject(&["--image", "a"], &text);
    let said = stderr(&output);
    assert!(
        said.starts_with("Job a\\u{1b}[2J: the mode \"x\\nb\" is not known"),
        "{said}"
    );
    assert!(said.contains("the flag --WORD"), "{said}");
}

#[test]
fn with_json_each_line_on_stderr_is_an_event() {
    for (arguments, text, message) in [
        (&["--image", "a"][..], JOB.to_owned(), "Added to workload"),
        (&[], JOB.to_owned(), "Cannot be added to workload"),
        (
            &[],
            JOB.replace("batch/v1", "example.com/v1"),
            "Workload asks for it, but cannot be changed",
        ),
        (
            &[],
            JOB.replace("\"true\"", "\"false\""),
            "Workload does not ask for it",
        ),
    ] {
        let output = inject(&[arguments, &["--log-format", "json"]].concat(), &text);
        let said = stderr(&output);
        let first: serde_json::Value =
            serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
        assert_eq!(
            (&first["message"], &first["workload"]),
            (&message.into(), &"Job report".into()),
            "{said}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_2_and_one_that_is_no_yaml_with_3() {
    let output = inject(&["-f", "/nonexistent/job.yaml"], "");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let output = inject(&[], "a: [\n");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the input cannot be read at line "),
        "{}",
        stderr(&output)
    );
}
