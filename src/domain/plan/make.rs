//! One entry: made of what was told, or kept.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::files::{PlannedFiles, has_all, keep, keep_as, needed, write};
use super::{Outcome, PlannedEntry};
use crate::domain::desired::{Content, FileSpec, PasswordSource, Reference, Template};
use crate::domain::entry::{Body, Entry};
use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{FetchedContent, FetchedObject};
use crate::domain::notice::Notice;
use crate::domain::object::{ObjectKind, Source};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Input, Validity};
use crate::domain::published::{Found, Needed, Published};
use crate::domain::query::{Known, Query};
use crate::domain::secret::SecretBytes;
use crate::render::{self, Passwords, template};

type Planned = (PlannedFiles, PlannedEntry);

/// Plans one entry.
pub(super) fn entry(entry: &Entry, published: &Published<'_>, known: &Known, now: OffsetDateTime) -> Planned {
    let inputs = entry.inputs();
    if let Some((failure, again)) = blocking(entry, &inputs, known) {
        return failed(entry, published, failure, again);
    }
    if entry.undecided {
        // Its inputs stand in for those that a list will tell; nothing is made of them.
        let complete = has_all(entry, published);
        return kept(entry, published, Outcome::Unasked { complete });
    }
    let is_told = |input: &Input| known.version(input).is_some();
    if let Body::Selection { known: complete } = entry.body {
        return selection(entry, complete, known);
    }
    let needed = needed(&inputs, known);
    let found: Option<Vec<Found<'_>>> = entry
        .files
        .iter()
        .map(|file| published.made_of(file, &needed))
        .collect();
    if let Some(found) = found {
        return unchanged(entry, &found, &needed, known);
    }
    if !inputs.iter().all(is_told) {
        let outcome = Outcome::Unasked {
            complete: has_all(entry, published),
        };
        return kept(entry, published, outcome);
    }
    match make(entry, known) {
        Ok(made) => {
            let version = entry.source().and(inputs.first());
            let version = version.and_then(|input| known.version(input)?.ok().cloned());
            let outcome = Outcome::Fetched {
                version,
                changed: true,
            };
            let files = write(entry, published, made.files, known, made.validity, now);
            let planned = PlannedEntry {
                notices: made.notices,
                made: paths(entry),
                ..planned(entry, outcome, made.validity)
            };
            (files, planned)
        }
        Err(failure) => failed(
            entry,
            published,
            failure,
            inputs.iter().map(Query::from).collect(),
        ),
    }
}

/// Why the entry cannot be made, if something that was told says so, and all questions whose answers did.
fn blocking(entry: &Entry, inputs: &[Input], known: &Known) -> Option<(Failure, Vec<Query>)> {
    if let Some((failure, query)) = &entry.blocked {
        return Some((failure.clone(), vec![query.clone()]));
    }
    let failed = |input: &&Input| matches!(known.version(input), Some(Err(_)));
    let failed: Vec<&Input> = inputs.iter().filter(failed).collect();
    let first = failed.first()?;
    let failure = known.version(first)?.err()?;
    let again = failed.iter().map(|input| Query::from(*input));
    Some((of_input(entry, first, failure), again.collect()))
}

/// The failure of an input, which says what it is for when it is not the entry's own object.
fn of_input(entry: &Entry, input: &Input, failure: &Failure) -> Failure {
    if entry
        .source()
        .is_some_and(|own| *input == Input::Object(own.clone()))
    {
        return failure.clone();
    }
    let detail = format!("{} needs it: {}", entry.id, failure.detail);
    failure.clone().told_as(detail)
}

/// The entry failed by itself: what decides what it is made of is asked again with the questions at fault.
fn failed(entry: &Entry, published: &Published<'_>, failure: Failure, mut again: Vec<Query>) -> Planned {
    again.extend(entry.decided_by.iter().cloned());
    stopped(entry, published, failure, again)
}

/// The entry stays as it is.
pub(super) fn stopped(
    entry: &Entry,
    published: &Published<'_>,
    failure: Failure,
    again: Vec<Query>,
) -> Planned {
    let outcome = Outcome::Failed {
        failure,
        kept: has_all(entry, published),
        again,
    };
    kept(entry, published, outcome)
}

fn kept(entry: &Entry, published: &Published<'_>, outcome: Outcome) -> Planned {
    let files = keep(entry, published);
    let validity = files.first().map(|(_, file)| file.record.validity);
    (files, planned(entry, outcome, validity.unwrap_or_default()))
}

/// Every file is published, of the versions that were told.
fn unchanged(entry: &Entry, found: &[Found<'_>], needed: &[Needed<'_>], known: &Known) -> Planned {
    let moved = entry
        .files
        .iter()
        .zip(found)
        .any(|(file, (at, _))| file.path != **at);
    let validity = attributes_of(entry, known);
    let files = keep_as(entry, found, needed, validity);
    let asked = needed.iter().any(|needed| known.version(&needed.input).is_some());
    let outcome = if asked || moved {
        Outcome::Fetched {
            version: entry
                .source()
                .and(needed.first())
                .and_then(|needed| needed.version.clone()),
            changed: moved,
        }
    } else {
        Outcome::Unasked { complete: true }
    };
    let validity = files.first().map(|(_, file)| file.record.validity);
    let planned = PlannedEntry {
        made: if moved { paths(entry) } else { Vec::new() },
        ..planned(entry, outcome, validity.unwrap_or_default())
    };
    (files, planned)
}

