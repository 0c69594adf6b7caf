//! `docs/troubleshooting.md` ends with every message that a person can meet, so that a search for its words finds it.
//!
//! The list is written from the source: each text of three words or more in code that is not a test. A new message is added by
//! `UPDATE_REFERENCE=1 cargo test --test it messages`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The heading below which the list stands; it is the end of the page.
const HEADING: &str = "\n## All messages\n";

/// What is said below the heading.
const PREFACE: &str = "
This list is generated from the source. `…` stands for what varies. What to do usually follows the message. The lines of the log are on a
page of their own: [log](log.md#lines).
";

/// The sections of the list: a heading, what to read about it, and folders and files of the source, as far as they are there.
const AREAS: [(&str, &str, &[&str]); 11] = [
    (
        "Messages: sign-in",
        "[sign-in](#sign-in), [sign-in reference](identity.md#when-signing-in-is-refused)",
        &["src/identity"],
    ),
    (
        "Messages: Key Vault",
        "[refused by the vault](#refused-by-the-vault)",
        &["src/keyvault"],
    ),
    (
        "Messages: network and certificate authorities",
        "[unavailable](#unavailable), [environment variables](environment.md#network)",
        &["src/transport"],
    ),
    (
        "Messages: the volume",
        "[the volume](#the-volume)",
        &["src/volume"],
    ),
    (
        "Messages: making files",
        "[`unrenderable`](#unrenderable), [file formats](rendering.md), [templates](templates.md)",
        &[
            "crates/render",
            "crates/encoding",
            "crates/keystore",
            "crates/named-file",
            "src/passwords.rs",
        ],
    ),
    (
        "Messages: names, paths and selections",
        "[versions and selections](versions.md)",
        &["crates/domain", "crates/ports", "src/reconcile"],
    ),
    ("Messages: hooks", "[hooks](hooks.md)", &["src/hooks"]),
    (
        "Messages: commands and the admin server",
        "[command line](command-line.md), [the admin server](admin.md)",
        &["src/cli", "src/admin", "src/observers/log"],
    ),
    (
        "Messages: manifest",
        "[problems of a manifest](reference/manifest.md#problems)",
        &["crates/manifest"],
    ),
    (
        "Messages: convert",
        "[migration](convert.md)",
        &["crates/convert"],
    ),
    (
        "Messages: inject",
        "[injection](inject.md#what-is-refused), which has the refusals",
        &["src/inject"],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of tests, by their names.
fn is_of_tests(name: &str) -> bool {
    name.contains("test")
        || [
            "fakes",
            "fakes.rs",
            "fixtures.rs",
            "properties.rs",
            "reference.rs",
        ]
        .contains(&name)
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        found.extend(
            path.extension()
                .is_some_and(|end| end == "rs")
                .then(|| path.to_owned()),
        );
        return;
    }
    if !path.exists() {
        return;
    }
    let entries = fs::read_dir(path).expect("readable");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !is_of_tests(&name) {
            files(&path, found);
        }
    }
}

/// Whether a text that follows this code is for nobody who runs the program.
fn is_for_developers(before: &str) -> bool {
    let before = before.trim_end();
    let ends = [
        "expect(",
        "panic!(",
        "unreachable!(",
        "reason =",
        "doc =",
        "assert!(",
    ];
    ends.iter().any(|end| before.ends_with(end))
}

/// Each text of some Rust code, with the code before it.
fn texts(code: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = code[at..].chars().next() {
        let rest = &code[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some((text, length)) = raw_text(rest) {
            found.push((&code[..at], text));
            length
        } else if c == '"' {
            let (text, length) = quoted_text(rest);
            found.push((&code[..at], text));
            length
        } else if c == '\'' {
            character(rest)
        } else if c.is_alphanumeric() || c == '_' {
            // A whole word, so that its last letter is not taken for the sign of a raw text.
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        at += length;
    }
    found
}

/// `r"…"` or `r#"…"#`, and its length.
fn raw_text(rest: &str) -> Option<(String, usize)> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let text = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end)?;
    Some((text[..length].to_owned(), 1 + hashes + 1 + length + end.len()))
}

/// `"…"` without its escapes, and its length.
fn quoted_text(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next().map(|(_, escaped)| escaped) {
                Some('\n') => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some('u') => text.push('…'),
                escaped => text.extend(escaped),
            },
            c => text.push(c),
        }
    }
    (text, rest.len())
}

