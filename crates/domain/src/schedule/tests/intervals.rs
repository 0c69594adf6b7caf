//! At which interval a question is asked, and what happens when that is edited.

use super::*;
use crate::entry::{Body, Entry, EntryId, Group};
use crate::expand::Expansion;
use crate::object::GroupName;

fn entry(name: &str, interval: Duration, group: Option<&str>) -> Entry {
    let Query::Object(source) = secret(name) else {
        unreachable!("it asks for an object");
    };
    let group = group.and_then(|name| GroupName::parse(name).ok());
    let id = EntryId::Object(source.clone());
    let body = Body::Object(source, Vec::new());
    Entry {
        id,
        required: true,
        group: group.map(Group::Named),
        inputs: body.inputs(),
        body,
        files: Vec::new(),
        interval,
        obstacle: None,
        unresolved: false,
        depends_on: Vec::new(),
        selected: None,
        removals: Vec::new(),
    }
}

fn intervals(entries: Vec<Entry>) -> Intervals {
    let expansion = Expansion {
        entries,
        wanted: BTreeMap::new(),
        followed: BTreeSet::new(),
    };
    expansion.intervals()
}

#[test]
fn the_shortest_interval_of_a_group_counts_for_all_of_it() {
    let entries = vec![
        entry("a", INTERVAL * 5, Some("pair")),
        entry("b", INTERVAL, Some("pair")),
        entry("c", INTERVAL * 5, Some("other")),
        entry("d", INTERVAL * 5, None),
    ];
    let mut expected = every(INTERVAL, &["a", "b"]);
    expected.extend(every(INTERVAL * 5, &["c", "d"]));
    assert_eq!(intervals(entries), expected);
}

#[test]
fn the_shortest_interval_of_entries_of_one_object_counts() {
    let entries = vec![entry("a", INTERVAL * 5, None), entry("a", INTERVAL, None)];
    assert_eq!(intervals(entries), every(INTERVAL, &["a"]));
}

#[test]
fn an_interval_that_is_edited_counts_from_when_its_questions_were_asked() {
    for (edited, expected) in [(60, 70), (600, 610)] {
        let (mut schedule, _) = begun(&["a", "b"]);
        answered(&mut schedule, &["a"], 10);
        answered(&mut schedule, &["b"], 20);
        let intervals = every(Duration::from_secs(edited), &["a", "b"]);
        schedule.begin_pass(&intervals, at(30), 0.5);
        assert_eq!(due(&schedule, &["a", "b"], 30), Vec::<&str>::new());
        assert_eq!(next_due(&schedule, 30), Some(at(expected)));
        schedule.begin_pass(&intervals, at(expected), 0.5);
        assert_eq!(due(&schedule, &["a", "b"], expected), ["a", "b"]);
    }
}

#[test]
fn an_interval_that_is_over_by_the_edit_makes_its_questions_due() {
    let (mut schedule, _) = begun(&["a"]);
    answered(&mut schedule, &["a"], 0);
    schedule.begin_pass(&every(Duration::from_secs(30), &["a"]), at(100), 0.5);
    assert_eq!(due(&schedule, &["a"], 100), ["a"]);
}

#[test]
fn a_question_of_an_edited_interval_that_was_never_asked_is_due_all_the_same() {
    let (mut schedule, _) = begun(&["a"]);
    answered(&mut schedule, &["a"], 0);
    schedule.begin_pass(&every(INTERVAL * 5, &["a", "new"]), at(30), 0.5);
    assert_eq!(due(&schedule, &["a", "new"], 30), ["new"]);
}

#[test]
fn a_question_that_joins_another_round_is_due_when_it_was_not_asked_since_that_began() {
    let mut before = every(INTERVAL, &["often"]);
    before.extend(every(INTERVAL * 5, &["seldom"]));
    let mut schedule = Schedule::default();
    schedule.begin_pass(&before, at(0), 0.5);
    answered(&mut schedule, &["often", "seldom"], 0);
    schedule.begin_pass(&before, at(120), 0.5);
    answered(&mut schedule, &["often"], 120);
    schedule.begin_pass(&every(INTERVAL, &["often", "seldom"]), at(130), 0.5);
    assert_eq!(due(&schedule, &["often", "seldom"], 130), ["seldom"]);
}
