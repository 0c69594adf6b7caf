//! Writing to stdout: a full disk is an error with a code, a reader that went away is none.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use crate::support::{World, stderr};

/// Each command that writes data, with what it needs.
const COMMANDS: [&[&str]; 7] = [
    &["schema"],
    &["check"],
    &["plan"],
    &["convert", "CLASS"],
    &["inject", "--file", "CLASS"],
    &["--help"],
    &["--version"],
];

const CLASS: &str = "apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: app }
spec:
  provider: azure
  parameters:
    keyvaultName: app
    tenantId: 11111111-1111-1111-1111-111111111111
    objects: |
      array:
        - |
          objectName: a
          objectType: secret
";

fn world() -> World {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "value");
    world.manifest("secrets: [{ name: a }]");
    std::fs::write(world.path("class.yaml"), CLASS).expect("written");
    world
}

fn command(world: &World, arguments: &[&str]) -> Command {
    let class = world.path("class.yaml");
    let class = class.to_str().expect("UTF-8");
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| if *argument == "CLASS" { class } else { argument })
        .collect();
    world.command(&arguments)
}

fn run(mut command: Command, stdout: impl Into<Stdio>) -> Output {
    command.stdout(stdout).output().expect("the program runs")
}

#[test]
fn output_that_does_not_fit_on_the_disk_ends_with_1_and_says_so() {
    let world = world();
    for arguments in COMMANDS {
        let full = File::options().write(true).open("/dev/full").expect("opens");
        let output = run(command(&world, arguments), full);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains("cannot write to stdout"), "{arguments:?}: {text}");
        assert!(text.contains("No space left"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let world = world();
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = run(command(&world, arguments), writer);
        let text = stderr(&output);
        let expected = if arguments == ["plan"] { 10 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {text}");
        assert!(
            !text.contains("stdout") && !text.contains("panicked"),
            "{arguments:?}: {text}"
        );
    }
}
