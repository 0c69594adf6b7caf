//! What the person who reads of a failure can do, and whether the program tries again by itself meanwhile.
//!
//! The same hint is told while the program runs and in its last words, after which nothing is tried again. Only this file
//! has words for the difference.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// The next action. `Display` words it for a program that goes on running.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    action: Cow<'static, str>,
    again: Again,
}

/// What trying again is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// Nothing is promised: somebody must act.
    No,
    /// It may help, as well as the action.
    Too,
    /// It is likely to help; the action is for when that does not.
    First,
}

impl Hint {
    /// Somebody must act.
    pub const fn act(action: &'static str) -> Self {
        Self {
            action: Cow::Borrowed(action),
            again: Again::No,
        }
    }

    /// Nothing to do but wait.
    pub const fn wait() -> Self {
        Self::act("").or_wait()
    }

    /// Nothing to do but wait, unless that does not help: then this.
    pub const fn if_it_lasts(action: &'static str) -> Self {
        Self {
            action: Cow::Borrowed(action),
            again: Again::First,
        }
    }

    /// Also without the action, the next try may succeed.
    #[must_use]
    pub const fn or_wait(mut self) -> Self {
        self.again = Again::Too;
        self
    }

    /// The action alone; empty when there is none.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// In the last words of a program, which does not try again by itself.
    pub fn at_the_end(&self) -> String {
        let action = &self.action;
        match (self.again, action.is_empty()) {
            (Again::No, _) => action.to_string(),
            (_, true) => "run akv-sync again later".to_owned(),
            (Again::Too, _) => format!("{action}; then run akv-sync again"),
            (Again::First, _) => format!("run akv-sync again later; if it lasts, {action}"),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = &self.action;
        match (self.again, action.is_empty()) {
            (Again::No, _) => f.write_str(action),
            (_, true) => f.write_str("no action: it is tried again"),
            (Again::Too, _) => write!(f, "{action}; it is tried again"),
            (Again::First, _) => write!(f, "no action unless it lasts: it is tried again; then {action}"),
        }
    }
}

impl From<String> for Hint {
    fn from(action: String) -> Self {
        Self {
            action: action.into(),
            again: Again::No,
        }
    }
}

impl From<&str> for Hint {
    fn from(action: &str) -> Self {
        action.to_owned().into()
    }
}

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_says_that_it_is_tried_again_only_while_the_program_runs() {
        for (hint, running, at_the_end) in [
            (Hint::act("mount it"), "mount it", "mount it"),
            (
                Hint::wait(),
                "no action: it is tried again",
                "run akv-sync again later",
            ),
            (
                Hint::act("check DNS").or_wait(),
                "check DNS; it is tried again",
                "check DNS; then run akv-sync again",
            ),
            (
                Hint::from("check DNS of app".to_owned()).or_wait(),
                "check DNS of app; it is tried again",
                "check DNS of app; then run akv-sync again",
            ),
            (
                Hint::if_it_lasts("see the health"),
                "no action unless it lasts: it is tried again; then see the health",
                "run akv-sync again later; if it lasts, see the health",
            ),
        ] {
            assert_eq!(
                (hint.to_string().as_str(), hint.at_the_end().as_str()),
                (running, at_the_end)
            );
        }
    }

    #[test]
    fn an_action_that_speaks_of_trying_again_is_told_as_it_is() {
        let action = "if it is tried again by a proxy, look there";
        assert_eq!(Hint::act(action).at_the_end(), action);
    }
}
