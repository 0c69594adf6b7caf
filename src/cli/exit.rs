//! Exit codes, in one place.

use std::process::ExitCode;

use crate::domain::failure::{FailureClass, Reason};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Everything asked for was done; for `run`: ended by SIGTERM or SIGINT.
    Ok,
    /// A defect of the program, or output that could not be written.
    Internal,
    /// The command line is wrong, or what it and the environment name besides the manifest.
    Usage,
    /// The manifest is wrong, or `convert` or `inject` can make nothing of its input.
    Manifest,
    /// Signing in was refused.
    Identity,
    /// A vault refused, or a required object is missing or cannot be rendered.
    Refused,
    /// A vault, Entra or the network is unavailable.
    Unavailable,
    /// The volume cannot be read or written.
    Volume,
    /// A hook could not be told what changed.
    Hook,
    /// `plan`: something would be written, adjusted or removed.
    WouldChange,
    /// `run`: a hook `exit` asked for this code.
    Asked(u8),
    /// Interrupted: `once` or `plan` before its end, or a second signal.
    Interrupted,
}

impl Exit {
    /// `health`: not ready. Whoever probes knows 0 and 1.
    pub(super) const NOT_READY: Self = Self::Internal;

    /// All of them, with the first code of hooks.
    #[cfg(test)]
    pub(super) const ALL: [Self; 12] = [
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
        Self::Asked(64),
        Self::Interrupted,
    ];

    /// What it means, as the pages have it.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "success; `run`: ended by SIGTERM or SIGINT",
            Self::Internal => {
                "internal error, or stdout could not be written (a closed pipe is not an error); `health`: not ready"
            }
            Self::Usage => {
                "wrong command line, or an environment that cannot work (certificate authorities, proxy)"
            }
            Self::Manifest => "wrong manifest; `convert`, `inject`: the input cannot be used",
            Self::Identity => "sign-in was refused, or its settings are wrong",
            Self::Refused => "a vault refused, or a required object is missing or cannot be rendered",
            Self::Unavailable => "vault, Entra, IMDS or network unavailable, or throttling",
            Self::Volume => "the volume cannot be read or written",
            Self::Hook => {
                "`once`: the files are current, but a hook has not succeeded; the next start tries it again"
            }
            Self::WouldChange => {
                "`plan`: files would be written, adjusted or removed, and nothing that is required failed"
            }
            Self::Asked(_) => "`run`: the code of a hook `exit`",
            Self::Interrupted => "`once` or `plan` was interrupted, or `run` got a second signal",
        }
    }

    /// Of what fails for this reason.
    pub(super) fn from_reason(reason: Reason) -> Self {
        reason.class().into()
    }

    /// The code for the system.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Manifest => 3,
            Self::Identity => 4,
            Self::Refused => 5,
            Self::Unavailable => 6,
            Self::Volume => 7,
            Self::Hook => 8,
            Self::WouldChange => 10,
            Self::Asked(code) => code,
            Self::Interrupted => 130,
        }
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
    fn the_page_has_each_code_with_its_meaning_and_no_other() {
        let page = include_str!("../../docs/command-line.md");
        let table = page.split("| Code | Meaning |").nth(1).expect("a table");
        let rows: Vec<_> = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let expected = Exit::ALL.map(|exit| {
            let code = exit.code();
            let last = if matches!(exit, Exit::Asked(_)) {
                " to 113"
            } else {
                ""
            };
            format!("| {code}{last} | {} |", exit.meaning())
        });
        assert_eq!(rows, expected);
    }
}
