//! Plans of files: kept ones, and made ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;

use super::entry_plan::{EntryPlan, Outcome};
use super::file_plan::{Action, FilePlan, Why};
use super::given::Given;
use crate::answers::Answers;
use crate::attribute_digest::AttributeDigest;
use crate::desired::{Content, FileSpec};
use crate::entry::{Body, Entry};
use crate::fetched::FetchedObject;
use crate::object::{ObjectKind, Source, VersionId};
use crate::path::RelativePath;
use crate::payload::{FileRecord, Input, InputRecord, ObservedFile, Validity};
use crate::published::{Found, Needed, Published, is_form_of, may_be_of, pinned};

/// Files of one entry, each at its path.
pub(super) type PlannedFiles = Vec<(RelativePath, FilePlan)>;

/// The version of each input that will do: the one that was told, or is pinned; any where nothing was.
pub(super) fn needed<'k>(inputs: &'k [Input], answers: &'k Answers) -> Vec<Needed<'k>> {
    let needed = inputs.iter().map(|input| Needed {
        input,
        version: match answers.version(input) {
            Some(Ok(version)) => Some(version),
            Some(Err(_)) | None => pinned(input),
        },
        told: told(input, answers),
    });
    needed.collect()
}

fn told<'k>(input: &Input, answers: &'k Answers) -> Option<&'k FetchedObject> {
    match input {
        Input::Object(source) => answers.object(source)?.ok().map(AsRef::as_ref),
        Input::File(_) => None,
    }
}

/// A published file that is kept as it is.
pub(super) fn unchanged(at: &RelativePath, found: &ObservedFile, why: Why) -> FilePlan {
    FilePlan {
        entry: None,
        action: Action::Keep(at.clone()),
        mode: found.mode,
        record: Arc::clone(&found.record),
        why,
    }
}

/// The files of an entry as they are, whatever they are: last known good.
///
/// After an edit of the manifest they may be another object's, or of another form. Those keep the mode that they were
/// published with: the one that is asked for now may be wider, and is not for these bytes.
pub(super) fn keep(entry: &Entry, published: &Published<'_>, why: &Why) -> PlannedFiles {
    let found = published.last_good(entry).into_iter();
    found
        .map(|(file, (at, found))| {
            let ours = is_form_of(&found.record, &file.content, &entry.inputs);
            let mut kept = FilePlan {
                mode: if ours { file.mode } else { found.mode },
                ..unchanged(at, found, why.clone())
            };
            note_held(&mut kept.record, entry);
            (file.path.clone(), kept)
        })
        .collect()
}

/// The record that there is, when the new one says the same.
fn same_or_new(found: &Arc<FileRecord>, new: FileRecord) -> Arc<FileRecord> {
    if **found == new {
        Arc::clone(found)
    } else {
        Arc::new(new)
    }
}

/// Notes since when a file is held. The rule that picked it stays as it was: the vault confirmed nothing.
fn note_held(shared: &mut Arc<FileRecord>, entry: &Entry) {
    let held_since = entry.selected.as_ref().and_then(|selected| selected.held_since);
    let noted = shared.selected.as_ref().and_then(|selected| selected.held_since);
    if noted == held_since {
        return;
    }
    let record = Arc::make_mut(shared);
    match &mut record.selected {
        Some(selected) => selected.held_since = held_since,
        None if held_since.is_some() => record.selected.clone_from(&entry.selected),
        None => {}
    }
}

/// Whether each file of an entry is there, made of it and in the form asked for, of a version that will do.
pub fn has_all(entry: &Entry, published: &Published<'_>) -> bool {
    if let Body::Selection { known, .. } = entry.body {
        return known;
    }
    let found = published.last_good(entry);
    found.len() == entry.files.len()
        && found.iter().all(|(file, (_, found))| {
            found.record.content == file.content && may_be_of(&found.record, &entry.inputs)
        })
}

