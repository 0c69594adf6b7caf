//! A command that failed: exit code, what happened, its causes, what to do next.

use std::error::Error;
use std::fmt::Write as _;

use crate::domain::failure::{Failure, Reason};
use crate::domain::object::HookName;
use crate::domain::status::{Status, VolumeTrouble};
use crate::manifest::Problems;
use crate::ports::VolumeFailure;

use super::ansi::{ERROR, HINT, OFF};
use super::exit::Exit;
use super::manifest_log;

/// Why a command ends with a code other than 0.
#[derive(Debug)]
pub(super) struct CommandFailure {
    /// The exit code.
    pub(super) exit: Exit,
    /// What happened, and each cause of it, outermost first. Empty when everything was said already.
    pub(super) chain: Vec<String>,
    /// The next action of the person who reads it.
    pub(super) hint: Option<String>,
    /// What is wrong with the manifest, when that is it.
    problems: Option<Box<Problems>>,
    /// What was not served, when that is it.
    unserved: Option<Box<Unserved>>,
}

/// What a sync did not serve although it is required.
#[derive(Debug, Default)]
pub(super) struct Unserved {
    /// How many entries.
    pub(super) failed: usize,
    /// The one that the exit code comes from.
    pub(super) object: Option<String>,
    /// Why it fails, if it does.
    pub(super) reason: Option<Reason>,
}

impl CommandFailure {
    /// From an error and what it is for the exit code.
    pub(super) fn new(exit: Exit, error: &dyn Error, hint: impl Into<Option<String>>) -> Self {
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // A `Failure` says in one sentence what its cause says too.
            if !chain.iter().any(|told| told.contains(&text)) {
                chain.push(text);
            }
            source = cause.source();
        }
        Self {
            exit,
            chain,
            hint: hint.into(),
            ..Self::told(exit)
        }
    }

    /// From what happened, its causes, and what to do.
    pub(super) fn said(exit: Exit, chain: Vec<String>, hint: Option<String>) -> Self {
        Self {
            chain,
            hint,
            ..Self::told(exit)
        }
    }

    /// From what the status says of a volume that failed.
    pub(super) fn of_volume(trouble: &VolumeTrouble) -> Self {
        let error = format!("{}: {}", Exit::Volume.meaning(), trouble.error);
        Self::said(
            Exit::Volume,
            vec![error, trouble.cause.clone()],
            Some(trouble.hint.at_the_end()),
        )
    }

    /// From a sync that did not serve what is required: what the code means, and the cause and hint of the first failure.
    pub(super) fn of_sync(
        exit: Exit,
        meaning: String,
        first: Option<(String, String)>,
        unserved: Unserved,
    ) -> Self {
        let (cause, hint) = first.unzip();
        Self {
            chain: std::iter::once(meaning).chain(cause).collect(),
            hint,
            unserved: Some(Box::new(unserved)),
            ..Self::told(exit)
        }
    }

    /// From hooks that are left: the first of them, and why it failed.
    pub(super) fn of_hooks(status: &Status) -> Self {
        let left: Vec<_> = status.hooks.waiting().map(HookName::as_str).collect();
        let first = status
            .hook_statuses
            .iter()
            .find(|hook| hook.waiting_since.is_some());
        let failure = first.and_then(|hook| hook.failure.as_ref());
        let error = failure.map(|failure| failure.error.clone());
        Self {
            chain: std::iter::once(format!("{}: {}", Exit::Hook.meaning(), left.join(", ")))
                .chain(error)
                .collect(),
            hint: failure.map(|failure| failure.hint.clone()),
            ..Self::told(Exit::Hook)
        }
    }

    /// A code for something that is told elsewhere.
    const fn told(exit: Exit) -> Self {
        Self {
            exit,
            chain: Vec::new(),
            hint: None,
            problems: None,
            unserved: None,
        }
    }

    /// From a command line that cannot be read, in clap's words.
    pub(super) fn of_usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let rest: Vec<_> = rest.split_whitespace().collect();
        Self {
            chain: vec![first.trim_start_matches("error: ").to_owned()],
            hint: Some(rest.join(" ")),
            ..Self::told(Exit::Usage)
        }
    }

    /// The text for a person: every problem of the manifest, or error, causes, hint, a line each; empty when everything
    /// was told.
    pub(super) fn render(&self, color: bool) -> String {
        let mut text = String::new();
        if let Some(problems) = &self.problems {
            text = problems.render(color);
        }
        let [error, hint_color, off] = if color { [ERROR, HINT, OFF] } else { [""; 3] };
        for (depth, line) in self.chain.iter().enumerate() {
            let _ = if depth == 0 {
                writeln!(text, "{error}error{off}: {line}{}", self.first_unserved())
            } else {
                writeln!(text, "  caused by: {line}")
            };
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{hint_color}hint{off}: {hint}");
        }
        text
    }

    /// `; first app/secrets/db (forbidden), exit code 5`.
    fn first_unserved(&self) -> String {
        let Some(unserved) = &self.unserved else {
            return String::new();
        };
        let mut text = String::new();
        if let Some(object) = &unserved.object {
            let _ = write!(text, "; first {object}");
        }
        if let Some(reason) = unserved.reason {
            let _ = write!(text, " ({reason})");
        }
        let _ = write!(text, ", exit code {}", self.exit.code());
        text
    }

    /// The same as events of the log, for a reader that is a program.
    pub(super) fn log(&self) {
        if let Some(problems) = &self.problems {
            manifest_log::log(problems);
        }
        if let [error, causes @ ..] = self.chain.as_slice() {
            let cause = (!causes.is_empty()).then(|| causes.join(": "));
            let unserved = self.unserved.as_deref();
            tracing::error!(
                exit_code = self.exit.code(),
                failed = unserved.map(|unserved| unserved.failed),
                object = unserved.and_then(|unserved| unserved.object.as_deref()),
                reason = unserved.and_then(|unserved| unserved.reason).map(Reason::as_str),
                error,
                cause,
                hint = self.hint.as_deref(),
                "Ended"
            );
        }
    }
}

