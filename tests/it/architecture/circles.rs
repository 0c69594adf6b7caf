//! Forbids circles of files: two or more that need each other, directly or round about, can be understood, tested and
//! moved only together.
//!
//! The rule: a file needs the file in which something that it names is defined, and the files that re-export it on the
//! way. One sort of need does not count: that of a file for the module file of a folder that it stands in (`mod.rs`, or
//! the file beside the folder). A module and its parts are one in the language too (a part sees what its module keeps
//! private), and a type whose methods stand in several files is no knot. So a module may use its parts and they may use
//! it, but two parts must not use each other, nor two modules, whichever of their parts do. What is for tests only is
//! left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::code::{Code, Names};
use super::{CRATES, hyphenated, root, sources};

/// The modules of a crate, by their paths.
struct Modules {
    files: BTreeMap<Names, String>,
    code: BTreeMap<Names, Code>,
}

/// The path of the module that a file is.
fn module(file: &str) -> Names {
    let mut names: Names = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    names.pop_if(|last| last == "mod");
    if names == ["lib"] { Names::new() } else { names }
}

impl Modules {
    /// Takes the files of a crate, each by its path below `src`, and their texts.
    fn read(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut modules = Self {
            files: BTreeMap::new(),
            code: BTreeMap::new(),
        };
        for (file, text) in files {
            let module = module(&file);
            modules.code.insert(module.clone(), Code::read(&text));
            modules.files.insert(module, file);
        }
        // The binary names the library as any other crate does.
        let mut left_out = vec![vec!["main".to_owned()]];
        for (module, code) in &modules.code {
            left_out.extend(code.test_modules.iter().map(|test| join(module, test)));
        }
        modules
            .code
            .retain(|module, _| !left_out.iter().any(|out| module.starts_with(out)));
        modules
    }

    fn unreadable(&self) -> Vec<String> {
        let all = self.code.iter();
        all.flat_map(|(module, code)| {
            code.unreadable
                .iter()
                .map(|what| format!("{}: {what}", self.files[module]))
        })
        .collect()
    }

