//! Holds the imports between modules to the table of `docs/architecture.md`.

mod circles;
mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What each module may import, read from the table; `None` is everything.
fn allowed() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page is there");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let quoted = |text: &str| {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        let module = quoted(cells[1]).pop_first().expect("a module");
        let imports = (cells[3].trim() != "everything").then(|| quoted(cells[3]));
        (module, imports)
    })
    .collect()
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The crates of this workspace that a module can import.
const CRATES: [&str; 8] = [
    "convert",
    "domain",
    "encoding",
    "keystore",
    "manifest",
    "named_file",
    "ports",
    "render",
];

/// The folder and the package of a crate, which have hyphens.
fn hyphenated(name: &str) -> String {
    name.replace('_', "-")
}

/// The modules of the crate that a source file names after `crate::`, and the crates of this workspace. A list of modules,
/// `crate::{a, b}`, gives `{`, which no row of the page allows: it would hide its modules from this test.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| modules(line).chain(crates(line))).collect()
}

fn modules(line: &str) -> impl Iterator<Item = String> {
    let after = line.split("crate::").skip(1);
    let names = after.map(|rest| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest[..if rest.starts_with('{') { 1 } else { end }].to_owned()
    });
    names.filter(|name| !name.is_empty())
}

fn crates(line: &str) -> impl Iterator<Item = String> {
    CRATES
        .into_iter()
        .filter(|name| names_crate(line, name))
        .map(str::to_owned)
}

/// Whether a path in the line begins with this crate. A path of another crate may have a module of the same name.
fn names_crate(line: &str, name: &str) -> bool {
    let places = line.match_indices(name);
    let mut begun = places.filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !matches!(before, ':' | '_' | '.'))
    });
    begun.any(|(at, _)| line[at + name.len()..].starts_with("::"))
}

#[test]
fn every_module_imports_only_what_the_architecture_page_allows() {
    let allowed = allowed();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let inside = file
            .strip_prefix(root().join("src"))
            .expect("below src")
            .to_owned();
        let first = inside
            .components()
            .next()
            .expect("a name")
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let module = first.trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "main" | "lib") {
            continue;
        }
        let Some(rule) = allowed.get(&module) else {
            broken.push(format!("`{module}` is not on the page"));
            continue;
        };
        seen.insert(module.clone());
        let Some(rule) = rule else { continue };
        let text = fs::read_to_string(&file).expect("readable");
        for import in imports(&text) {
            if import != module && !rule.contains(&import) {
                broken.push(format!("{} imports `{import}`", inside.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    seen.extend(CRATES.map(str::to_owned));
    assert_eq!(
        seen,
        allowed.into_keys().collect(),
        "the page names modules that do not exist"
    );
}

/// Cargo holds what a crate may name; this holds Cargo to the page.
#[test]
fn every_crate_imports_only_what_the_architecture_page_allows() {
    let allowed = allowed();
    for name in CRATES {
        let rule = allowed[name].as_ref().expect("a crate may not import everything");
        let directory = root().join("crates").join(hyphenated(name));
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).expect("readable");
        assert!(
            !manifest.contains("path ="),
            "{name} depends on a path of its own"
        );
        let (_, after) = manifest.split_once("[dependencies]").expect("dependencies");
        let dependencies = after.split("\n[").next().unwrap_or_default();
        let depends =
            CRATES.map(|other| dependencies.contains(&format!("\n{}.workspace", hyphenated(other))));
        let depends: BTreeSet<_> = CRATES.into_iter().zip(depends).collect();
        for (other, depends) in depends {
            assert!(!depends || rule.contains(other), "{name} depends on `{other}`");
        }
    }
}

#[test]
fn a_template_is_made_only_where_it_is_checked() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("crates"), &mut files);
    files.retain(|file| {
        fs::read_to_string(file)
            .expect("readable")
            .contains("Template::checked(")
    });
    assert_eq!(files, [root().join("crates/render/src/template/mod.rs")]);
}

#[test]
fn no_way_of_writing_an_import_hides_it() {
    let text = "use crate::domain::path;\nuse crate::{cli, keyvault};\n// crate::volume\nlet x = crate::ports::now();\nuse other::keystore::a;\nlet y = (encoding::hex(z), self.keystore);";
    let found: Vec<_> = imports(text).into_iter().collect();
    assert_eq!(found, ["domain", "encoding", "ports", "{"]);
}

#[test]
fn the_released_binary_does_not_depend_on_the_fake() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--package",
            "akv-sync",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(
        text.contains("azure_identity"),
        "the tree is not that of the binary:\n{text}"
    );
    assert!(
        !text.contains("fake-azure") && !text.contains("testing"),
        "{text}"
    );
}

/// What a package of this workspace depends on by itself.
fn dependencies(package: &str) -> Vec<String> {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal,dev",
            "--depth",
            "1",
            "--prefix",
            "none",
            "--package",
            package,
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{package} is a package");
    let text = String::from_utf8(output.stdout).expect("text");
    let direct = text.lines().skip(1);
    direct
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let page = fs::read_to_string(root().join("docs/dependencies.md")).expect("the page is there");
    let named: BTreeSet<_> = page.split('`').skip(1).step_by(2).collect();
    let of_crates = CRATES.map(|name| dependencies(&format!("akv-sync-{}", hyphenated(name))));
    let all = of_crates.into_iter().flatten().chain(dependencies("akv-sync"));
    let missing: Vec<_> = all.filter(|name| !named.contains(name.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// With its feature `debug`, `azure_core` prints values in `Debug` output, and one dependency that asks for it is enough.
#[test]
fn the_sdk_is_built_without_the_feature_that_prints_values() {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "features",
            "--invert",
            "typespec_client_core",
            "--package",
            "akv-sync",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(output.stdout).expect("text");
    assert!(
        tree.contains("typespec_client_core feature \"reqwest\""),
        "{tree}"
    );
    assert!(!tree.contains("feature \"debug\""), "{tree}");
}
