//! What to fetch, and what to publish given what was fetched: pure functions of the desired and the observed state.
//!
//! The rule of a failure: the object keeps the files that it has. The rule of a success: all files of the object come
//! from the version that was fetched.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::failure::Failure;
use super::fetched::FetchedObject;
use super::object::{Source, VersionId, VersionSelector};
use super::path::RelativePath;
use super::payload::{FileBytes, FileRecord, Observation, ObservedFile, Payload, PayloadFile};
use super::render::{self, Notice};
use super::spec::{FileSpec, ObjectSpec, SyncSpec};

/// What a vault answered to each source that was asked for.
pub type Answers = BTreeMap<Source, Result<FetchedObject, Failure>>;

/// The sources that this pass must fetch, each once.
///
/// A source is left out when it is not `due`, or when it names an exact version whose files are all published: that
/// version is immutable.
pub fn sources_to_fetch(
    spec: &SyncSpec,
    observed: &Observation,
    due: impl Fn(&Source) -> bool,
) -> BTreeSet<Source> {
    let wanted = spec.objects.iter().filter(|object| match &object.source.version {
        VersionSelector::Latest => true,
        VersionSelector::Exact(version) => !serves(object, version, observed),
    });
    wanted
        .map(|object| &object.source)
        .filter(|source| due(source))
        .cloned()
        .collect()
}

/// Whether every file of the object is published from `version`, in the form that the manifest asks for.
fn serves(object: &ObjectSpec, version: &VersionId, observed: &Observation) -> bool {
    object.files.iter().all(|file| {
        observed
            .files
            .get(&file.path)
            .is_some_and(|found| found.record.version == *version && is_made_of(object, file, &found.record))
    })
}

/// What shall be published, and what became of each object.
#[derive(Debug)]
pub struct Plan {
    /// The whole desired set.
    pub payload: Payload,
    /// One for each object of the specification, in its order.
    pub objects: Vec<PlannedObject>,
}

/// What became of one object in a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedObject {
    /// What was asked for.
    pub source: Source,
    /// Whether start-up waits for it.
    pub required: bool,
    /// What the volume will serve.
    pub outcome: Outcome,
    /// Remarks of the renderer.
    pub notices: Vec<Notice>,
}

/// What the volume will serve for one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The version that was just fetched.
    Fetched {
        /// It.
        version: VersionId,
        /// Whether the published files were of another version or form, or were missing.
        changed: bool,
        /// When the version expires, if Key Vault says so.
        expires: Option<OffsetDateTime>,
    },
    /// What is published already; it was not asked for in this pass.
    Unasked {
        /// Whether every file is there in the wanted form.
        complete: bool,
    },
    /// It could not be fetched or rendered.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether every file of it is still there from an earlier pass, of the version that is pinned, if one is.
        kept: bool,
    },
}

/// Makes the plan: renders what was fetched, keeps what was not.
pub fn plan(spec: &SyncSpec, observed: &Observation, answers: &Answers, now: OffsetDateTime) -> Plan {
    let mut payload = Payload::default();
    let mut objects = Vec::with_capacity(spec.objects.len());
    for object in &spec.objects {
        let (files, planned) = plan_object(object, observed, answers.get(&object.source), now);
        payload.files.extend(files);
        objects.push(planned);
    }
    Plan { payload, objects }
}

type PlannedFiles = Vec<(RelativePath, PayloadFile)>;

fn plan_object(
    object: &ObjectSpec,
    observed: &Observation,
    answer: Option<&Result<FetchedObject, Failure>>,
    now: OffsetDateTime,
) -> (PlannedFiles, PlannedObject) {
    let planned = |outcome, notices| PlannedObject {
        source: object.source.clone(),
        required: object.required,
        outcome,
        notices,
    };
    let kept = keep(object, observed);
    let all_kept = has_all(object, observed);
    match answer {
        None => match &object.source.version {
            // Perhaps published before it was pinned: the record then says so from now on.
            VersionSelector::Exact(version) if serves(object, version, observed) => (
                keep_as(object, observed, version),
                planned(Outcome::Unasked { complete: true }, Vec::new()),
            ),
            _ => (kept, planned(unasked(object, observed), Vec::new())),
        },
        Some(Err(failure)) => {
            let outcome = Outcome::Failed {
                failure: failure.clone(),
                kept: all_kept,
            };
            (kept, planned(outcome, Vec::new()))
        }
        Some(Ok(fetched)) => {
            let expires = fetched.attributes.expires;
            let version = fetched.version.clone();
            if serves(object, &version, observed) {
                let outcome = Outcome::Fetched {
                    version,
                    changed: false,
                    expires,
                };
                return (
                    keep_as(object, observed, &fetched.version),
                    planned(outcome, Vec::new()),
                );
            }
            match render::render(object, fetched) {
                Ok(rendered) => {
                    let outcome = Outcome::Fetched {
                        version,
                        changed: true,
                        expires,
                    };
                    let files = write(object, observed, fetched, rendered.files, now);
                    (files, planned(outcome, rendered.notices))
                }
                Err(error) => {
                    let failure = Failure::from(error);
                    (
                        kept,
                        planned(
                            Outcome::Failed {
                                failure,
                                kept: all_kept,
                            },
                            Vec::new(),
                        ),
                    )
                }
            }
        }
    }
}

