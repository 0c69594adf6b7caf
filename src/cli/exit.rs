//! Exit codes, in one place.

use std::process::ExitCode;

use crate::domain::failure::{FailureClass, Reason};

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
    /// The manifest is wrong, or `convert` or `inject` can make nothing of its input.
    Manifest = 3,
    /// Signing in was refused.
    Identity = 4,
    /// A vault refused, or a required object is missing or cannot be rendered.
    Refused = 5,
    /// A vault, Entra or the network is unavailable.
    Unavailable = 6,
    /// The volume cannot be read or written.
    Volume = 7,
    /// A hook could not be told what changed.
    Hook = 8,
    /// `plan`: something would be written, adjusted or removed.
    WouldChange = 10,
    /// Interrupted: `once` or `plan` before its end, or a second signal.
    Interrupted = 130,
}

impl Exit {
    /// `health`: not ready. Whoever probes knows 0 and 1.
    pub(super) const NOT_READY: Self = Self::Internal;

    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Self; 11] = [
        Self::Ok,
        Self::Internal,
        Self::Usage,
        Self::Manifest,
        Self::Identity,
        Self::Refused,
        Self::Unavailable,
        Self::Volume,
        Self::Hook,
        Self::WouldChange,
        Self::Interrupted,
    ];

    /// What it means, as the pages have it.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done; `run` was ended by SIGTERM or SIGINT",
            Self::Internal => {
                "internal error, or stdout could not be written (a closed pipe is no error); `health`: not ready"
            }
            Self::Usage => {
                "wrong command line, or an environment that cannot work (certificate authorities, proxy)"
            }
            Self::Manifest => "wrong manifest; `convert`, `inject`: an input of which nothing can be made",
            Self::Identity => "signing in was refused, or its settings are wrong",
            Self::Refused => "a vault refused, or a required object is missing or cannot be rendered",
            Self::Unavailable => "vault, Entra, IMDS or network unavailable, or one of them throttles",
            Self::Volume => "the volume cannot be read or written",
            Self::Hook => "`once`: the files are current, and a hook is left that the next start tries again",
            Self::WouldChange => {
                "`plan`: nothing that is required failed, and something would be written, adjusted or removed"
            }
            Self::Interrupted => "`once` or `plan` was interrupted, or `run` got a second signal",
        }
    }

    /// Of what fails for this reason.
    pub(super) fn from_reason(reason: Reason) -> Self {
        reason.class().into()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_each_code_with_its_meaning_and_no_other() {
        for (page, text) in [
            ("README.md", include_str!("../../README.md")),
            ("docs/command-line.md", include_str!("../../docs/command-line.md")),
        ] {
            let table = text.split("| Code | Meaning |").nth(1).expect("a table");
            let rows: Vec<_> = table
                .lines()
                .skip(2)
                .take_while(|line| line.starts_with('|'))
                .collect();
            let expected = Exit::ALL.map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()));
            assert_eq!(rows, expected, "{page}");
        }
    }
}
