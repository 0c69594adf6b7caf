//! `check` and `schema`: offline.

use crate::domain::spec::SyncSpec;
use crate::manifest;
use crate::ports::Environment;

use super::args::ManifestArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::system::ProcessEnvironment;

/// Reads the manifest and says so.
pub(super) fn check(args: &ManifestArgs) -> Result<Exit, CommandFailure> {
    let spec = read(args, &ProcessEnvironment)?;
    let files: usize = spec.objects.iter().map(|object| object.files.len()).sum();
    let path = args.manifest.display();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    output::data(&format!(
        "{path}: ok, {}, {}",
        counted(spec.objects.len(), "object"),
        counted(files, "file")
    ));
    Ok(Exit::Ok)
}

/// Prints the JSON Schema of the manifest.
pub(super) fn schema() -> Exit {
    output::data(&format!("{:#}", manifest::schema()));
    Exit::Ok
}

/// Reads and resolves the manifest; the failure holds every problem otherwise.
pub(super) fn read(args: &ManifestArgs, environment: &dyn Environment) -> Result<SyncSpec, CommandFailure> {
    let origin = args.manifest.display().to_string();
    let text = manifest::read(&args.manifest)?;
    Ok(manifest::load(&text, &origin, environment)?)
}
