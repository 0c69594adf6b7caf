//! `check` and `schema`: offline.

use crate::domain::desired::SyncSpec;
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
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut parts = vec![
        counted(spec.objects.len(), "object"),
        counted(files + spec.templates.len(), "file"),
    ];
    if !spec.templates.is_empty() {
        parts.push(counted(spec.templates.len(), "template"));
    }
    if !spec.selections.is_empty() {
        parts.push(counted(spec.selections.len(), "selection"));
    }
    output::data(&format!("{}: ok, {}", args.manifest.display(), parts.join(", ")))?;
    output::message(&format!(
        "note: mount {} as a directory; a `subPath` mount keeps the file of its start for ever",
        spec.volume.path.display()
    ));
    Ok(Exit::Ok)
}

/// Prints the JSON Schema of the manifest.
pub(super) fn schema() -> Result<Exit, CommandFailure> {
    output::data(manifest::SCHEMA)?;
    Ok(Exit::Ok)
}

/// Reads and resolves the manifest; the failure holds every problem otherwise.
pub(super) fn read(args: &ManifestArgs, environment: &dyn Environment) -> Result<SyncSpec, CommandFailure> {
    let origin = args.manifest.display().to_string();
    let text = manifest::read(&args.manifest)?;
    Ok(manifest::load(&text, &origin, environment)?)
}