fn unasked(object: &ObjectSpec, observed: &Observation) -> Outcome {
    let complete = object.files.iter().all(|file| {
        observed
            .files
            .get(&file.path)
            .is_some_and(|found| found.record.source == object.source && found.record.content == file.content)
    });
    Outcome::Unasked { complete }
}

/// Whether each of the object's files was made of it and in the form asked for, of a version that will do.
fn has_all(object: &ObjectSpec, observed: &Observation) -> bool {
    match &object.source.version {
        VersionSelector::Exact(version) => serves(object, version, observed),
        VersionSelector::Latest => object.files.iter().all(|file| {
            let found = observed.files.get(&file.path);
            found.is_some_and(|found| is_made_of(object, file, &found.record))
        }),
    }
}

fn is_made_of(object: &ObjectSpec, file: &FileSpec, record: &FileRecord) -> bool {
    record.source.object == object.source.object && record.content == file.content
}

/// The files at the object's paths, in whatever version: last known good.
///
/// After an edit of the manifest they may be another object's, or of another form. Those keep the mode that they were
/// published with: the one that is asked for now may be wider, and is not for these bytes.
fn keep(object: &ObjectSpec, observed: &Observation) -> PlannedFiles {
    let found = object
        .files
        .iter()
        .filter_map(|file| Some((file, observed.files.get(&file.path)?)));
    found
        .map(|(file, found)| {
            let (path, mut kept) = kept_file(file, found.record.clone());
            if !is_made_of(object, file, &found.record) {
                kept.mode = found.mode;
            }
            (path, kept)
        })
        .collect()
}

/// The same, when they are known to be of `version`: the record then says what is asked for now.
fn keep_as(object: &ObjectSpec, observed: &Observation, version: &VersionId) -> PlannedFiles {
    let found = object
        .files
        .iter()
        .filter_map(|file| Some((file, observed.files.get(&file.path)?)));
    let record = |file: &FileSpec, found: &ObservedFile| FileRecord {
        source: object.source.clone(),
        version: version.clone(),
        content: file.content.clone(),
        fetched: found.record.fetched,
    };
    found
        .map(|(file, found)| kept_file(file, record(file, found)))
        .collect()
}

fn kept_file(file: &FileSpec, record: FileRecord) -> (RelativePath, PayloadFile) {
    (
        file.path.clone(),
        PayloadFile {
            bytes: FileBytes::Keep,
            mode: file.mode,
            record,
        },
    )
}

/// Rendered files, with the time at which their version was fetched first.
fn write(
    object: &ObjectSpec,
    observed: &Observation,
    fetched: &FetchedObject,
    rendered: Vec<(RelativePath, super::secret::SecretBytes)>,
    now: OffsetDateTime,
) -> PlannedFiles {
    let files = object.files.iter().zip(rendered);
    files
        .map(|(file, (path, bytes))| {
            let earlier = observed.files.get(&path).map(|found| &found.record);
            let same = earlier.filter(|record| {
                record.source.object == object.source.object && record.version == fetched.version
            });
            let record = FileRecord {
                source: object.source.clone(),
                version: fetched.version.clone(),
                content: file.content.clone(),
                fetched: same.map_or_else(|| whole_seconds(now), |record| record.fetched),
            };
            (
                path,
                PayloadFile {
                    bytes: FileBytes::Write(bytes),
                    mode: file.mode,
                    record,
                },
            )
        })
        .collect()
}

fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}