/// When the vault said last, by the records, that what is published of the entry is what it has; `None` when it never
/// did for some of it, or was asked for another version than now: what is pinned need not be the current one.
pub fn confirmed(entry: &Entry, published: &Published<'_>) -> Option<OffsetDateTime> {
    let records = entry
        .files
        .iter()
        .filter_map(|file| Some(&published.at(&file.path)?.record.inputs));
    let records = records.flat_map(|records| entry.inputs.iter().zip(records));
    let objects = records.filter(|(input, _)| matches!(input, Input::Object(_)));
    let confirmed = objects.map(|(input, record)| record.confirmed.filter(|_| record.input == *input));
    confirmed.min().flatten()
}

/// The version that is published of an entry that is of one object, if its files agree on it.
pub fn version(entry: &Entry, published: &Published<'_>) -> Option<VersionId> {
    let object = entry.id.object()?;
    let versions = entry.files.iter().map(|file| {
        let records = &published.at(&file.path)?.record.inputs;
        let mut own = records.iter().filter(|record| match &record.input {
            Input::Object(source) => source.object == *object,
            Input::File(_) => false,
        });
        own.next().map(|record| &record.version)
    });
    let mut versions = versions.collect::<Option<BTreeSet<_>>>()?;
    let version = versions.pop_first()?;
    versions.is_empty().then(|| version.clone())
}

