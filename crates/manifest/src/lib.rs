//! The manifest: YAML to [`SyncSpec`], or every problem that it has, each with its place, a code and a hint.
//!
//! The way of a text, one module a step:
//! 1. `tree` reads YAML into located nodes within a budget; `tree_builder` does the work.
//! 2. `reader` reads the nodes into the `wire` types, whose fields (`field`) survive any problem.
//! 3. `scalar` gives single values their meaning.
//! 4. `resolve` checks what needs more than one value, and makes the domain's types.
//!
//! Invariant: a manifest is all or nothing. No step but [`read`] does I/O; the environment comes in as a port.

mod broken;
pub mod env_file;
mod excerpt;
mod field;
#[cfg(test)]
mod field_schema;
#[cfg(test)]
mod fixtures;
mod other_document;
mod problem;
#[cfg(test)]
mod properties;
mod reader;
#[cfg(test)]
mod reference;
mod render;
mod resolve;
pub mod rules;
mod scalar;
mod schema;
mod source;
mod subject;
mod tree;
mod tree_builder;
mod typography;
mod vocabulary;
mod wire;

use std::io;
use std::path::Path;

pub use self::broken::commented_out;
pub use self::other_document::OtherDocument;
pub use self::problem::Sink;
pub use self::problem::{Code, Mark, Problem, Severity};
pub use self::render::Problems;
pub use self::schema::SCHEMA;
pub use self::source::{bytes, name};
use self::tree::MAX_BYTES;
pub use self::tree::{Kind, NodeId, Tree};
pub use self::vocabulary::{quoted_key, word_of};
use domain::desired::SyncSpec;
use domain::unread;
use ports::Environment;

/// Reads the text of a manifest, from stdin when the path is `-`: UTF-8, at most 1 MiB.
pub fn read(path: &Path) -> Result<String, Problems> {
    text(path, bytes(path, MAX_BYTES))
}

/// The bytes that are at the path now, for [`text`]. What is no file, such as a pipe, is an error: nothing is waited for.
pub fn bytes_now(path: &Path) -> io::Result<Vec<u8>> {
    named_file::bytes_of_regular(path, MAX_BYTES)
}

/// The text of these bytes, which were read at the path.
pub fn text(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<String, Problems> {
    let fail = |problem| Problems::new(&name(path), "", vec![problem]);
    let bytes = bytes.map_err(|error| fail(unreadable(&error)))?;
    if bytes.len() > MAX_BYTES {
        let message = format!("a manifest must not be larger than {MAX_BYTES} bytes");
        let problem = Problem::new(Code::FileTooLarge, message);
        return Err(fail(
            problem.hint("make several manifests, each with a volume of its own"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let message = format!("this file is not UTF-8 text, from byte {place} on");
        fail(Problem::new(Code::NotUtf8, message).hint("save it as UTF-8"))
    })
}

fn unreadable(error: &io::Error) -> Problem {
    let otherwise = match error.kind() {
        io::ErrorKind::InvalidInput => "put a file there; a pipe gives its text once, when akv-sync starts",
        io::ErrorKind::TimedOut => "write the manifest to the pipe and close it, or put a file there",
        _ => "check the path that `--manifest FILE` or AKV_SYNC_MANIFEST gives, and what is there",
    };
    Problem::new(Code::UnreadableFile, format!("cannot read this file: {error}"))
        .hint(unread::hint(error.kind(), otherwise))
}

/// A manifest that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What it means.
    pub spec: SyncSpec,
    /// What is perhaps not meant so; often nothing. No command ends with another exit code for it.
    pub warnings: Problems,
}

/// Turns the text of a manifest into what it means, or into everything that is wrong with it, warnings included.
///
/// `origin` is the name that problems give the text, usually its path. Of `env` only
/// `AZURE_KEYVAULT_RESOURCEENDPOINT` is read, and only for vaults without a URL.
pub fn load(text: &str, origin: &str, env: &dyn Environment) -> Result<Loaded, Problems> {
    let sink = Sink::default();
    let tree = Tree::parse(text, &sink);
    // Said of another document, the rules of a manifest, and those of YAML, would only be noise.
    let other = tree.as_ref().and_then(other_document::refuse);
    if let Some(problem) = other.or_else(|| other_document::refuse_text(text)) {
        return Err(Problems::new(origin, text, vec![problem]));
    }
    let spec = tree.and_then(|tree| {
        let manifest = reader::read(&tree, &sink);
        resolve::manifest(manifest.given()?, env, &sink)
    });
    let accepted = sink.has_no_error();
    let problems = Problems::new(origin, text, sink.into_sorted());
    match spec {
        Some(spec) if accepted => Ok(Loaded {
            spec,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<String, Code> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("writable");
        read(file.path()).map_err(|problems| problems.iter().next().expect("a problem").code)
    }

    #[test]
    fn a_manifest_0600_of_another_user_is_a_matter_of_run_as_user_and_fs_group() {
        let problem = unreadable(&std::io::ErrorKind::PermissionDenied.into());
        assert!(format!("{problem:?}").contains(unread::DENIED), "{problem:?}");
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        assert_eq!(read_bytes("kind: ä".as_bytes()), Ok("kind: ä".to_owned()));
        assert_eq!(
            read_bytes(&vec![b'#'; MAX_BYTES]).map(|text| text.len()),
            Ok(MAX_BYTES)
        );
        assert_eq!(read_bytes(&vec![b'#'; MAX_BYTES + 1]), Err(Code::FileTooLarge));
        assert_eq!(read_bytes(b"kind: \xff"), Err(Code::NotUtf8));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_problem_with_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest.yaml");
        let problems = read(&path).expect_err("it is not there");
        let expected = format!("{}: unreadable-file: cannot read this file: ", path.display());
        assert!(problems.to_string().starts_with(&expected), "{problems}");
        assert!(
            problems
                .render(false)
                .contains(&format!("  --> {}\n", path.display()))
        );
        assert!(read(folder.path()).is_err(), "a folder is not a file");
    }
}