/// The length of `'c'`, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    let first = chars.next().map(|(_, c)| c);
    let end = if first == Some('\\') {
        rest[2..]
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '\'')
            .map(|(at, _)| at + 3)
    } else {
        chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
    };
    end.unwrap_or(1)
}

/// Whether the text that follows this code is filled in, as by `format!`.
fn is_filled_in(before: &str) -> bool {
    let Some((before, arguments)) = before.rsplit_once('(') else {
        return false;
    };
    let macros = ["format!", "format_args!", "write!", "writeln!", "#[error"];
    !arguments.contains(['"', ')']) && macros.iter().any(|name| before.ends_with(name))
}

/// As a person reads it: `…` in the place of what is filled in.
fn shown(before: &str, text: &str) -> String {
    let text = text.trim_matches([' ', ';', ',']);
    if !is_filled_in(before) {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '{' | '}') && chars.next_if_eq(&c).is_some() {
            shown.push(c);
        } else if c == '{' {
            while chars.next_if(|c| *c != '}').is_some() {}
            chars.next();
            shown.push('…');
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_a_message(text: &str) -> bool {
    // `{name}` is a word too: `unknown key `{key}``.
    let words = text
        .split(' ')
        .filter(|word| word.chars().any(char::is_alphabetic) || word.contains('{'));
    words.count() >= 3 && text.contains(char::is_alphabetic) && !text.contains('\n')
}

/// The messages of some files, in the order of the source, each once.
fn messages(of: &[&str], known: &mut BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for name in of {
        files(&root().join(name), &mut found);
    }
    let mut messages = Vec::new();
    for file in found {
        let text = fs::read_to_string(&file).expect("readable");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let texts = texts(code).into_iter();
        let texts = texts.filter(|(before, text)| is_a_message(text) && !is_for_developers(before));
        let shown = texts.map(|(before, text)| shown(before, &text));
        messages.extend(shown.filter(|text| known.insert(text.clone())));
    }
    messages
}

fn list() -> String {
    // Lines of the log are on their own page.
    let mut known = crate::log_page::messages();
    let mut out = format!("{HEADING}{PREFACE}");
    for (title, pages, of) in AREAS {
        let messages = messages(of, &mut known);
        assert!(
            messages.len() > 10,
            "{title}: the reader of the code finds none: {messages:#?}"
        );
        let messages = messages.join("\n");
        out.extend([
            "\n### ",
            title,
            "\n\nRead more: ",
            pages,
            ".\n\n```text\n",
            &messages,
            "\n```\n",
        ]);
    }
    out
}

#[test]
fn the_page_of_troubleshooting_has_every_message_by_its_words() {
    let path = root().join("docs/troubleshooting.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let prose = page.split(HEADING).next().unwrap_or_default();
    let expected = format!("{prose}{}", list());
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, &expected).expect("writable");
        return;
    }
    assert!(
        page == expected,
        "docs/troubleshooting.md lacks a message, or has an old one; rewrite it with: UPDATE_REFERENCE=1 cargo test --test it messages"
    );
}

#[test]
fn a_text_of_the_code_is_read_as_it_is_shown() {
    let code = "let a = 'x'; // \"not this one\"\nwrite!(f::<'_>, \"{name} is \\\n    not \\\"{{there}}\\\"\"); r#\"raw {\"text\"}\"#; '\\''";
    let texts: Vec<_> = texts(code)
        .into_iter()
        .map(|(before, text)| shown(before, &text))
        .collect();
    assert_eq!(texts, ["… is not \"{there}\"", "raw {\"text\"}"]);
    assert!(is_a_message("a mode must be octal"));
    assert!(is_a_message("unknown key `{}`"));
    assert!(!is_a_message("too short"));
    assert!(is_for_developers(".expect("));
}
