//! Reasons in plain words.

use super::row::{Because, Reason};
use crate::domain::age;
use crate::domain::entry::EntryId;
use crate::domain::failure::Failure;
use crate::domain::object::VersionId;
use crate::domain::path::RelativePath;
use crate::domain::payload::Input;
use crate::domain::plan::{EntryPlan, HeldBack, Outcome, Why};
use crate::domain::status::Status;

/// So many characters tell versions from each other, for people.
const SHORT: usize = 8;

/// Of a file that is planned, or that goes.
pub(super) fn because(why: &Why, entry: Option<&EntryPlan>, status: &Status) -> Because {
    match why {
        Why::Missing => Because::new(Reason::Missing, "not on the volume, or changed there"),
        Why::OtherSource => Because::new(Reason::OtherSource, "what is there is of another object"),
        Why::Version { of, from, to } => version(of, from, to, entry),
        Why::Form => Because::new(Reason::NewForm, "the manifest asks for another form of it"),
        Why::Attributes => Because::new(Reason::NewAttributes, "tags or attributes changed"),
        Why::Unchanged => Because::new(Reason::Unchanged, "unchanged"),
        Why::Mode { from, to } => Because::new(Reason::Mode, format!("mode {from} → {to}"))
            .between(Some(from.to_string()), Some(to.to_string())),
        Why::Owner => Because::new(Reason::Owner, "owner or group"),
        Why::Moved { from } => moved_from(from),
        Why::GoneSince(since) => {
            let since = age::at(*since);
            let detail = format!(
                "not in the selection since {since}, with many others, by the vault; what is there stays"
            );
            Because::new(Reason::GoneFromVault, detail)
        }
        Why::NotAsked => not_asked(entry, status),
        Why::Waits => no_answer(),
        Why::Failed(failure) if entry.is_none() => Because::new(
            Reason::HeldBack,
            format!(
                "leaves with what it moves together with, and that cannot: {}",
                failure.reason
            ),
        ),
        Why::Failed(failure) => {
            let detail = format!("failed: {}; what is there stays", failure.reason);
            Because::new(Reason::Failed, detail)
        }
        Why::HeldBack(held_back) => of_held_back(held_back, entry),
        Why::LeavesManifest => Because::new(Reason::LeavesManifest, "leaves the manifest"),
        Why::LeavesVault => Because::new(Reason::LeavesVault, "no longer in the selection or history"),
    }
}

/// Of a file that should be there, of an entry that brings none.
pub(super) fn of_absent(entry: &EntryPlan, status: &Status) -> Option<Because> {
    if let Some(held_back) = &entry.held_back {
        return Some(of_held_back(held_back, Some(entry)));
    }
    match &entry.outcome {
        Outcome::Served { .. } => None,
        Outcome::Failed { failure, .. } => Some(failed(failure)),
        Outcome::Pending { waits: true, .. } => Some(no_answer()),
        Outcome::Pending { waits: false, .. } => Some(not_asked(Some(entry), status)),
    }
}

/// It fails, and nothing is there.
pub(super) fn failed(failure: &Failure) -> Because {
    Because::new(Reason::Failed, format!("failed: {}", failure.reason))
}

/// Its bytes come from another path.
pub(super) fn moved_from(from: &RelativePath) -> Because {
    Because::new(Reason::Moved, format!("moved from {from}")).between(Some(from.to_string()), None)
}

/// It has the bytes of another file, which stays.
pub(super) fn copied_from(from: &RelativePath) -> Because {
    Because::new(Reason::Moved, format!("copied from {from}")).between(Some(from.to_string()), None)
}

/// Its bytes go to another path.
pub(super) fn moved_to(to: &RelativePath) -> Because {
    Because::new(Reason::Moved, format!("moved to {to}")).between(None, Some(to.to_string()))
}

fn version(of: &Input, from: &VersionId, to: &VersionId, entry: Option<&EntryPlan>) -> Because {
    let object = match of {
        Input::Object(source) => &source.object,
        // Its version is a digest that means nothing to anybody.
        Input::File(path) => {
            let detail = format!("a new password in {}, or read anew", path.display());
            return Because::new(Reason::NewPassword, detail);
        }
    };
    let is_own =
        entry.is_some_and(|entry| matches!(&entry.id, EntryId::Object(own) if own.object == *object));
    let of = if is_own {
        String::new()
    } else {
        format!(" of {object}:")
    };
    let [shown_from, shown_to] = shortened(from, to);
    let detail = format!("new version{of} {shown_from} → {shown_to}");
    Because::new(Reason::NewVersion, detail).between(Some(from.to_string()), Some(to.to_string()))
}

