//! Where a running program is asked, and what its volume has when nobody answers.

use std::sync::Arc;

use crate::domain::desired::SyncSpec;
use crate::domain::status::Status;
use crate::ports::{Clock as _, VolumeFailure};
use crate::reconcile::recalled;
use crate::volume::{BlockingVolume as _, ReadOnlyVolume};

use super::args::AskArgs;
use super::ask::Program;
use super::check;
use super::failure::CommandFailure;
use super::system::{ProcessEnvironment, SystemClock};

/// Where a running program is.
pub(super) enum Place {
    /// At a socket; nothing else is known of it.
    Socket(Program),
    /// Where a manifest says; nowhere when that has no `admin`.
    Manifest(Option<Program>, Box<SyncSpec>),
}

/// Why nobody can be asked.
pub(super) const NO_ADMIN: &str = "the manifest has no `admin`, so there is nobody to ask";

impl Place {
    /// As the command line says.
    pub(super) fn of(args: &AskArgs) -> Result<Self, CommandFailure> {
        if let Some(socket) = &args.socket {
            return Ok(Self::Socket(Program::at(socket)));
        }
        let read = check::read(&args.manifest, &ProcessEnvironment);
        let spec = read.map_err(nowhere)?.spec;
        Ok(Self::Manifest(Program::of(&spec.admin), Box::new(spec)))
    }

    /// Whom to ask, if there is anybody.
    pub(super) const fn program(&self) -> Option<&Program> {
        match self {
            Self::Socket(program) => Some(program),
            Self::Manifest(program, _) => program.as_ref(),
        }
    }

    /// What the volume has, for a line on a program that does not run: `; 2 of 3 required entries are on the volume`.
    pub(super) fn on_volume(&self) -> String {
        let Self::Manifest(_, spec) = self else {
            return String::new();
        };
        match of_volume(spec) {
            Ok(status) => {
                let required = || status.entries.iter().filter(|entry| entry.required);
                let there = required().filter(|entry| entry.complete).count();
                format!(
                    "; {there} of {} required entries are on the volume from before",
                    required().count()
                )
            }
            Err(failure) => format!("; {failure}"),
        }
    }
}

/// A manifest that is refused does not say where to ask. Who edited it is to know that the program goes on all the same.
fn nowhere(mut refused: CommandFailure) -> CommandFailure {
    let hint = "a running program goes on with the manifest before it; `--socket PATH` asks it without reading this one";
    refused.chain = vec!["this manifest cannot say where the running program is asked".to_owned()];
    refused.hint = Some(hint.to_owned());
    refused
}

/// The status as the volume has it, which nobody keeps current.
pub(super) fn of_volume(spec: &SyncSpec) -> Result<Status, VolumeFailure> {
    let observed = ReadOnlyVolume::new(&spec.volume, Arc::new(SystemClock))?.observe()?;
    Ok(recalled::status(spec, &observed, SystemClock.now()))
}
