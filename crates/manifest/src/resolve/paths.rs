//! The paths of all files together: each once, and none in the way of another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::problem::{Code, Mark, Problem, Sink};
use domain::path::RelativePath;

/// Paths that files have, in the order of their texts, and where the manifest says so.
#[derive(Default)]
pub(super) struct Paths(BTreeMap<String, Mark>);

impl Paths {
    /// Takes a path for the file at `mark`, or records that it is taken; says which.
    pub(super) fn claim(&mut self, path: &RelativePath, mark: Mark, sink: &Sink) -> bool {
        match self.0.entry(path.as_str().to_owned()) {
            Entry::Vacant(free) => {
                free.insert(mark);
                true
            }
            Entry::Occupied(taken) => {
                let problem = Problem::new(Code::PathTaken, "another file has this path");
                let problem = problem.at(mark).related(*taken.get(), "it is used here first");
                sink.push(problem.hint("give each file a path of its own"));
                false
            }
        }
    }

    /// Records each file that stands where another one needs a directory.
    pub(super) fn refuse_conflicts(&self, sink: &Sink) {
        for (file, mark) in &self.0 {
            // The paths below a directory are neighbours, and the first of them follows `directory/`.
            let directory = format!("{file}/");
            let next = self.0.range(directory.clone()..).next();
            if let Some((_, other)) = next.filter(|(path, _)| path.starts_with(&directory)) {
                sink.push(conflict(*mark, *other));
            }
        }
    }
}

fn conflict(file: Mark, below: Mark) -> Problem {
    let problem = Problem::new(
        Code::PathConflict,
        "a file must not be at the path of another file's directory",
    );
    let problem = if file < below {
        problem
            .at(below)
            .related(file, "this file is at the path of the directory")
    } else {
        problem
            .at(file)
            .related(below, "this file needs the path as a directory")
    };
    problem.hint("rename one of the two")
}
