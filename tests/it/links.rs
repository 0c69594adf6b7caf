//! Links of the project's own pages lead to a file, and to a heading of that file. Nothing outside is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn find(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name == "target" || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    find(root(), &mut found);
    assert!(found.len() >= 10, "the pages are not where they are looked for");
    found
}

fn text_of(page: &Path) -> String {
    fs::read_to_string(page).expect("readable")
}

/// The lines that are not in a block of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// What stands behind `](`, and in `src` and `srcset` of HTML.
fn targets(text: &str) -> Vec<String> {
    let ends = [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"'), ("href=\"", '"')];
    let mut targets = Vec::new();
    for line in prose(text) {
        for (start, end) in ends {
            let after = line.split(start).skip(1);
            targets.extend(after.filter_map(|rest| rest.split(end).next()).map(str::to_owned));
        }
    }
    targets.retain(|target| !target.contains("://"));
    targets
}

/// The name that a heading has in links, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c })
        .collect::<String>()
        .to_lowercase()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::<String, usize>::new();
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| {
        let anchor = anchor(line.trim_start_matches('#'));
        let before = times.entry(anchor.clone()).or_default();
        *before += 1;
        match *before {
            1 => anchor,
            n => format!("{anchor}-{}", n - 1),
        }
    });
    anchors.collect()
}

/// Without `..`, which a link may have and the list of a book has not.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// What is wrong with a link, if something is.
fn broken(page: &Path, target: &str) -> Option<String> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        page.to_owned()
    } else {
        normal(&page.with_file_name(path))
    };
    if !file.exists() {
        return Some(format!("{}: {target}: no such file", page.display()));
    }
    if fragment.is_empty() || file.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let known = anchors(&text_of(&file)).contains(fragment);
    (!known).then(|| format!("{}: {target}: no such heading", page.display()))
}

#[test]
fn every_link_between_pages_leads_to_a_file_and_to_a_heading() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for target in targets(&text_of(&page)) {
            seen += 1;
            wrong.extend(broken(&page, &target));
        }
    }
    assert!(seen > 100, "{seen} links are found; the pages are read wrongly");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_book_has_every_page_of_docs() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let listed: BTreeSet<_> = targets(&text_of(&summary))
        .iter()
        .map(|target| normal(&docs.join(target)))
        .collect();
    let mut pages = Vec::new();
    find(&docs, &mut pages);
    let missing: Vec<_> = pages
        .into_iter()
        .filter(|page| *page != summary && !listed.contains(page))
        .collect();
    assert_eq!(missing, Vec::<PathBuf>::new(), "not in docs/SUMMARY.md");
}

#[test]
fn a_wrong_file_and_a_wrong_heading_are_seen() {
    let page = root().join("docs/log.md");
    for (target, is_wrong) in [
        ("nowhere.md", true),
        ("log.md#no-such-heading", true),
        ("#no-such-heading", true),
        ("#fields", false),
        ("../README.md", false),
        ("../charts/akv-sync", false),
    ] {
        assert_eq!(broken(&page, target).is_some(), is_wrong, "{target}");
    }
    assert_eq!(anchor("`together: NAME`"), "together-name");
    assert_eq!(
        anchor("What a pod says, and what to do"),
        "what-a-pod-says-and-what-to-do"
    );
    let twice = anchors("# A\n\n```\n# not a heading\n```\n\n# A\n");
    assert_eq!(twice, BTreeSet::from(["a".to_owned(), "a-1".to_owned()]));
}