impl From<Problems> for CommandFailure {
    fn from(problems: Problems) -> Self {
        Self {
            problems: Some(Box::new(problems)),
            ..Self::told(Exit::Manifest)
        }
    }
}

impl From<VolumeFailure> for CommandFailure {
    fn from(failure: VolumeFailure) -> Self {
        Self::new(Exit::Volume, &failure, failure.hint().at_the_end())
    }
}

impl From<Failure> for CommandFailure {
    fn from(failure: Failure) -> Self {
        Self::new(failure.reason.class().into(), &failure, failure.hint.at_the_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hint::Hint;
    use crate::ports::VolumeFailureKind;

    #[test]
    fn the_last_words_do_not_promise_that_it_is_tried_again() {
        let hint = Hint::act("check DNS").or_wait();
        let said = "check DNS; then run akv-sync again\n";
        let failure = Failure::new(Reason::IdentityUnavailable, "seen", hint.clone());
        let text = CommandFailure::from(failure).render(false);
        assert_eq!(text, format!("error: seen\nhint: {said}"));
        let (kind, cause) = (VolumeFailureKind::Hangs, "timed out");
        let failure = VolumeFailure::new(kind, "open", "/mnt/akv", hint, cause);
        let of_volume = CommandFailure::of_volume(&VolumeTrouble::from(&failure)).render(false);
        for text in [of_volume, CommandFailure::from(failure).render(false)] {
            assert!(text.ends_with(said), "{text}");
        }
    }

    #[test]
    fn each_cause_is_told_once_and_the_hint_comes_last() {
        let failure = VolumeFailure::new(
            VolumeFailureKind::Other,
            "open",
            "/mnt/akv",
            "mount a volume there",
            std::io::Error::from(std::io::ErrorKind::NotFound),
        );
        let text = CommandFailure::from(failure).render(false);
        assert_eq!(
            text,
            "error: open /mnt/akv failed\n  caused by: entity not found\nhint: mount a volume there\n"
        );
        let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
        let failure = Failure::new(
            Reason::IdentityMisconfigured,
            "/run/token cannot be read: entity not found",
            "mount it",
        );
        let text = CommandFailure::from(failure.caused_by(cause)).render(false);
        assert_eq!(
            text,
            "error: /run/token cannot be read: entity not found\nhint: mount it\n"
        );
    }
}
