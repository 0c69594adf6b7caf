//! The status as JSON.

use serde_json::Value;

use super::*;
use crate::desired::HookSpec;
use crate::failure::Failure;
use crate::hook::{HookFailure, HookTry, Outbox};
use crate::moment::Now;

/// Every key of an object, with those of the objects in it.
fn keys(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = format!("{path}.{key}");
                found.push(path.trim_start_matches('.').to_owned());
                keys(value, &path, found);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| keys(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// One in which everything that there may be is there.
fn full() -> Status {
    let mut status = ready();
    let throttled = Failure::new(Reason::Throttled, "too many", "do").after(Some(Duration::from_hours(1)));
    ask(&mut status, "a", Some(&throttled), 0);
    let mut valid = made("b");
    valid.validity = crate::validity::Validity {
        not_before: Some(second(0)),
        expires: Some(second(100)),
    };
    let entries = vec![failed("a", Reason::Throttled), valid];
    status.fold(with_stopped(pass(entries), &["b"]), 0.5);
    status.fold(blocked(), 0.5);
    fail_a_hook(&mut status);
    status
}

/// A hook that has something to hear, and was tried in vain.
fn fail_a_hook(status: &mut Status) {
    let note = serde_json::json!({
        "hook": "reload", "since": "1970-01-01T00:00:00Z", "tries": 0, "changes": [{
            "vault": "app", "kind": "secret", "name": "a", "version": version(2), "previous": version(1), "paths": ["a"],
        }],
    });
    let hook = HookSpec::marking("reload");
    let now = Now {
        at: Moment::START,
        ready: true,
        jitter: 0.5,
    };
    status.hooks.declare(&[hook]);
    status.hooks.take(&Outbox::from(vec![note]), 0, now);
    let call = status.start_hooks(second(0), now.at).remove(0);
    let failure = HookFailure {
        error: "it ended with 1".to_owned(),
        hint: "mend it".to_owned(),
    };
    let done = HookTry {
        call,
        result: Err(failure),
        took: Duration::from_secs(1),
    };
    status.hook_ended(&done, second(0), now);
}

#[test]
fn its_keys_are_the_documented_ones_and_no_others() {
    let json = serde_json::to_value(full()).expect("a form as JSON");
    let mut found = Vec::new();
    keys(&json, "", &mut found);
    found.sort_unstable();
    found.dedup();
    let expected = [
        "at",
        "busy",
        "endpoints",
        "endpoints[].askedForSeconds",
        "endpoints[].endpoint",
        "endpoints[].open",
        "endpoints[].open.error",
        "endpoints[].open.failures",
        "endpoints[].open.nextTry",
        "endpoints[].open.reason",
        "endpoints[].open.since",
        "endpoints[].quietUntil",
        "endpoints[].stretch",
        "entries",
        "entries[].asAsked",
        "entries[].complete",
        "entries[].effectiveIntervalSeconds",
        "entries[].failure",
        "entries[].failure.failure",
        "entries[].failure.hint",
        "entries[].failure.kept",
        "entries[].failure.reason",
        "entries[].failure.since",
        "entries[].failure.times",
        "entries[].files",
        "entries[].files[].path",
        "entries[].files[].present",
        "entries[].files[].written",
        "entries[].heldBack",
        "entries[].id",
        "entries[].lastSuccess",
        "entries[].nextDue",
        "entries[].required",
        "entries[].since",
        "entries[].stoppedBy",
        "entries[].validity",
        "entries[].validity.expires",
        "entries[].validity.notBefore",
        "entries[].version",
        "entries[].waits",
        "entries[].written",
        "hooks",
        "hooks[].behind",
        "hooks[].failure",
        "hooks[].failure.error",
        "hooks[].failure.hint",
        "hooks[].failures",
        "hooks[].kind",
        "hooks[].lastDurationMs",
        "hooks[].lastSuccess",
        "hooks[].name",
        "hooks[].nextTry",
        "hooks[].running",
        "hooks[].successes",
        "hooks[].tries",
        "hooks[].waiting",
        "hooks[].waitingSince",
        "hooks[].waiting[].kind",
        "hooks[].waiting[].name",
        "hooks[].waiting[].paths",
        "hooks[].waiting[].previous",
        "hooks[].waiting[].vault",
        "hooks[].waiting[].version",
        "ready",
        "ready.lastKnownGood",
        "ready.since",
        "reload",
        "reload.at",
        "reload.pending",
        "reload.problems",
        "reload.refused",
        "reload.taken",
        "reload.watching",
        "volume",
        "volume.failure",
        "volume.failure.cause",
        "volume.failure.error",
        "volume.failure.hint",
        "volume.failure.kind",
        "volume.failures",
        "volume.published",
    ];
    assert_eq!(found, expected);
}

#[test]
fn times_names_and_reasons_are_written_as_people_and_labels_write_them() {
    let json = serde_json::to_value(full()).expect("a form as JSON");
    for (pointer, expected) in [
        ("/at", Value::from("1970-01-01T00:00:00Z")),
        ("/ready/since", "1970-01-01T00:00:00Z".into()),
        ("/entries/0/id", "app/secrets/a".into()),
        ("/entries/0/failure/reason", "throttled".into()),
        ("/entries/0/failure/failure", "seen".into()),
        ("/entries/0/failure/times", 1.into()),
        ("/entries/0/written", Value::Null),
        ("/entries/1/version", version(1).as_str().into()),
        ("/entries/1/validity/expires", "1970-01-01T00:01:40Z".into()),
        ("/volume/failure/kind", "readOnly".into()),
        ("/volume/failures", 1.into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&expected), "{pointer}");
    }
    let endpoints = json["endpoints"].as_array().expect("a list");
    let names: Vec<_> = endpoints.iter().map(|known| &known["endpoint"]).collect();
    assert_eq!(names, ["app", "the token endpoint"]);
    assert_eq!(endpoints[0]["askedForSeconds"], 3600);
}

#[test]
fn nothing_known_is_written_too() {
    let json = serde_json::to_string(&Status::new(OnStart::Fresh)).expect("a form as JSON");
    assert_eq!(
        json,
        r#"{"at":null,"ready":null,"entries":[],"endpoints":[],"volume":{"published":null,"failures":0,"failure":null},"hooks":[],"reload":{"watching":"off","at":null,"problems":[],"pending":false,"taken":0,"refused":0},"busy":false}"#
    );
}
