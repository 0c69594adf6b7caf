//! The state file only grows: an older and a newer program write one volume in turn.

use std::sync::Arc;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::support::{StopAt, TestVolume, at_version, expected, kept, path, payload, record, telling};
use crate::domain::desired::{Content, Layout};
use crate::domain::hook::Outbox;
use crate::domain::mode::FileMode;
use crate::domain::object::VersionId;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Input, Payload, Validity};
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    what_a_newer_program_recorded_outlives_a_publish_and_a_rewrite_of_records,
    what_a_newer_program_recorded_of_bytes_goes_with_them,
    what_a_newer_program_recorded_outlives_a_crash_at_any_step,
    what_is_to_be_told_is_recorded_with_or_without_files,
    a_state_file_of_an_older_program_is_read,
    an_older_program_reads_the_state_file_of_this_one,
}

fn pair() -> Payload {
    payload(&[("a/b", "one", 0o440), ("c", "two", 0o440)])
}

/// Changes the state file as another program would.
fn rewrite(test: &TestVolume, change: impl FnOnce(&mut Value)) {
    let mut state = test.state();
    change(&mut state);
    fs::write(test.state_file(), state.to_string()).expect("writes");
}

fn add_unknown(test: &TestVolume) {
    rewrite(test, |state| {
        state["futureTop"] = json!({ "deep": [1, "two", null] });
        state["files"]["a/b"]["futureFile"] = json!("of a/b");
        state["files"]["c"]["futureFile"] = json!("of c");
    });
}

fn assert_unknown(test: &TestVolume) {
    let state = test.state();
    assert_eq!(state["futureTop"], json!({ "deep": [1, "two", null] }));
    assert_eq!(state["files"]["a/b"]["futureFile"], "of a/b");
}

fn what_a_newer_program_recorded_outlives_a_publish_and_a_rewrite_of_records(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&pair());
    add_unknown(&test);
    let observed = test.open().observe().expect("observes");
    assert!(observed.files.len() == 2 && !observed.records_lost);

    test.publish(&at_version(&pair(), 2));
    assert_unknown(&test);
    let mut more = kept(&pair());
    more.files.extend(payload(&[("d", "three", 0o440)]).files);
    test.publish(&more);
    assert_unknown(&test);
    test.publish(&telling(&more, "something"));
    assert_unknown(&test);
    test.publish(&Payload::default());
    assert_eq!(test.state()["futureTop"], json!({ "deep": [1, "two", null] }));
}

fn what_a_newer_program_recorded_of_bytes_goes_with_them(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&pair());
    add_unknown(&test);
    test.publish(&payload(&[("a/b", "one", 0o400), ("c", "changed", 0o440)]));
    assert_unknown(&test);
    assert_eq!(test.state()["files"]["c"]["futureFile"], Value::Null);
}

fn what_a_newer_program_recorded_outlives_a_crash_at_any_step(layout: Layout) {
    let next = payload(&[("a/b", "one", 0o440), ("c", "changed", 0o440)]);
    for number in 0.. {
        let test = TestVolume::new(layout);
        test.publish(&pair());
        add_unknown(&test);
        let observer = StopAt::new(number, true);
        let _ = test.open_observed(observer.clone()).publish(&next);
        test.open().observe().expect("recovers");
        assert_unknown(&test);
        if observer.stopped().is_none() {
            break;
        }
    }
}

fn what_is_to_be_told_is_recorded_with_or_without_files(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    for wanted in [
        telling(&Payload::default(), "before the first file"),
        telling(&pair(), "with files"),
        telling(&pair(), "of the same files"),
        telling(&Payload::default(), "of no files"),
    ] {
        volume.publish(&wanted).expect("publishes");
        let observed = volume.observe().expect("observes");
        assert_eq!(observed.outbox, wanted.telling.open);
        assert_eq!(test.visible(), expected(&wanted));
    }
    volume.publish(&Payload::default()).expect("publishes");
    assert!(volume.observe().expect("observes").outbox.is_empty());
    assert!(
        test.state().get("outbox").is_none(),
        "an empty one is not written"
    );
}

fn a_state_file_of_an_older_program_is_read(layout: Layout) {
    let test = TestVolume::new(layout);
    let mut wanted = telling(&pair(), "something");
    for file in wanted.files.values_mut() {
        Arc::make_mut(&mut file.record).inputs[0].confirmed = Some(datetime!(2026-11-23 05:48:45 UTC));
    }
    test.publish(&wanted);
    let observed = test.open().observe().expect("observes");
    assert_eq!(observed.files[&path("c")].record, wanted.files[&path("c")].record);

    rewrite(&test, |state| {
        let top = state.as_object_mut().expect("an object");
        top.remove("outbox").expect("is there");
        let files = state["files"].as_object_mut().expect("files");
        for file in files.values_mut() {
            let input = file["record"]["inputs"][0].as_object_mut().expect("an input");
            input.remove("confirmed").expect("is there");
        }
    });
    let observed = test.open().observe().expect("observes");
    assert!(!observed.records_lost);
    assert_eq!(observed.outbox, Outbox::default());
    assert_eq!(observed.files[&path("c")].record, record(1));
}

/// What the program read before there were an outbox, unknown keys and times of confirmation: a copy.
#[expect(dead_code, reason = "what is read is what matters")]
mod older {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct State {
        pub(super) format: u32,
        digest_key: String,
        pub(super) files: BTreeMap<RelativePath, FileEntry>,
        #[serde(default)]
        directories: BTreeSet<RelativePath>,
        #[serde(default)]
        pub(super) intent: Option<Intent>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Intent {
        pub(super) files: BTreeMap<RelativePath, FileEntry>,
        staged: BTreeMap<RelativePath, Staged>,
        directories: BTreeSet<RelativePath>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Staged {
        number: usize,
        replaces: bool,
        #[serde(default)]
        copy_of: Option<RelativePath>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct FileEntry {
        record: FileRecord,
        digest: String,
        length: u64,
        mode: FileMode,
        uid: u32,
        gid: u32,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FileRecord {
        content: Content,
        inputs: Vec<InputRecord>,
        #[serde(default)]
        validity: Validity,
        #[serde(with = "time::serde::rfc3339")]
        fetched: OffsetDateTime,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct InputRecord {
        input: Input,
        version: VersionId,
        #[serde(default)]
        facts: Option<String>,
    }
}

fn an_older_program_reads_the_state_file_of_this_one(layout: Layout) {
    let mut wanted = telling(&pair(), "something");
    for file in wanted.files.values_mut() {
        Arc::make_mut(&mut file.record).inputs[0].confirmed = Some(datetime!(2026-11-23 05:48:45 UTC));
    }
    let mut under_way = 0;
    for number in 0.. {
        let test = TestVolume::new(layout);
        test.publish(&payload(&[("gone", "three", 0o440)]));
        let observer = StopAt::new(number, true);
        let _ = test.open_observed(observer.clone()).publish(&wanted);
        let read: older::State = serde_json::from_value(test.state()).expect("is read");
        assert_eq!(read.format, 2);
        assert!(!read.files.is_empty());
        under_way += read
            .intent
            .iter()
            .filter(|intent| intent.files.len() == 2)
            .count();
        if observer.stopped().is_none() {
            break;
        }
    }
    assert_eq!(under_way > 0, layout == Layout::Flat);
}