    /// A path as it reads from the root of the crate; `None` if it is of another crate.
    fn absolute(&self, module: &Names, names: &[String]) -> Option<Names> {
        let (first, rest) = names.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module.as_slice(), rest].concat()),
            "super" => {
                let supers = names.iter().take_while(|name| *name == "super").count();
                let above = module.len().checked_sub(supers)?;
                Some([&module[..above], &names[supers..]].concat())
            }
            child => self
                .code
                .contains_key(&join(module, child))
                .then(|| [module.as_slice(), names].concat()),
        }
    }

    /// The modules to which a path leads: the one that defines what it names, and those that re-export it.
    fn way(&self, mut path: Names) -> BTreeSet<Names> {
        let mut way = BTreeSet::new();
        let mut seen = BTreeSet::new();
        while seen.insert(path.clone()) {
            let lengths = (0..=path.len()).rev();
            let mut modules = lengths.map(|length| &path[..length]);
            let module = modules.find(|module| self.code.contains_key(*module));
            let module = module.unwrap_or_default().to_vec();
            let bound = path[module.len()..].split_first().and_then(|(item, rest)| {
                let names = self.code.get(&module)?.bound.get(item)?;
                Some([self.absolute(&module, names)?.as_slice(), rest].concat())
            });
            way.insert(module);
            path = bound.unwrap_or(path);
        }
        way
    }

    /// What each module needs, and the names by which it does.
    fn needs(&self) -> BTreeMap<&Names, BTreeMap<Names, BTreeSet<String>>> {
        let mut all = BTreeMap::new();
        for (module, code) in &self.code {
            let mut needs: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
            for names in &code.named {
                let Some(path) = self.absolute(module, names) else {
                    continue;
                };
                for other in self
                    .way(path)
                    .into_iter()
                    .filter(|other| !module.starts_with(other))
                {
                    needs.entry(other).or_default().insert(names.join("::"));
                }
            }
            all.insert(module, needs);
        }
        all
    }

    /// Each circle, as its files and what they need of each other.
    fn circles(&self) -> BTreeMap<Vec<String>, Vec<String>> {
        let needs = self.needs();
        let reached = |start: &Names| {
            let mut reached = BTreeSet::new();
            let mut open = vec![start];
            while let Some(module) = open.pop() {
                for next in needs[module].keys() {
                    if reached.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
            reached
        };
        let reach: BTreeMap<&Names, BTreeSet<Names>> =
            needs.keys().map(|module| (*module, reached(module))).collect();
        let mut circles = BTreeMap::new();
        for (module, reached) in &reach {
            let circle: Vec<&Names> = reached
                .iter()
                .filter(|other| reach[other].contains(*module))
                .collect();
            if circle.is_empty() {
                continue;
            }
            let mut because = Vec::new();
            for one in &circle {
                for (other, names) in &needs[*one] {
                    if circle.contains(&other) {
                        let names: Vec<_> = names.iter().map(String::as_str).collect();
                        because.push(format!(
                            "{} needs {}: {}",
                            self.files[*one],
                            self.files[other],
                            names.join(", ")
                        ));
                    }
                }
            }
            circles.insert(
                circle.iter().map(|module| self.files[*module].clone()).collect(),
                because,
            );
        }
        circles
    }
}

fn join(module: &[String], name: &str) -> Names {
    let mut names = module.to_vec();
    names.push(name.to_owned());
    names
}

fn read(directory: &str) -> Modules {
    let directory = root().join(directory);
    let mut files = Vec::new();
    sources(&directory, &mut files);
    let inside = |file: &Path| {
        let inside = file.strip_prefix(&directory).expect("below it");
        inside.to_str().expect("a plain name").to_owned()
    };
    Modules::read(
        files
            .iter()
            .map(|file| (inside(file), fs::read_to_string(file).expect("readable"))),
    )
}

#[test]
fn no_files_need_each_other() {
    let crates = CRATES.map(|name| format!("crates/{}/src", hyphenated(name)));
    for directory in crates.into_iter().chain(["src".into(), "fake-azure/src".into()]) {
        let modules = read(&directory);
        assert_eq!(modules.unreadable(), Vec::<String>::new(), "write what is meant");
        let circles = modules.circles();
        assert!(circles.is_empty(), "circles in {directory}: {circles:#?}");
    }
}

fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let files = files
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    Modules::read(files).circles().into_keys().collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    for (one, other) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use super::b::{self, C as D};", "fn f() { super::a::f() }"),
        ("use super::{b::{B}, c::C};", "use super::a;"),
        // By way of a third, and of a re-export by the module above.
        ("use crate::c::C;", "use crate::a::A;"),
        ("use crate::B;", "use super::Again;"),
        (
            "use crate::c::C as _; use std::fmt::Write as _;",
            "use crate::a::{self as one, A as Two};",
        ),
    ] {
        let above = "mod a; mod b; mod c; pub use self::b::B; use crate::a::A as Again;";
        let files = [
            ("lib.rs", above),
            ("a.rs", one),
            ("b.rs", other),
            ("c.rs", "use crate::b::B;"),
        ];
        let found = circles(&files);
        assert_eq!(found.len(), 1, "{one} {other}: {found:?}");
        assert!(
            found[0].starts_with(&["a.rs".to_owned(), "b.rs".to_owned()]),
            "{found:?}"
        );
    }
}

#[test]
fn a_module_and_its_parts_are_no_circle_and_tests_make_none() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a/mod.rs",
            "mod part; mod other; use self::part::P; pub use other::O; pub struct A;",
        ),
        (
            "a/part.rs",
            "use super::{A, O}; // use super::other::deep;\nconst TEXT: &str = r#\"crate::b::B\"#;",
        ),
        (
            "a/other.rs",
            "use crate::a::A; #[cfg(test)] mod tests; #[cfg(test)] use super::part::P;",
        ),
        ("a/other/tests.rs", "use crate::b::B;"),
        (
            "b.rs",
            "use crate::a::O; #[cfg(test)] mod tests { use super::*; } fn f<'a>() -> char { '\"' }",
        ),
    ]);
    assert_eq!(found, Vec::<Vec<String>>::new());
}

#[test]
fn a_part_of_one_module_and_another_module_are_a_circle() {
    for (module, other) in [
        ("mod part; use self::part::P; pub struct A;", "use crate::a::A;"),
        // The other part that is meant needs nothing; the module still cannot be without the first.
        (
            "mod part; mod free; pub use part::P; pub use free::F;",
            "use crate::a::F;",
        ),
    ] {
        let found = circles(&[
            ("a/mod.rs", module),
            ("a/part.rs", "use crate::b::B;"),
            ("a/free.rs", "pub struct F;"),
            ("b.rs", other),
        ]);
        assert_eq!(found, [["a/mod.rs", "a/part.rs", "b.rs"]], "{module}");
    }
}

#[test]
fn what_cannot_be_followed_is_told() {
    let files = [("a.rs", "use super::*; mod inside { }"), ("b.rs", "")];
    let files = files.map(|(file, text)| (file.to_owned(), text.to_owned()));
    assert_eq!(
        Modules::read(files).unreadable(),
        ["a.rs: use super::*", "a.rs: mod inside {"]
    );
}
