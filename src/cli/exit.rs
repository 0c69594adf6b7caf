//! Exit codes, in one place.

use std::process::ExitCode;

use crate::domain::failure::FailureClass;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Exit {
    /// Everything asked for was done; for `run`: ended by SIGTERM or SIGINT.
    Ok = 0,
    /// A defect of the program, or output that could not be written.
    Internal = 1,
    /// The command line is wrong, or what it and the environment name besides the manifest.
    Usage = 2,
    /// The manifest is wrong, or `convert` can make none of its input.
    Manifest = 3,
    /// Signing in was refused.
    Identity = 4,
    /// A vault refused, or a required object is missing or cannot be rendered.
    Refused = 5,
    /// A vault, Entra or the network is unavailable.
    Unavailable = 6,
    /// The volume cannot be read or written.
    Volume = 7,
    /// `plan`: something would be written, adjusted or removed.
    WouldChange = 10,
    /// Interrupted: `once` or `plan` before its end, or a second signal.
    Interrupted = 130,
}

impl Exit {
    /// The code for the system.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<FailureClass> for Exit {
    fn from(class: FailureClass) -> Self {
        match class {
            FailureClass::Identity => Self::Identity,
            FailureClass::Refused => Self::Refused,
            FailureClass::Unavailable => Self::Unavailable,
            FailureClass::Volume => Self::Volume,
        }
    }
}
