//! Changes of a file that are no other version.

use super::stage::{Stage, entry, latest, rows};
use crate::desired::{Content, FILE_ENCODING, SecretEncoding};
use crate::fetched::Attributes;
use crate::mode::FileMode;
use crate::status::test_passes::path;

const ASKED_FOR: FileMode = FileMode::from_bits(0o444);
const PUBLISHED: FileMode = FileMode::from_bits(0o440);

/// `a` is published with the mode 0440, and is to have 0444.
fn other_mode() -> Stage {
    let mut wanted = entry(latest("a"), "a");
    wanted.files[0].mode = ASKED_FOR;
    Stage::of([wanted]).published("a", latest("a"), 1)
}

/// The same, and in another form.
fn other_form() -> Stage {
    let mut stage = other_mode();
    stage.entries[0].files[0].content = Content::Secret(SecretEncoding::Base64.into());
    stage
}

fn mode(stage: &Stage) -> FileMode {
    stage.plan().files[&path("a")].mode
}

#[test]
fn a_file_that_stays_gets_its_new_mode() {
    let told = other_mode().told(&latest("a"), 1);
    assert_eq!(
        (told.files(), mode(&told)),
        (rows([("a", "keep a: mode")]), ASKED_FOR)
    );
    let fails = other_mode().fails(&latest("a"));
    assert_eq!(
        (fails.files(), mode(&fails)),
        (rows([("a", "keep a: failed")]), ASKED_FOR)
    );
}

/// The new mode may be wider, and is not for these bytes.
#[test]
fn a_file_of_another_form_keeps_its_old_mode_while_its_object_fails() {
    let fails = other_form().fails(&latest("a"));
    assert_eq!(
        (fails.files(), mode(&fails)),
        (rows([("a", "keep a: failed")]), PUBLISHED)
    );
    let told = other_form().told(&latest("a"), 1);
    assert_eq!(
        (told.files(), mode(&told)),
        (rows([("a", "write: form")]), ASKED_FOR)
    );
}

#[test]
fn a_file_of_another_owner_stays_and_is_given_back() {
    let mut stage = Stage::of([entry(latest("a"), "a")]).published("a", latest("a"), 1);
    let files = stage.observed.files.values_mut();
    files.for_each(|found| found.owner_matches = false);
    assert_eq!(
        stage.told(&latest("a"), 1).files(),
        rows([("a", "keep a: owner")])
    );
}

#[test]
fn a_file_is_written_again_when_a_tag_that_it_takes_changes() {
    let tagged = Attributes {
        tags: [(FILE_ENCODING.to_owned(), "base64".to_owned())].into(),
        ..Attributes::default()
    };
    let stage = Stage::of([entry(latest("a"), "a")]).published("a", latest("a"), 1);
    let stage = stage.told_with(&latest("a"), 1, tagged);
    assert_eq!(stage.files(), rows([("a", "write: attributes")]));
}
