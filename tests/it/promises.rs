//! The page of the promises names tests that exist.

use std::fs;
use std::path::Path;

/// The tests that a line names: a file in backticks, then functions in backticks, until the next file.
fn named(line: &str) -> Vec<(&str, &str)> {
    let mut file = None;
    let mut tests = Vec::new();
    for quoted in line.split('`').skip(1).step_by(2) {
        if Path::new(quoted)
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "py")
        {
            file = Some(quoted);
        } else if let Some(file) = file {
            tests.push((file, quoted));
        }
    }
    tests
}

/// Whether `text` has a test of this name.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    has_marked_test(&lines, name)
        || lists_test(&lines, name)
        || lines.contains(&&*format!("def {name}(world):"))
}

/// Whether there is a function of this name with an attribute of a test just above it.
fn has_marked_test(lines: &[&str], name: &str) -> bool {
    let found = lines.iter().position(|line| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = line.strip_prefix("fn ").and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('('))
    });
    found.is_some_and(|at| {
        let above = lines[..at].iter().rev();
        above
            .take_while(|line| line.starts_with('#'))
            .any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"))
    })
}

/// Whether a macro that makes tests of a function for each layout of a volume is given this name.
fn lists_test(lines: &[&str], name: &str) -> bool {
    let list = lines
        .iter()
        .skip_while(|line| !line.starts_with("for_both_layouts") || !line.ends_with("! {"));
    let mut list = list.take_while(|line| **line != "}");
    list.any(|line| line.strip_suffix(',') == Some(name))
}

#[test]
fn every_test_of_the_page_of_promises_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/promises.md")).expect("the page is there");
    let mut missing = Vec::new();
    let mut tests = 0;
    for (file, test) in page.lines().filter(|line| line.starts_with("| ")).flat_map(named) {
        tests += 1;
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        if !has_test(&text, test) {
            missing.push(format!("{file}: {test}"));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(tests > 40, "{tests} tests are named; the page is read wrongly");
}

#[test]
fn every_promise_has_its_section() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("the page is there");
    let (readme, page) = (read("README.md"), read("docs/promises.md"));
    for number in 1..=10 {
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| P{number} ")))
            .expect("a row of the README");
        let name = row.split('|').nth(1).expect("a name").trim();
        assert!(
            page.lines().any(|line| line == format!("## {name}")),
            "no section `{name}`"
        );
    }
}