/// An entry whose files are known to be of these versions; their records say what is asked for now.
pub(super) fn keep_as(
    entry: &Entry,
    found: &[Found<'_>],
    needed: &[Needed<'_>],
    given: &Given<'_>,
) -> (PlannedFiles, EntryPlan) {
    let told = validity_told(entry, given.answers);
    let kept = entry.files.iter().zip(found).map(|(file, (at, found))| {
        let record = FileRecord {
            content: file.content.clone(),
            inputs: needed
                .iter()
                .zip(&found.record.inputs)
                .map(|(needed, record)| input_record(needed, record, given))
                .collect(),
            validity: told.unwrap_or(found.record.validity),
            fetched: found.record.fetched,
            selected: entry.selected.clone(),
        };
        let kept = FilePlan {
            mode: file.mode,
            record: same_or_new(&found.record, record),
            ..unchanged(at, found, why_kept(file, at, found))
        };
        (file.path.clone(), kept)
    });
    let files: PlannedFiles = kept.collect();
    let moved = files
        .iter()
        .any(|(path, file)| matches!(&file.action, Action::Keep(at) if at != path));
    let confirmed = needed
        .iter()
        .any(|needed| given.answers.version(needed.input).is_some());
    let outcome = Outcome::Served {
        version: entry
            .source()
            .and(needed.first())
            .and_then(|needed| needed.version.cloned()),
        changed: moved,
        confirmed,
    };
    let record = files.first().map(|(_, file)| file.record.as_ref());
    let plan = EntryPlan {
        made: files
            .iter()
            .filter(|_| moved)
            .map(|(path, _)| path.clone())
            .collect(),
        ..EntryPlan::new(entry, outcome, record)
    };
    (files, plan)
}

/// The record of an input of a file that is kept.
fn input_record(needed: &Needed<'_>, recorded: &InputRecord, given: &Given<'_>) -> InputRecord {
    let mut record = recorded.clone();
    // Nothing was told: then a policy may stand at another version than when the record was made.
    if needed.version.is_some() {
        record.input = needed.input.clone();
    }
    if given.confirm && needed.told.is_some() && !is_recent(record.confirmed, given.now) {
        record.confirmed = Some(whole_seconds(given.now));
    }
    record
}

/// Half of the shortest interval: a younger confirmation is not renewed, so that syncs right after each other write nothing.
const RECENT: time::Duration = time::Duration::seconds(5);

fn is_recent(confirmed: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    confirmed.is_some_and(|at| (time::Duration::ZERO..RECENT).contains(&(now - at)))
}

fn why_kept(file: &FileSpec, at: &RelativePath, found: &ObservedFile) -> Why {
    if *at != file.path {
        Why::Moved { from: at.clone() }
    } else if file.mode != found.mode {
        Why::Mode {
            from: found.mode,
            to: file.mode,
        }
    } else if found.owner_matches {
        Why::Unchanged
    } else {
        Why::Owner
    }
}

/// Files that are made now, with the time at which their versions were fetched first.
pub(super) fn write(entry: &Entry, given: &Given<'_>) -> PlannedFiles {
    let validity = validity_told(entry, given.answers).unwrap_or_default();
    let write = entry.files.iter().map(|file| {
        // Most files have one, and a set has many files: the room for more would be most of the memory of a plan.
        let mut records: Vec<_> = entry
            .inputs
            .iter()
            .filter_map(|input| record_of(input, file, given))
            .collect();
        records.shrink_to_fit();
        let earlier = given.published.at(&file.path).map(|found| found.record.as_ref());
        let same = earlier.filter(|record| same_versions(&record.inputs, &records));
        let record = FileRecord {
            content: file.content.clone(),
            inputs: records,
            validity,
            fetched: same.map_or_else(|| whole_seconds(given.now), |same| same.fetched),
            selected: entry.selected.clone(),
        };
        let planned = FilePlan {
            entry: None,
            action: Action::Write,
            mode: file.mode,
            why: why_written(earlier, &record),
            record: Arc::new(record),
        };
        (file.path.clone(), planned)
    });
    write.collect()
}

fn why_written(earlier: Option<&FileRecord>, record: &FileRecord) -> Why {
    let Some(earlier) = earlier else {
        return Why::Missing;
    };
    let pairs = || earlier.inputs.iter().zip(&record.inputs);
    if !pairs()
        .next()
        .is_none_or(|(one, other)| same_thing(&one.input, &other.input))
    {
        return Why::OtherSource;
    }
    let other_version =
        pairs().find(|(one, other)| same_thing(&one.input, &other.input) && one.version != other.version);
    if let Some((from, to)) = other_version {
        return Why::Version {
            of: to.input.clone(),
            from: from.version.clone(),
            to: to.version.clone(),
        };
    }
    if earlier.content != record.content || earlier.inputs.len() != record.inputs.len() {
        return Why::Form;
    }
    if pairs().any(|(one, other)| !same_thing(&one.input, &other.input)) {
        return Why::Form;
    }
    Why::Attributes
}

/// An input as it was told when the file was made.
fn record_of(input: &Input, file: &FileSpec, given: &Given<'_>) -> Option<InputRecord> {
    let version = given.answers.version(input)?.ok()?;
    let object = told(input, given.answers);
    Some(InputRecord {
        input: input.clone(),
        version: version.clone(),
        digest: object.and_then(|object| AttributeDigest::of(&file.content, object)),
        confirmed: object.map(|_| whole_seconds(given.now)),
    })
}

/// The validity that was just told, of what has no certificate of its own to tell it.
fn validity_told(entry: &Entry, answers: &Answers) -> Option<Validity> {
    let attributes = |source: &Source| Some(Validity::of(answers.object(source)?.ok()?));
    match &entry.body {
        Body::Object(source, _) => {
            let has_certificate = entry
                .files
                .iter()
                .any(|file| matches!(file.content, Content::Certificate(_)));
            if has_certificate {
                return None;
            }
            attributes(source)
        }
        Body::Template(_, inputs) => {
            let all = inputs.iter().map(|(reference, source)| match reference.kind {
                ObjectKind::Certificate => None,
                ObjectKind::Secret | ObjectKind::Key => attributes(source),
            });
            let all = all.collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().fold(Validity::default(), Validity::and))
        }
        Body::Selection { .. } => None,
    }
}

/// Whether both are of the same versions, whatever the manifest called them.
fn same_versions(one: &[InputRecord], other: &[InputRecord]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| one.version == other.version && same_thing(&one.input, &other.input))
}

/// Whether both are the same object or file, in whatever version.
fn same_thing(one: &Input, other: &Input) -> bool {
    match (one, other) {
        (Input::Object(one), Input::Object(other)) => one.object == other.object,
        (one, other) => one == other,
    }
}

fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}
