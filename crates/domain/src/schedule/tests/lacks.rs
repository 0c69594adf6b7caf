//! What is new is due at once, and once.

use super::*;
use crate::desired::{Content, FileSpec, SecretEncoding, SecretForm};
use crate::entry::EntryKey;
use crate::mode::FileMode;
use crate::path::RelativePath;
use crate::payload::Input;

/// An entry of the secret `a` that has no file yet.
fn lack(path: &str, form: impl Into<SecretForm>) -> Lack {
    let path = RelativePath::parse(path).expect("valid");
    let Query::Object(source) = secret("a") else {
        unreachable!("it asks for an object");
    };
    let file = FileSpec {
        path: path.clone(),
        content: Content::Secret(form.into()),
        mode: FileMode::from_bits(0o440),
    };
    Lack {
        key: EntryKey::Path(path),
        files: vec![file],
        inputs: vec![Input::Object(source)],
        queries: vec![secret("a")],
    }
}

/// `a` and `b` were asked for in the round that began at zero.
fn answered_at_once() -> Schedule {
    let (mut schedule, _) = begun(&["a", "b"]);
    answered(&mut schedule, &["a", "b"], 0);
    schedule
}

#[test]
fn what_is_lacking_since_now_is_due_until_it_leaves_and_then_with_its_round() {
    let mut schedule = answered_at_once();
    let lacks = || vec![lack("copy", SecretForm::default())];
    for second in [10, 11] {
        schedule.need(lacks(), at(second));
        assert_eq!(due(&schedule, &["a", "b"], second), ["a"]);
    }
    answered(&mut schedule, &["a"], 12);
    schedule.need(lacks(), at(12));
    assert_eq!(due(&schedule, &["a", "b"], 12), Vec::<&str>::new());
    assert_eq!(schedule.due_of(&secret("a")), Some(at(120)));
}

#[test]
fn what_is_lacking_in_another_form_is_lacking_since_now() {
    let mut schedule = answered_at_once();
    schedule.need(vec![lack("copy", SecretEncoding::Hex)], at(10));
    answered(&mut schedule, &["a"], 10);
    schedule.need(vec![lack("copy", SecretEncoding::Base64)], at(11));
    assert_eq!(due(&schedule, &["a", "b"], 11), ["a"]);
}

#[test]
fn what_was_there_meanwhile_is_lacking_since_now() {
    let mut schedule = answered_at_once();
    for second in [10, 30] {
        schedule.need(vec![lack("copy", SecretForm::default())], at(second));
        assert_eq!(due(&schedule, &["a", "b"], second), ["a"]);
        answered(&mut schedule, &["a"], second);
        schedule.need(Vec::new(), at(second + 1));
    }
}

#[test]
fn what_failed_waits_for_its_next_try() {
    let (mut schedule, _) = begun(&["a"]);
    schedule.begin(&secret("a"), at(0));
    fails(&mut schedule, &secret("a"), 0, Reason::Forbidden, now(0, true));
    schedule.need(vec![lack("copy", SecretForm::default())], at(10));
    assert_eq!(due(&schedule, &["a"], 10), Vec::<&str>::new());
}
