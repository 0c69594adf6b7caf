//! Commands that messages and pages tell people to run destroy nothing.

use std::fs;
use std::path::{Path, PathBuf};

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
            found.push(path);
        }
    }
}

/// What stands between backticks, as words: a text in Rust is broken by a backslash, one of a page by one line end.
fn commands(text: &str) -> Vec<Vec<String>> {
    let parts = text.split('`').map(|part| part.replace("\\\n", " "));
    let spans = parts.filter(|part| part.matches('\n').count() <= 1);
    spans
        .map(|span| span.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// Whether a command opens a file for writing, and so empties it, that it has still to read; or changes it in place.
fn destroys_its_input(command: &[String]) -> bool {
    let behind = |option: &str| {
        let at = command.iter().position(|word| word == option)?;
        command.get(at + 1)
    };
    let written = ["-out", ">", "-destkeystore"].into_iter().find_map(behind);
    let is_read = |name: &String| command.iter().filter(|word| *word == name).count() > 1;
    let in_place = command.first().is_some_and(|word| word == "ssh-keygen")
        && command.iter().any(|word| word == "-p")
        && behind("-f").is_none_or(|name| !name.starts_with("NEW"));
    written.is_some_and(is_read) || in_place
}

#[test]
fn no_command_that_is_advised_writes_over_the_file_that_it_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md")];
    files(&root.join("src"), &mut found);
    files(&root.join("crates"), &mut found);
    files(&root.join("docs"), &mut found);
    let mut seen = 0;
    for path in found {
        let text = fs::read_to_string(&path).expect("readable");
        for command in commands(&text) {
            seen += usize::from(command.first().is_some_and(|word| word == "openssl"));
            assert!(
                !destroys_its_input(&command),
                "{}: {}",
                path.display(),
                command.join(" ")
            );
        }
    }
    assert!(seen >= 10, "the commands are not where they are looked for");
}

#[test]
fn a_command_that_writes_where_it_reads_is_seen() {
    for (command, destroys) in [
        ("openssl pkcs8 -in KEY -out KEY", true),
        ("openssl pkcs8 -in KEY -out NEWKEY", false),
        ("tr -d x < FILE > FILE", true),
        ("ssh-keygen -p -m PKCS8 -f KEY", true),
        ("ssh-keygen -p -m PKCS8 -f NEWKEY", false),
        ("openssl x509 -in FILE", false),
    ] {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        assert_eq!(destroys_its_input(&words), destroys, "{command}");
    }
}
