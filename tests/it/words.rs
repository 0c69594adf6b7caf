//! The pages for users are in plain English: phrases that only this project used do not come back.

use std::fs;
use std::path::Path;

/// For developers, who have the glossary of `docs/architecture.md`.
const FOR_DEVELOPERS: [&str; 5] = [
    "architecture.md",
    "dependencies.md",
    "performance.md",
    "promises.md",
    "SUMMARY.md",
];

/// What no user would search for, and what to write in its place.
const PHRASES: [(&str, &str); 8] = [
    ("is told", "is reported, logged or delivered"),
    ("are told", "are reported, logged or delivered"),
    ("lets go", "removes"),
    ("stands in", "is in, or replaces"),
    ("can be had", "is available"),
    ("to be had", "available"),
    ("is heeded", "is applied"),
    ("passes over", "ignores"),
];

/// The page as its author wrote it, without lists that a test writes.
fn prose(page: &str) -> &str {
    page.split("\n## All messages\n").next().unwrap_or_default()
}

#[test]
fn the_pages_for_users_have_no_private_phrase() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("readable");
    let docs = docs.map(|entry| entry.expect("readable").path());
    let docs = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let for_users = docs.filter(|path| FOR_DEVELOPERS.iter().all(|name| !path.ends_with(name)));
    let pages = for_users.chain([root.join("README.md")]);
    let mut found = Vec::new();
    let mut seen = 0;
    for page in pages {
        seen += 1;
        let text = fs::read_to_string(&page).expect("readable");
        for (number, line) in prose(&text).lines().enumerate() {
            for (phrase, better) in PHRASES {
                if line.contains(phrase) {
                    found.push(format!(
                        "{}:{}: `{phrase}`: write {better}",
                        page.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(seen > 20, "the pages are not where they are looked for");
    assert_eq!(found, Vec::<String>::new());
}
