//! What is done after files changed.

mod action;
mod filter;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use self::filter::Files;
use super::objects::ObjectSpecs;
use super::vaults::Vaults;
use crate::field::{Located, Optional, Required, Scalar, Text};
use crate::problem::{Code, Mark, Problem, Sink};
use crate::scalar::{Pause, TimeLimit};
use crate::wire;
use domain::desired::{HookAction, HookRetry, HookSpec, SignalHook};
use domain::object::HookName;

/// Resolves the hooks of one manifest.
pub(super) struct Hooks<'r> {
    pub(super) vaults: &'r Vaults,
    pub(super) specs: &'r ObjectSpecs,
    /// The root of the volume, if it is usable.
    pub(super) volume: Option<&'r Path>,
    pub(super) sink: &'r Sink,
}

impl Hooks<'_> {
    /// The usable hooks, in manifest order.
    pub(super) fn resolve(&self, wire: &Optional<Vec<Required<wire::Hook>>>) -> Vec<HookSpec> {
        let mut names = BTreeMap::new();
        let hooks = wire.elements().filter_map(|hook| self.hook(hook, &mut names));
        hooks.collect()
    }

    fn hook(&self, hook: &Located<wire::Hook>, names: &mut BTreeMap<HookName, Mark>) -> Option<HookSpec> {
        let wire = &hook.value;
        let name = wire.name.parse(self.sink);
        if let (Some(name), Some(given)) = (&name, wire.name.given()) {
            self.claim(name, given.mark, names);
        }
        let when = filter::resolve(&wire.when, &Files::of(self.specs), self.sink);
        let action = self.action(hook);
        let timeout = time::<TimeLimit>(&wire.timeout, wire::DEFAULT_TIMEOUT, self.sink).0;
        self.warn_of_within(wire, action.as_ref(), timeout);
        let debounce = time::<Pause>(&wire.debounce, wire::NO_PAUSE, self.sink).0;
        let splay = time::<Pause>(&wire.splay, wire::NO_PAUSE, self.sink).0;
        let retry = self.retry(&wire.retry);
        Some(HookSpec {
            name: name?,
            when,
            action: action?,
            on_first_sync: wire.on_first_sync.value().unwrap_or(false),
            timeout,
            debounce,
            splay,
            retry,
        })
    }

    fn claim(&self, name: &HookName, mark: Mark, names: &mut BTreeMap<HookName, Mark>) {
        if let Some(first) = names.get(name) {
            let problem = Problem::new(Code::DuplicateHook, "another hook has this name");
            let problem = problem.at(mark).related(*first, "it is used here first");
            self.sink.push(problem.hint("give each hook a name of its own"));
        } else {
            names.insert(name.clone(), mark);
        }
    }

    fn retry(&self, retry: &Optional<wire::Retry>) -> HookRetry {
        let given = retry.given().map(|given| &given.value);
        let initial = given.map_or(&Optional::Absent, |given| &given.initial);
        let max = given.map_or(&Optional::Absent, |given| &given.max);
        let initial = time::<TimeLimit>(initial, wire::DEFAULT_RETRY_INITIAL, self.sink).0;
        let longest: Duration = time::<TimeLimit>(max, wire::DEFAULT_RETRY_MAX, self.sink).0;
        if let Some(given) = max.given().filter(|_| longest < initial) {
            let problem = Problem::new(Code::OutOfRange, "the longest wait is shorter than the first");
            let hint = "`max` is at least `initial`; write the longer one as `max`";
            self.sink.push(problem.at(given.mark).hint(hint));
        }
        HookRetry {
            initial,
            max: longest.max(initial),
        }
    }

    /// A try ends with its time, also while it waits for `verify`.
    fn warn_of_within(&self, wire: &wire::Hook, action: Option<&HookAction>, timeout: Duration) {
        let Some(HookAction::Signal(SignalHook {
            verify: Some(verify), ..
        })) = action
        else {
            return;
        };
        let within = wire.verify.given().and_then(|verify| verify.value.within.mark());
        if let Some(mark) = within.filter(|_| verify.within > timeout) {
            let message = "`within` is longer than the `timeout` of the hook, which ends the try before";
            self.warn_of_no_effect(mark, message, "make `timeout` longer, or `within` shorter");
        }
    }

    fn warn_of_no_effect(&self, mark: Mark, message: &'static str, hint: &'static str) {
        let problem = Problem::new(Code::WithoutEffect, message);
        self.sink.warn(problem.at(mark).hint(hint));
    }

    /// Records that a key is at a place where it means nothing.
    fn refuse(&self, code: Code, mark: Option<Mark>, message: &str, hint: &'static str) {
        if let Some(mark) = mark {
            self.sink
                .push(Problem::new(code, message.to_owned()).at(mark).hint(hint));
        }
    }
}

fn time<T: Scalar>(given: &Optional<Text<T>>, default: &str, sink: &Sink) -> T {
    super::or_default(given, default, sink)
}