/// As short as tells them from each other.
fn shortened(from: &VersionId, to: &VersionId) -> [String; 2] {
    let [from, to] = [from, to].map(VersionId::as_str);
    match [from, to].map(|version| version.get(..SHORT)) {
        [Some(short_from), Some(short_to)] if short_from != short_to => {
            [format!("{short_from}…"), format!("{short_to}…")]
        }
        _ => [from.to_owned(), to.to_owned()],
    }
}

fn of_held_back(held_back: &HeldBack, entry: Option<&EntryPlan>) -> Because {
    let HeldBack { group, member } = held_back;
    let why = match entry.map(|entry| &entry.outcome) {
        Some(Outcome::Failed { failure, .. }) => format!("failed: {}", failure.reason),
        Some(Outcome::Pending { waits: true, .. }) => "has no answer in time".to_owned(),
        _ => "was not asked for".to_owned(),
    };
    let detail = format!("held back with {group}, because {member} {why}");
    Because::new(Reason::HeldBack, detail)
}

fn no_answer() -> Because {
    Because::new(Reason::NoAnswer, "no answer in time")
}

/// A host that fails for one object is not asked for the others.
fn not_asked(entry: Option<&EntryPlan>, status: &Status) -> Because {
    let key = entry.map(|entry| &entry.key);
    let known = status.entries.iter().find(|known| Some(&known.key) == key);
    let stopped_by = known.and_then(|known| known.stopped_by.as_ref());
    let host = status
        .endpoints
        .iter()
        .find(|host| Some(&host.endpoint) == stopped_by);
    let detail = match (stopped_by, host.and_then(|host| host.open.as_ref())) {
        (Some(endpoint), Some(open)) => format!("not asked, since {endpoint} fails: {}", open.reason),
        (Some(endpoint), None) => format!("not asked, since {endpoint} wants to be left alone"),
        (None, _) => "not asked".to_owned(),
    };
    Because::new(Reason::NotAsked, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::desired::OnStart;
    use crate::domain::mode::FileMode;

    fn version(text: &str) -> VersionId {
        VersionId::parse(&format!("{text:0<32}")).expect("valid")
    }

    #[test]
    fn versions_are_as_short_as_tells_them_from_each_other() {
        let one = version("1a2b3c4d5");
        assert_eq!(shortened(&one, &version("3c")), ["1a2b3c4d…", "3c000000…"]);
        let other = version("1a2b3c4d6");
        assert_eq!(shortened(&one, &other), [one.to_string(), other.to_string()]);
    }

    #[test]
    fn the_digest_of_a_password_file_is_not_shown() {
        let status = Status::new(OnStart::Fresh);
        let why = Why::Version {
            of: Input::File("/run/password".into()),
            from: version("1a"),
            to: version("2b"),
        };
        let because = because(&why, None, &status);
        assert_eq!(because.reason, Reason::NewPassword);
        assert_eq!(because.detail, "a new password in /run/password, or read anew");
        assert_eq!((because.from, because.to), (None, None));
    }

    #[test]
    fn the_log_and_the_plan_call_a_reason_the_same() {
        let status = Status::new(OnStart::Fresh);
        let mode = FileMode::from_bits(0o440);
        let [one, other] = [version("1a"), version("2b")];
        let password = Input::File("/run/password".into());
        let source = crate::domain::status::test_passes::made("a").id;
        let EntryId::Object(source) = source else {
            unreachable!("it is of an object");
        };
        let of_version = |of| Why::Version {
            of,
            from: one.clone(),
            to: other.clone(),
        };
        let from = RelativePath::parse("a").expect("valid");
        for why in [
            Why::Missing,
            Why::OtherSource,
            of_version(Input::Object(source)),
            of_version(password),
            Why::Form,
            Why::Attributes,
            Why::Unchanged,
            Why::Mode { from: mode, to: mode },
            Why::Owner,
            Why::Moved { from },
            Why::GoneSince(time::OffsetDateTime::UNIX_EPOCH),
            Why::NotAsked,
            Why::Waits,
            Why::LeavesManifest,
            Why::LeavesVault,
        ] {
            let told = serde_json::to_value(because(&why, None, &status).reason).expect("a label");
            assert_eq!(told, why.as_str());
        }
    }

    #[test]
    fn what_changes_is_told_with_before_and_after() {
        let status = Status::new(OnStart::Fresh);
        let why = Why::Mode {
            from: FileMode::from_bits(0o400),
            to: FileMode::from_bits(0o440),
        };
        let mode = because(&why, None, &status);
        assert_eq!(mode.detail, "mode 0400 → 0440");
        assert_eq!(
            (mode.from.as_deref(), mode.to.as_deref()),
            (Some("0400"), Some("0440"))
        );
    }
}
