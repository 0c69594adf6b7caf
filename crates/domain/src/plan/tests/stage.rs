//! A volume, entries and answers that a row sets up, and the plan in words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::answers::{Answer, Answers};
use crate::desired::{Content, FileSpec, SecretForm};
use crate::entry::{Body, Entry, EntryId, Group};
use crate::failure::{Failure, Reason};
use crate::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::mode::FileMode;
use crate::object::{GroupName, ObjectId, ObjectKind, ObjectName, Source, VaultId, VersionSelector};
use crate::payload::{FileRecord, Input, InputRecord, Observation, ObservedFile, RefusedName, Validity};
use crate::plan::{Action, Given, Plan, Tried, Why, decide};
use crate::published::Published;
use crate::query::Query;
use crate::secret::SecretBytes;
use crate::status::test_passes::{path, version};
use crate::timing::Timing;

/// What becomes of each path, in words.
pub(super) type Files = BTreeMap<String, String>;

/// Everything that a decision goes by.
#[derive(Default)]
pub(super) struct Stage {
    pub(super) entries: Vec<Entry>,
    pub(super) observed: Observation,
    pub(super) answers: Answers,
    pub(super) open: BTreeSet<Query>,
    pub(super) tried: Tried,
    pub(super) memory: Memory,
}

/// How questions failed when they were asked last. None is due.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<Query, Failure>);

impl Timing for Memory {
    fn is_due(&self, _: &Query) -> bool {
        false
    }

    fn may_ask(&self, query: &Query) -> bool {
        !self.0.contains_key(query)
    }

    fn failure(&self, query: &Query) -> Option<&Failure> {
        self.0.get(query)
    }
}

/// The current version of a secret of the vault `app`.
pub(super) fn latest(name: &str) -> Source {
    Source {
        object: ObjectId {
            vault: VaultId::named("app"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse(name).expect("valid"),
        },
        version: VersionSelector::Latest,
    }
}

/// One version of it.
pub(super) fn pinned(name: &str, number: u32) -> Source {
    Source {
        version: VersionSelector::Exact(version(number)),
        ..latest(name)
    }
}

/// An entry of one file.
pub(super) fn entry(source: Source, at: &str) -> Entry {
    let file = FileSpec {
        path: path(at),
        content: Content::Secret(SecretForm::default()),
        mode: FileMode::from_bits(0o440),
    };
    let id = EntryId::Object(source.clone());
    let body = Body::Object(source, Vec::new());
    Entry {
        id,
        required: true,
        group: None,
        inputs: body.inputs(),
        body,
        files: vec![file],
        interval: Duration::from_mins(2),
        obstacle: None,
        unresolved: false,
        depends_on: Vec::new(),
        selected: None,
        removals: Vec::new(),
    }
}

/// The same, in the group of all tests.
pub(super) fn grouped(source: Source, at: &str) -> Entry {
    Entry {
        group: GroupName::parse("pair").ok().map(Group::Named),
        ..entry(source, at)
    }
}

fn failure() -> Failure {
    Failure::new(Reason::Forbidden, "seen", "do")
}

impl Stage {
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A file is published, of a version of a secret.
    pub(super) fn published(mut self, at: &str, source: Source, number: u32) -> Self {
        let file = entry(source.clone(), at).files.remove(0);
        let input = InputRecord {
            input: Input::Object(source),
            version: version(number),
            digest: None,
            confirmed: None,
        };
        let record = FileRecord {
            content: file.content,
            inputs: vec![input],
            validity: Validity::default(),
            fetched: OffsetDateTime::UNIX_EPOCH,
            selected: None,
        };
        let found = ObservedFile {
            record: record.into(),
            mode: file.mode,
            owner_matches: true,
        };
        self.observed.files.insert(file.path, found);
        self
    }

    /// The vault answers with a version.
    pub(super) fn told(self, source: &Source, number: u32) -> Self {
        self.told_with(source, number, Attributes::default())
    }

    pub(super) fn told_with(mut self, source: &Source, number: u32, attributes: Attributes) -> Self {
        let object = FetchedObject {
            object: source.object.clone(),
            version: version(number),
            id: String::new(),
            attributes,
            content: FetchedContent::Secret(SecretContent {
                value: SecretBytes::from(number.to_string()),
                content_type: None,
                backs_certificate: false,
            }),
        };
        let answer = Answer::Object(Arc::new(object));
        self.answers.learn(Query::Object(source.clone()), Ok(answer));
        self
    }

    /// The vault refuses it.
    pub(super) fn fails(mut self, source: &Source) -> Self {
        self.answers.learn(Query::Object(source.clone()), Err(failure()));
        self
    }

    /// The vault refused it when it was asked last.
    pub(super) fn failed(mut self, source: &Source) -> Self {
        self.memory.0.insert(Query::Object(source.clone()), failure());
        self
    }

    /// It is asked for, and not answered yet.
    pub(super) fn asked(mut self, source: &Source) -> Self {
        self.open.insert(Query::Object(source.clone()));
        self
    }

    /// Something foreign stands at a name.
    pub(super) fn refused(mut self, name: &str) -> Self {
        let refused = RefusedName {
            name: name.to_owned(),
            found: "a directory".to_owned(),
        };
        self.tried.refused.push(refused);
        self
    }

    pub(super) fn plan(&self) -> Plan {
        let published = Published::new(&self.observed).wanted_by(&self.entries);
        let given = Given {
            published: &published,
            records_lost: self.observed.records_lost,
            answers: &self.answers,
            timing: &self.memory,
            open: &self.open,
            tried: &self.tried,
            now: OffsetDateTime::UNIX_EPOCH,
            confirm: false,
        };
        decide(&self.entries, &given)
    }

    pub(super) fn files(&self) -> Files {
        in_words(&self.plan())
    }
}

/// The rows that a test expects.
pub(super) fn rows<const N: usize>(rows: [(&str, &str); N]) -> Files {
    rows.map(|(path, row)| (path.to_owned(), row.to_owned())).into()
}

/// "keep was: moved", "write: version", "remove: leaves the manifest".
pub(super) fn in_words(plan: &Plan) -> Files {
    let stay = plan.files.iter().map(|(path, file)| {
        let action = match &file.action {
            Action::Write => "write".to_owned(),
            Action::Keep(at) => format!("keep {at}"),
        };
        (path.to_string(), format!("{action}: {}", word(&file.why)))
    });
    let go = plan.removals.iter();
    let go = go.map(|(path, why)| (path.to_string(), format!("remove: {}", word(why))));
    stay.chain(go).collect()
}

const fn word(why: &Why) -> &'static str {
    match why {
        Why::Missing => "missing",
        Why::OtherSource => "other source",
        Why::Version { .. } => "version",
        Why::Form => "form",
        Why::Attributes => "attributes",
        Why::Unchanged => "unchanged",
        Why::Mode { .. } => "mode",
        Why::Owner => "owner",
        Why::Moved { .. } => "moved",
        Why::GoneSince(_) => "gone",
        Why::NotAsked => "not asked",
        Why::Waits => "waits",
        Why::Failed(_) => "failed",
        Why::HeldBack(_) => "held back",
        Why::LeavesManifest => "leaves the manifest",
        Why::LeavesVault => "leaves the vault",
    }
}
