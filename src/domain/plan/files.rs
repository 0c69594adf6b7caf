//! Payload files: kept ones, and made ones.

use time::OffsetDateTime;

use crate::domain::entry::{Body, Entry};
use crate::domain::facts::Facts;
use crate::domain::fetched::FetchedObject;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, FileRecord, Input, InputRecord, PayloadFile, Validity};
use crate::domain::published::{Found, Needed, Published, is_form_of, may_be_of, pinned};
use crate::domain::query::Known;
use crate::domain::secret::SecretBytes;
use crate::domain::spec::FileSpec;

/// Files of one entry, each at its path.
pub(super) type PlannedFiles = Vec<(RelativePath, PayloadFile)>;

/// The version of each input that will do: the one that was told, or is pinned; any where nothing was.
pub(super) fn needed<'k>(inputs: &[Input], known: &'k Known) -> Vec<Needed<'k>> {
    let version = |input: &Input| match known.version(input) {
        Some(Ok(version)) => Some(version.clone()),
        Some(Err(_)) | None => pinned(input).cloned(),
    };
    let needed = |input: &Input| Needed {
        input: input.clone(),
        version: version(input),
        told: told(input, known),
    };
    inputs.iter().map(needed).collect()
}

fn told<'k>(input: &Input, known: &'k Known) -> Option<&'k FetchedObject> {
    match input {
        Input::Object(source) => known.object(source)?.ok(),
        Input::File(_) => None,
    }
}

/// The files of an entry as they are, whatever they are: last known good.
///
/// After an edit of the manifest they may be another object's, or of another form. Those keep the mode that they were
/// published with: the one that is asked for now may be wider, and is not for these bytes.
pub(super) fn keep(entry: &Entry, published: &Published<'_>) -> PlannedFiles {
    let inputs = entry.inputs();
    let found = entry
        .files
        .iter()
        .filter_map(|file| Some((file, published.last_good(entry, file, &inputs)?)));
    found
        .map(|(file, (at, found))| {
            let ours = is_form_of(&found.record, &file.content, &inputs);
            let kept = PayloadFile {
                bytes: FileBytes::Published(at.clone()),
                mode: if ours { file.mode } else { found.mode },
                record: found.record.clone(),
            };
            (file.path.clone(), kept)
        })
        .collect()
}

/// Whether each file of an entry is there, made of it and in the form asked for, of a version that will do.
pub fn has_all(entry: &Entry, published: &Published<'_>) -> bool {
    if let Body::Selection { known } = entry.body {
        return known;
    }
    let inputs = entry.inputs();
    entry.files.iter().all(|file| {
        let found = published.last_good(entry, file, &inputs);
        found.is_some_and(|(_, found)| {
            found.record.content == file.content && may_be_of(&found.record, &inputs)
        })
    })
}

/// Files that are known to be of these versions; their records say what is asked for now.
pub(super) fn keep_as(
    entry: &Entry,
    found: &[Found<'_>],
    needed: &[Needed<'_>],
    validity: Option<Validity>,
) -> PlannedFiles {
    let kept = |(file, (at, found)): (&FileSpec, &Found<'_>)| {
        let inputs = needed.iter().zip(&found.record.inputs);
        let record = FileRecord {
            content: file.content.clone(),
            inputs: inputs
                .map(|(needed, recorded)| {
                    let mut record = recorded.clone();
                    // Nothing was told: then a policy may stand at another version than when the record was made.
                    if needed.version.is_some() {
                        record.input = needed.input.clone();
                    }
                    record
                })
                .collect(),
            validity: validity.unwrap_or(found.record.validity),
            fetched: found.record.fetched,
        };
        let kept = PayloadFile {
            bytes: FileBytes::Published((*at).clone()),
            mode: file.mode,
            record,
        };
        (file.path.clone(), kept)
    };
    entry.files.iter().zip(found).map(kept).collect()
}

/// Files that were just made, with the time at which their versions were fetched first.
pub(super) fn write(
    entry: &Entry,
    published: &Published<'_>,
    made: Vec<SecretBytes>,
    known: &Known,
    validity: Validity,
    now: OffsetDateTime,
) -> PlannedFiles {
    let inputs = entry.inputs();
    let write = |(file, bytes): (&FileSpec, SecretBytes)| {
        let records: Vec<_> = inputs
            .iter()
            .filter_map(|input| record_of(input, file, known))
            .collect();
        let earlier = published.at(&file.path).map(|found| &found.record);
        let same = earlier.filter(|record| same_versions(&record.inputs, &records));
        let record = FileRecord {
            content: file.content.clone(),
            inputs: records,
            validity,
            fetched: same.map_or_else(|| whole_seconds(now), |same| same.fetched),
        };
        let file_made = PayloadFile {
            bytes: FileBytes::Write(bytes),
            mode: file.mode,
            record,
        };
        (file.path.clone(), file_made)
    };
    entry.files.iter().zip(made).map(write).collect()
}

/// An input as it was told when the file was made.
fn record_of(input: &Input, file: &FileSpec, known: &Known) -> Option<InputRecord> {
    let version = known.version(input)?.ok()?;
    Some(InputRecord {
        input: input.clone(),
        version: version.clone(),
        facts: told(input, known).and_then(|object| Facts::of(&file.content, object)),
        confirmed: None,
    })
}

/// Whether both are of the same versions, whatever the manifest called them.
fn same_versions(one: &[InputRecord], other: &[InputRecord]) -> bool {
    let same = |(one, other): (&InputRecord, &InputRecord)| {
        one.version == other.version
            && match (&one.input, &other.input) {
                (Input::Object(one), Input::Object(other)) => one.object == other.object,
                (one, other) => one == other,
            }
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}
