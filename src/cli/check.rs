//! `check` and `schema`: offline.

use tracing::Level;

use crate::manifest::{self, Loaded, Problems};
use crate::ports::Environment;

use super::args::{CheckArgs, ManifestArgs};
use super::exit::Exit;
use super::failure::CommandFailure;
use super::manifest_log;
use super::output;
use super::style::Style;
use super::system::ProcessEnvironment;

/// Reads the manifest and says so; warnings come first, and change no exit code.
pub(super) fn check(args: CheckArgs, style: Style) -> Result<Exit, CommandFailure> {
    let args = args.into_manifest();
    let Loaded { spec, warnings } = read(&args, &ProcessEnvironment)?;
    tell(&warnings, style);
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut parts = vec![counted(spec.objects(), "object"), counted(spec.files(), "file")];
    if !spec.templates.is_empty() {
        parts.push(counted(spec.templates.len(), "template"));
    }
    if !spec.selections.is_empty() {
        parts.push(counted(spec.selections.len(), "selection"));
    }
    let name = manifest::name(&args.manifest);
    output::data(&format!("{name}: ok, {}", parts.join(", ")))?;
    Ok(Exit::Ok)
}

/// Tells the warnings of a manifest: with its lines to a person, without to a log.
pub(super) fn tell(warnings: &Problems, style: Style) {
    if !style.draws {
        manifest_log::log(warnings);
    } else if !warnings.is_empty() && style.level >= Level::WARN {
        output::message(&warnings.render(style.color));
    }
}

/// Prints the JSON Schema of the manifest.
pub(super) fn schema() -> Result<Exit, CommandFailure> {
    output::data(manifest::SCHEMA)?;
    Ok(Exit::Ok)
}

/// Reads and resolves the manifest; the failure holds every problem otherwise.
pub(super) fn read(args: &ManifestArgs, environment: &dyn Environment) -> Result<Loaded, CommandFailure> {
    let text = manifest::read(&args.manifest)?;
    load(args, &text, environment)
}

/// Resolves its text.
pub(super) fn load(
    args: &ManifestArgs,
    text: &str,
    environment: &dyn Environment,
) -> Result<Loaded, CommandFailure> {
    let origin = manifest::name(&args.manifest);
    Ok(manifest::load(text, &origin, environment)?)
}
