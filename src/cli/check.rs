//! `check` and `schema`: offline.

use crate::domain::spec::SyncSpec;
use crate::manifest;
use crate::ports::Environment;

use super::args::ManifestArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::system::ProcessEnvironment;

/// Reads the manifest and says so, or lists every problem.
pub(super) fn check(args: &ManifestArgs) -> Result<Exit, CommandFailure> {
    let spec = read(args, &ProcessEnvironment)?;
    let files: usize = spec.objects.iter().map(|object| object.files.len()).sum();
    let path = args.manifest.display();
    output::data(&format!(
        "{path}: ok, {} objects, {files} files",
        spec.objects.len()
    ));
    Ok(Exit::Ok)
}

/// Prints the JSON Schema of the manifest.
pub(super) fn schema() -> Exit {
    output::data(&format!("{:#}", manifest::schema()));
    Exit::Ok
}

/// Reads and resolves the manifest; lists every problem on stderr otherwise.
pub(super) fn read(args: &ManifestArgs, environment: &dyn Environment) -> Result<SyncSpec, CommandFailure> {
    let origin = args.manifest.display().to_string();
    let read = manifest::read(&args.manifest).and_then(|text| manifest::load(&text, &origin, environment));
    read.map_err(|problems| {
        output::message(&problems.render(output::stderr_is_terminal()));
        CommandFailure::told(Exit::Manifest)
    })
}
