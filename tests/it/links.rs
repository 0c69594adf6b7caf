//! Links between the project's own pages lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name == "target" || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Targets of `](target)` that are paths, without their fragments.
fn targets(text: &str) -> Vec<String> {
    let after = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let path = |target: &str| target.split('#').next().unwrap_or_default().to_owned();
    after
        .filter(|target| !target.contains("://"))
        .map(path)
        .filter(|target| !target.is_empty())
        .collect()
}

#[test]
fn every_link_between_pages_leads_to_a_file() {
    let mut found = Vec::new();
    pages(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    assert!(found.len() >= 10, "the pages are not where they are looked for");
    let mut broken = Vec::new();
    for page in found {
        let text = fs::read_to_string(&page).expect("readable");
        for target in targets(&text) {
            if !page.with_file_name(&target).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}
