//! What a pass holds of a value, and what it hands on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use akv_sync::domain::answers::{Answer, Answers};
use akv_sync::domain::desired::{
    Alias, CertificateContent, Content, OnStart, PasswordSource, Reference, SecretForm, SyncSpec,
    TemplateSpec, VersionPolicy, Wanted,
};
use akv_sync::domain::expand::{Facts, expand};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::moment::Moment;
use akv_sync::domain::object::ObjectKind;
use akv_sync::domain::outcome::{Decided, PassOutcome};
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::payload::{Observation, Publication};
use akv_sync::domain::plan::{self, Given, Tried};
use akv_sync::domain::published::Published;
use akv_sync::domain::query::Query;
use akv_sync::domain::schedule::Schedule;
use akv_sync::domain::status::Status;
use akv_sync::ports::Clock;
use akv_sync::render::entry::Job;
use akv_sync::render::template;

use super::{Fixed, debug, fetched, source, spec};

/// What a pass over these answers holds and hands on: to the renderer, to the status, and to who observes that.
pub(super) fn passed(spec: &SyncSpec, answers: &Answers) -> Vec<(String, String)> {
    let observed = Observation::default();
    let published = Published::new(&observed);
    let lists = answers.lists();
    let schedule = Schedule::default();
    let timing = schedule.at(Moment::START);
    let facts = Facts {
        answers,
        lists: &lists,
        timing: &timing,
        published: &published,
        now: Fixed.now(),
    };
    let expansion = expand(spec, facts);
    let entry = &expansion.entries[0];
    let job = Job::new(entry, answers).expect("everything was told");
    let mut shown = vec![
        debug("Answers", answers),
        debug("Lists", &lists),
        debug("Expansion", &expansion),
        debug("Job", &job),
        debug("Origin", &job.origin()),
    ];
    let mut tried = Tried::default();
    match job.run() {
        Ok(made) => shown.push(debug("Made", &made)),
        Err(failure) => {
            tried.unrenderable.insert(entry.key(), failure);
            shown.push(debug("Tried", &tried));
        }
    }
    let given = Given {
        published: &published,
        records_lost: false,
        answers,
        timing: &timing,
        open: &BTreeSet::new(),
        tried: &tried,
        now: Fixed.now(),
        confirm: true,
    };
    let plan = plan::decide(&expansion.entries, &given);
    shown.push(debug("Plan", &plan));
    let mut outcome = PassOutcome::begun(Moment::START, Fixed.now());
    outcome.lists = lists;
    outcome.idle = true;
    outcome.decided = Some(Decided {
        publication: Publication {
            written: plan.files.keys().cloned().collect(),
            ..Publication::default()
        },
        plan,
        notices: BTreeMap::new(),
        written_bytes: 0,
    });
    shown.push(debug("PassOutcome", &outcome));
    let mut status = Status::new(OnStart::Fresh);
    let events = status.fold(outcome, 0.5);
    assert!(!events.is_empty(), "something is told");
    shown.push(debug("Event", &events));
    shown.push(debug("Status", &status));
    let json = serde_json::to_string_pretty(&status).expect("a form as JSON");
    assert!(json.contains(&entry.id.to_string()), "{json}");
    shown.push(("Status as JSON".to_owned(), json));
    shown
}

/// The answer with this value.
pub(super) fn told(value: &[u8]) -> Answers {
    let mut answers = Answers::default();
    let object = fetched(value, None);
    answers.learn(Query::Object(source()), Ok(Answer::Object(object.into())));
    answers
}

/// A key store of the object, with a password of a file.
pub(super) fn key_store() -> SyncSpec {
    spec(Content::Certificate(CertificateContent::Pkcs12 {
        password: Some(PasswordSource::File("/run/password".into())),
        alias: Alias::parse("db").expect("an alias"),
        legacy: false,
        root: false,
    }))
}

/// A file that holds the object's value among other things, with a filter.
pub(super) fn template(filter: &str) -> SyncSpec {
    let wanted = Wanted {
        object: source().object,
        version: VersionPolicy::Latest,
    };
    let reference = Reference {
        kind: ObjectKind::Secret,
        vault: None,
        name: source().object.name,
    };
    let text = format!(r#"password = {{{{ (secret("db-password") {filter}) }}}}"#);
    let template = TemplateSpec {
        path: RelativePath::parse("app.conf").expect("a path"),
        template: Arc::new(template::text(&text).expect("a template")),
        inputs: vec![(reference, wanted)],
        mode: FileMode::from_bits(0o440),
        required: true,
        group: None,
        interval: std::time::Duration::from_mins(2),
    };
    SyncSpec {
        objects: Vec::new(),
        templates: vec![template],
        ..spec(Content::Secret(SecretForm::default()))
    }
}
