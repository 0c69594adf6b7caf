//! What changed, as programs and servers are told of it: names, versions and paths, never a value.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::domain::hook::{Change, HookCall};
use crate::domain::object::HookName;

#[derive(Serialize)]
struct Told<'c> {
    hook: &'c HookName,
    changes: &'c [Change],
}

/// `{"hook","changes":[{"vault","kind","name","version","previous","paths"}]}`
pub(super) fn json(call: &HookCall) -> String {
    let told = Told {
        hook: &call.hook.name,
        changes: &call.changes,
    };
    serde_json::to_string(&told).expect("names, versions and paths can be written as JSON")
}

/// The names of the objects, each once, with a space between two.
pub(super) fn names(call: &HookCall) -> String {
    let names: BTreeSet<_> = call.changes.iter().map(|change| change.name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::testing::{call, touch};

    #[test]
    fn the_json_has_names_versions_and_paths_and_null_for_what_is_gone_or_new() {
        let call = call(touch("/nowhere"), &["db", "web"]);
        let expected = r#"{"hook":"reload","changes":[{"vault":"app","kind":"secret","name":"db","version":"00000000000000000000000000000002","previous":null,"paths":["db"]},{"vault":"app","kind":"secret","name":"web","version":"00000000000000000000000000000002","previous":null,"paths":["web"]}]}"#;
        assert_eq!(json(&call), expected);
    }

    #[test]
    fn a_name_of_two_vaults_or_kinds_is_named_once() {
        assert_eq!(names(&call(touch("/nowhere"), &["web", "db", "web"])), "db web");
    }
}
