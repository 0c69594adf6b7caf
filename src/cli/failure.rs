//! A command that failed: exit code, what happened, its causes, what to do next.

use std::error::Error;
use std::fmt::Write as _;

use crate::domain::failure::Failure;
use crate::ports::VolumeFailure;

use super::exit::Exit;

/// Why a command ends with a code other than 0.
#[derive(Debug)]
pub(super) struct CommandFailure {
    /// The exit code.
    pub(super) exit: Exit,
    /// What happened, and each cause of it, outermost first. Empty when everything was said already.
    pub(super) chain: Vec<String>,
    /// The next action of the person who reads it.
    pub(super) hint: Option<String>,
}

impl CommandFailure {
    /// From an error and what it is for the exit code.
    pub(super) fn new(exit: Exit, error: &dyn Error, hint: impl Into<Option<String>>) -> Self {
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push(cause.to_string());
            source = cause.source();
        }
        Self {
            exit,
            chain,
            hint: hint.into(),
        }
    }

    /// A code for something that the log or a listing has told.
    pub(super) const fn told(exit: Exit) -> Self {
        Self {
            exit,
            chain: Vec::new(),
            hint: None,
        }
    }

    /// The text for a terminal: error, causes, hint, a line each; empty when everything was told.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        for (depth, line) in self.chain.iter().enumerate() {
            let label = if depth == 0 { "error" } else { "  caused by" };
            let _ = writeln!(text, "{label}: {line}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

impl From<VolumeFailure> for CommandFailure {
    fn from(failure: VolumeFailure) -> Self {
        Self::new(Exit::Volume, &failure, failure.hint.clone())
    }
}

impl From<Failure> for CommandFailure {
    fn from(failure: Failure) -> Self {
        Self::new(failure.reason.class().into(), &failure, failure.hint.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once_and_the_hint_comes_last() {
        let failure = VolumeFailure {
            action: "open",
            path: "/mnt/akv".into(),
            hint: "mount a volume there".into(),
            source: std::io::Error::from(std::io::ErrorKind::NotFound),
        };
        let text = CommandFailure::from(failure).render();
        assert_eq!(
            text,
            "error: open /mnt/akv failed\n  caused by: entity not found\nhint: mount a volume there\n"
        );
    }
}