fn paths(entry: &Entry) -> Vec<RelativePath> {
    entry.files.iter().map(|file| file.path.clone()).collect()
}

/// The validity that was just told, of what has no certificate of its own to tell it.
fn attributes_of(entry: &Entry, known: &Known) -> Option<Validity> {
    let attributes = |source: &Source| Some(Validity::of(known.object(source)?.ok()?));
    match &entry.body {
        Body::Object(source, _) => {
            let is_certificate = |file: &FileSpec| matches!(file.content, Content::Certificate(_));
            let any = entry.files.iter().any(is_certificate);
            if any { None } else { attributes(source) }
        }
        Body::Template(_, inputs) => {
            let of = |(reference, source): &(Reference, Source)| match reference.kind {
                ObjectKind::Certificate => None,
                ObjectKind::Secret | ObjectKind::Key => attributes(source),
            };
            let all = inputs.iter().map(of).collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().fold(Validity::default(), Validity::and))
        }
        Body::Selection { .. } => None,
    }
}

/// A selection as a whole has no files: it is served when its list was told.
fn selection(entry: &Entry, complete: bool, known: &Known) -> Planned {
    let vault = entry.id.vault();
    let told = vault.and_then(|vault| known.secrets(vault)).is_some();
    let outcome = if told {
        Outcome::Fetched {
            version: None,
            changed: false,
        }
    } else {
        Outcome::Unasked { complete }
    };
    (Vec::new(), planned(entry, outcome, Validity::default()))
}

pub(super) fn planned(entry: &Entry, outcome: Outcome, validity: Validity) -> PlannedEntry {
    PlannedEntry {
        key: entry.key(),
        id: entry.id.clone(),
        required: entry.required,
        outcome,
        notices: Vec::new(),
        validity,
        made: Vec::new(),
    }
}

/// The bytes of all files of an entry.
struct Made {
    files: Vec<SecretBytes>,
    notices: Vec<Notice>,
    validity: Validity,
}

fn make(entry: &Entry, known: &Known) -> Result<Made, Failure> {
    match &entry.body {
        Body::Object(source, passwords) => {
            let object = told(source, known)?;
            let passwords = passwords_of(passwords, known)?;
            let rendered = render::render_object(&entry.files, object, &passwords)?;
            Ok(Made {
                files: rendered.files.into_iter().map(|(_, bytes)| bytes).collect(),
                notices: rendered.notices,
                validity: rendered.validity,
            })
        }
        Body::Template(template, inputs) => filled(entry, template, inputs, known),
        Body::Selection { .. } => Ok(Made {
            files: Vec::new(),
            notices: Vec::new(),
            validity: Validity::default(),
        }),
    }
}

fn filled(
    entry: &Entry,
    template: &Template,
    inputs: &[(Reference, Source)],
    known: &Known,
) -> Result<Made, Failure> {
    let mut objects = BTreeMap::new();
    for (reference, source) in inputs {
        objects.insert(reference.clone(), told(source, known)?);
    }
        let detail = format!("{} cannot be rendered: {fault}", entry.id);
        Failure::from(fault).told_as(detail)
        reason: Reason::Unrenderable,
        detail: format!("{} cannot be rendered: {fault}", entry.id),
        hint: fault.hint().to_owned(),
        retry_after: None,
    let filled = template.render(&objects).map_err(|fault| {
    let filled = template::fill(template, &objects).map_err(|fault| Failure {
    })?;
    // A certificate says when it is valid itself.
    let others = objects
        .into_values()
        .filter(|object| object.object.kind != ObjectKind::Certificate);
    let validity = others.map(Validity::of).fold(filled.validity, Validity::and);
    Ok(Made {
        files: vec![filled.bytes],
        notices: filled.notices,
        validity,
    })
}

/// What was told of a source that the caller knows to have been told.
fn told<'k>(source: &Source, known: &'k Known) -> Result<&'k FetchedObject, Failure> {
    let missing = || {
        let detail = format!("{source} was not fetched");
        Failure::new(Reason::Unavailable, detail, "it is fetched with the next pass")
    };
    known.object(source).ok_or_else(missing)?.map_err(Clone::clone)
}

fn passwords_of(passwords: &[(PasswordSource, Input)], known: &Known) -> Result<Passwords, Failure> {
    let mut found = Passwords::new();
    for (password, input) in passwords {
        let value = match input {
            Input::File(path) => known
                .file(path)
                .and_then(Result::ok)
                .map(|file| file.password.clone()),
            Input::Object(source) => match &told(source, known)?.content {
                FetchedContent::Secret(secret) => Some(secret.value.clone()),
                FetchedContent::Key(_) => None,
            },
        };
        if let Some(value) = value {
            found.insert(password.clone(), value);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
