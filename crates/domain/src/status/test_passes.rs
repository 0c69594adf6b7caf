//! Passes for tests: what they did, without anybody having taken them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::Status;
use crate::desired::{Content, OnStart, SecretForm};
use crate::entry::{EntryId, EntryKey};
use crate::failure::{Failure, Reason};
use crate::mode::FileMode;
use crate::moment::{Moment, Now};
use crate::object::VersionId;
use crate::outcome::{Decided, PassOutcome};
use crate::path::RelativePath;
use crate::payload::{FileRecord, Publication, Validity};
use crate::plan::{Action, EntryPlan, FilePlan, Outcome, Plan, Why};
use crate::query::Query;
use crate::query::test_queries::secret;
use crate::schedule::Ended;
use crate::volume_failure::{VolumeFailure, VolumeFailureKind};

/// A version made of a number.
pub fn version(number: u32) -> VersionId {
    VersionId::parse(&format!("{number:032x}")).expect("32 digits")
}

/// The path of a file.
pub fn path(path: &str) -> RelativePath {
    RelativePath::parse(path).expect("valid")
}

/// So many seconds after the epoch.
pub fn second(second: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(second).expect("in range")
}

/// A required secret of the vault `app`, whose one file is of the same name.
pub fn entry(name: &str, outcome: Outcome) -> EntryPlan {
    let Query::Object(source) = secret(name) else {
        unreachable!("it asks for an object");
    };
    EntryPlan {
        key: EntryKey::Path(path(name)),
        id: EntryId::Object(source),
        required: true,
        interval: std::time::Duration::from_mins(2),
        files: vec![path(name)],
        outcome,
        validity: Validity::default(),
        since: None,
        made: Vec::new(),
        held_back: None,
        listed: true,
    }
}

/// Version 1 is there, and the vault said in this pass that it is the one asked for.
pub fn served(name: &str) -> EntryPlan {
    let outcome = Outcome::Served {
        version: Some(version(1)),
        changed: false,
        confirmed: true,
    };
    entry(name, outcome)
}

/// Version 1 was made in this pass.
pub fn made(name: &str) -> EntryPlan {
    let outcome = Outcome::Served {
        version: Some(version(1)),
        changed: true,
        confirmed: true,
    };
    EntryPlan {
        made: vec![path(name)],
        ..entry(name, outcome)
    }
}

/// Nothing was told of it, and nothing is under way.
pub fn pending(name: &str, complete: bool) -> EntryPlan {
    let waits = false;
    entry(name, Outcome::Pending { complete, waits })
}

/// A file that is written, for this reason.
pub fn planned(why: Why) -> FilePlan {
    FilePlan {
        entry: Some(0),
        action: Action::Write,
        mode: FileMode::from_bits(0o440),
        record: Arc::new(FileRecord {
            content: Content::Secret(SecretForm::default()),
            inputs: Vec::new(),
            validity: Validity::default(),
            fetched: second(0),
            selected: None,
        }),
        why,
    }
}

/// It failed in this pass, and its file is there.
pub fn failed(name: &str, reason: Reason) -> EntryPlan {
    let outcome = Outcome::Failed {
        failure: Failure::new(reason, "seen", "do"),
        kept: true,
        retry: Vec::new(),
        news: true,
    };
    entry(name, outcome)
}

/// It failed in an earlier pass, and was not asked for in this one.
pub fn still_failing(name: &str, reason: Reason) -> EntryPlan {
    let mut plan = failed(name, reason);
    if let Outcome::Failed { news, .. } = &mut plan.outcome {
        *news = false;
    }
    plan
}

fn questions(entry: &EntryId) -> Vec<Query> {
    match entry {
        EntryId::Object(source) => vec![Query::Object(source.clone())],
        EntryId::Template(_) | EntryId::Selection { .. } => Vec::new(),
    }
}

/// A pass that decided so, wrote what was made, and left nothing under way.
pub fn pass(entries: Vec<EntryPlan>) -> PassOutcome {
    let mut outcome = PassOutcome::begun(Moment::START, second(0));
    outcome.questions = entries
        .iter()
        .map(|entry| (entry.key.clone(), questions(&entry.id)))
        .collect();
    outcome.asked = 1;
    outcome.idle = true;
    outcome.decided = Some(Decided {
        publication: Publication {
            written: entries.iter().flat_map(|entry| entry.made.clone()).collect(),
            ..Publication::default()
        },
        plan: Plan {
            entries,
            files: BTreeMap::new(),
            removals: BTreeMap::new(),
            wanted: BTreeSet::new(),
            blocked: None,
        },
        notices: BTreeMap::new(),
        written_bytes: 0,
    });
    outcome
}

/// The same pass, so many seconds after the start.
pub fn at_second(outcome: PassOutcome, second: u64) -> PassOutcome {
    let at = Moment::after_start(Duration::from_secs(second));
    PassOutcome {
        began: at,
        ended: at,
        ..outcome
    }
}

/// What was decided in it.
pub fn decided(outcome: &mut PassOutcome) -> &mut Decided {
    outcome.decided.as_mut().expect("it decided")
}

/// The same pass, when the questions for these secrets could not leave because of their gate.
pub fn with_stopped(mut outcome: PassOutcome, names: &[&str]) -> PassOutcome {
    outcome.stopped = names.iter().map(|name| secret(name)).collect();
    outcome
}

/// A pass whose volume could not be observed.
pub fn blocked() -> PassOutcome {
    let mut outcome = PassOutcome::begun(Moment::START, second(0));
    outcome.volume_failure = Some(volume_failure());
    outcome.idle = true;
    outcome
}

/// A volume that is read-only.
pub fn volume_failure() -> VolumeFailure {
    VolumeFailure::new(
        VolumeFailureKind::ReadOnly,
        "open",
        "/mnt/akv",
        "mend it",
        "no writing here",
    )
}

/// The status of a process that has been ready since second 0.
pub fn ready() -> Status {
    let mut status = Status::new(OnStart::Fresh);
    let optional = EntryPlan {
        required: false,
        ..served("optional")
    };
    status.fold(pass(vec![optional]), 0.5);
    assert!(status.is_ready());
    status
}

/// Lets the secret be asked for, and fail, at this second.
pub fn ask(status: &mut Status, name: &str, failure: Option<&Failure>, second: u64) {
    let at = Moment::after_start(Duration::from_secs(second));
    let (query, ready) = (secret(name), status.is_ready());
    let unused = status.schedule.begin(&query, at);
    let ended = Ended {
        query: &query,
        asked_at: at,
        failure,
        unused,
        cut_off: false,
    };
    let jitter = 0.5;
    status.schedule.ended(ended, Now { at, ready, jitter });
}
