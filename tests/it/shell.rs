//! What shells and `man` load: `completions` and `man`.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn akv_sync(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akv-sync"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command.output().expect("runs")
}

fn stdout(arguments: &[&str]) -> String {
    let output = akv_sync(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The commands, as `--help` lists them.
fn commands() -> Vec<String> {
    let help = stdout(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").expect("a list");
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// What bash offers for the last of these words, after it has loaded the completions.
fn offered(words: &[&str]) -> Vec<String> {
    let script = stdout(&["completions", "bash"]);
    let line = words.join(" ");
    let call = format!(
        "COMP_WORDS=({line}); COMP_CWORD={}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n\
         registered=$(complete -p akv-sync); [[ $registered =~ -F\\ ([^ ]+) ]]\n\
         \"${{BASH_REMATCH[1]}}\" akv-sync '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let mut bash = Command::new("bash")
        .args(["--noprofile", "--norc"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut stdin = bash.stdin.take().expect("a pipe");
    stdin
        .write_all(format!("{script}\n{call}").as_bytes())
        .expect("written");
    drop(stdin);
    let output = bash.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    assert_eq!(offered(&["akv-sync", "pl"]), ["plan"]);
    assert_eq!(offered(&["akv-sync", "run", "--mani"]), ["--manifest"]);
    assert_eq!(offered(&["akv-sync", "--log-format", "js"]), ["json"]);
}

#[test]
fn each_shell_gets_completions_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = stdout(&["completions", shell]);
        for command in commands() {
            assert!(text.contains(&command), "{shell}: {command}");
        }
    }
}

#[test]
fn each_command_has_a_man_page_with_all_its_flags() {
    for command in commands() {
        let page = stdout(&["man", &command]).replace("\\-", "-");
        let begins = format!(".TH akv-sync-{command} 1");
        assert!(page.contains(&begins), "{page}");
        let help = stdout(&[&command, "--help"]);
        for flag in help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            if flag.starts_with("--") && flag.len() > 2 && !flag.ends_with('-') {
                assert!(page.contains(flag), "{command}: {flag}");
            }
        }
    }
    assert!(stdout(&["man"]).contains(".TH akv-sync 1"));
}

#[test]
fn a_man_page_of_no_command_and_completions_of_no_shell_are_usage_errors() {
    for arguments in [["man", "nothing"], ["completions", "nothing"]] {
        let output = akv_sync(&arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}
