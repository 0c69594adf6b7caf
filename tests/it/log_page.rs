//! Holds `docs/log.md` to the lines that the code writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A line of the log: level, message, names of the fields.
type Line = (String, String, BTreeSet<String>);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/log.md")).expect("the page is there")
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.contains("test") {
            found.push(path);
        }
    }
}

/// The arguments of a macro, up to its closing parenthesis.
fn arguments(text: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in text.chars() {
        let last = arguments.last_mut().expect("one at least");
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            ')' if depth == 0 => break,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        last.push(c);
    }
    let arguments = arguments.iter().map(|argument| argument.trim().to_owned());
    arguments.filter(|argument| !argument.is_empty()).collect()
}

/// The name of a field, of `%path`, `error = %message` and the like.
fn name(field: &str) -> String {
    let name = field.split_once(" = ").map_or(field, |(name, _)| name);
    name.trim_start_matches(['%', '?']).to_owned()
}

fn lines_of_code() -> BTreeSet<Line> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut lines = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).expect("readable");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for call in code.split("tracing::").skip(1) {
            let Some((level, rest)) = call.split_once("!(") else {
                continue;
            };
            if !matches!(level, "error" | "warn" | "info" | "debug") {
                continue;
            }
            let (messages, fields): (Vec<_>, Vec<_>) = arguments(rest)
                .into_iter()
                .partition(|argument| argument.starts_with('"'));
            let message = messages.concat().trim_matches('"').to_owned();
            assert!(
                !message.contains('{'),
                "a message is a literal, data are fields: {message}"
            );
            lines.insert((
                level.to_owned(),
                message,
                fields.iter().map(|field| name(field)).collect(),
            ));
        }
    }
    lines
}

/// The messages of all lines.
pub(crate) fn messages() -> BTreeSet<String> {
    lines_of_code()
        .into_iter()
        .map(|(_, message, _)| message)
        .collect()
}

fn in_backquotes(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn lines_of_page(page: &str) -> BTreeSet<Line> {
    let table = page.split("\n## Lines").nth(1).expect("a section");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.flat_map(|row| {
        let cells: Vec<_> = row.split('|').skip(1).map(str::trim).collect();
        let (message, fields) = (cells[1].to_owned(), in_backquotes(cells[2]));
        let levels = cells[0].split(", ").map(str::to_owned);
        levels
            .map(move |level| (level, message.clone(), fields.clone()))
            .collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_page_has_each_line_of_the_log_with_its_level_and_fields_and_no_other() {
    let (page, code) = (lines_of_page(&page()), lines_of_code());
    assert!(code.len() > 40, "the reader of the code finds them: {code:#?}");
    let missing: Vec<_> = code.difference(&page).collect();
    let stale: Vec<_> = page.difference(&code).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not on docs/log.md: {missing:#?}\nonly on docs/log.md: {stale:#?}"
    );
}

#[test]
fn the_page_explains_each_field() {
    let page = page();
    let section = page.split("\n## Fields").nth(1).expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let explained: BTreeSet<_> = rows
        .flat_map(|row| in_backquotes(row.split(" | ").next().unwrap_or_default()))
        .collect();
    let used: BTreeSet<_> = lines_of_code()
        .into_iter()
        .flat_map(|(_, _, fields)| fields)
        .collect();
    assert_eq!(explained, used);
}
