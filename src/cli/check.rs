//! `check` and `schema`: offline.

use crate::manifest::{self, Loaded};
use crate::ports::Environment;
use crate::telemetry::LogFormat;

use super::args::ManifestArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::manifest_log;
use super::output;
use super::system::ProcessEnvironment;

/// Reads the manifest and says so; warnings come first, and change no exit code.
pub(super) fn check(args: &ManifestArgs, format: LogFormat) -> Result<Exit, CommandFailure> {
    let Loaded { spec, warnings } = read(args, &ProcessEnvironment)?;
    match format {
        LogFormat::Json => manifest_log::log(&warnings),
        LogFormat::Text if warnings.is_empty() => {}
        LogFormat::Text => output::message(&warnings.render(output::stderr_is_terminal())),
    }
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
pub(super) fn read(args: &ManifestArgs, environment: &dyn Environment) -> Result<Loaded, CommandFailure> {
    let origin = args.manifest.display().to_string();
    let text = manifest::read(&args.manifest)?;
    Ok(manifest::load(&text, &origin, environment)?)
}
