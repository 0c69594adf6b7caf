use std::collections::BTreeMap;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::header::RETRY_AFTER;
use serde_json::Value;

use super::*;
use crate::admin::board::Board;
use crate::domain::entry::{EntryId, EntryKey};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::object::VaultId;
use crate::domain::plan::EntryPlan;
use crate::domain::query::test_queries::secret;
use crate::domain::schedule::Endpoint;
use crate::domain::status::Status;
use crate::domain::status::test_passes::{
    ask, failed, pass, path, ready, served, volume_failure, with_stopped,
};
use crate::ports::Observer as _;
use crate::reconcile::trigger::{Answered, Triggers, channel};

const DONE: Answered = Answered { failing: 0 };

/// Syncs of a program with this status, and where they are asked for.
fn of(status: &Status) -> (Syncs, Triggers, Exposed) {
    let exposed = Arc::<Exposed>::default();
    let mut board = Board(Arc::clone(&exposed));
    board.tell(status, &[]);
    drop(board);
    let (waker, triggers) = channel();
    (
        Syncs::new(waker),
        triggers,
        Arc::into_inner(exposed).expect("one left"),
    )
}

fn healthy() -> Status {
    let mut status = ready();
    status.fold(pass(vec![served("a"), served("b")]), 0.5);
    status
}

/// Two objects were throttled, so that the gate of their vault is open.
fn throttled() -> Status {
    let mut status = ready();
    let intervals = ["a", "b"].map(|name| (secret(name), Duration::from_mins(2)));
    status
        .schedule
        .begin_pass(&BTreeMap::from(intervals), Moment::START, 0.5);
    let throttled = Failure::new(Reason::Throttled, "too many", "do").after(Some(Duration::from_mins(1)));
    ask(&mut status, "a", Some(&throttled), 0);
    let mut outcome = pass(vec![served("a"), served("b"), template("both")]);
    outcome
        .questions
        .insert(EntryKey::Path(path("both")), vec![secret("a"), secret("hidden")]);
    outcome.at = OffsetDateTime::now_utc();
    status.fold(with_stopped(outcome, &["a", "b"]), 0.5);
    status
}

fn template(name: &str) -> EntryPlan {
    EntryPlan {
        key: EntryKey::Path(path(name)),
        id: EntryId::Template(path(name)),
        ..served(name)
    }
}

/// Ends what is asked for; gives what that was.
async fn end(triggers: &mut Triggers) -> SyncScope {
    let trigger = triggers.recv().await.expect("a sync is asked for");
    trigger.reply.expect("somebody waits").send(DONE).expect("still");
    trigger.wanted
}

async fn body(answer: Answer) -> String {
    let bytes = answer
        .into_body()
        .collect()
        .await
        .expect("it cannot fail")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test(start_paused = true)]
async fn two_at_once_share_one_sync_and_its_outcome() {
    let (syncs, mut triggers, exposed) = of(&healthy());
    let (all, one, asked) = tokio::join!(
        syncs.answer(&exposed, None),
        syncs.answer(&exposed, Some("object=a")),
        end(&mut triggers),
    );
    assert_eq!(asked, SyncScope::All);
    assert!(triggers.try_recv().is_err(), "one sync");
    assert_eq!((all.status(), one.status()), (StatusCode::OK, StatusCode::OK));
    let one: Value = serde_json::from_str(&body(one).await).expect("JSON");
    assert_eq!(one["entries"].as_array().map(Vec::len), Some(1), "{one}");
    assert_eq!(one["synced"], true);
}

#[tokio::test(start_paused = true)]
async fn a_sync_ends_also_when_nobody_waits_for_it_any_more() {
    let (syncs, mut triggers, exposed) = of(&healthy());
    let gone = timeout(Duration::from_secs(1), syncs.answer(&exposed, None)).await;
    assert!(gone.is_err(), "who asked hangs up");
    end(&mut triggers).await;
    tokio::time::sleep(PAUSE).await;
    let (answer, _) = tokio::join!(syncs.answer(&exposed, None), end(&mut triggers));
    assert_eq!(answer.status(), StatusCode::OK, "another sync");
}

#[tokio::test(start_paused = true)]
async fn the_next_sync_has_to_wait_and_is_told_for_how_long() {
    let (syncs, mut triggers, exposed) = of(&healthy());
    tokio::join!(syncs.answer(&exposed, None), end(&mut triggers));
    let soon = syncs.answer(&exposed, None).await;
    assert_eq!(soon.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(soon.headers()[RETRY_AFTER], "5");
}

#[tokio::test(start_paused = true)]
async fn no_more_wait_than_there_are_connections_for() {
    let (syncs, _triggers, exposed) = of(&healthy());
    let places = syncs
        .places
        .try_acquire_many(u32::try_from(WAITING).expect("few"));
    let answer = syncs.answer(&exposed, None).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(places);
}

#[tokio::test(start_paused = true)]
async fn a_sync_without_an_end_is_told_as_such() {
    let (syncs, mut triggers, exposed) = of(&healthy());
    let (answer, trigger) = tokio::join!(syncs.answer(&exposed, None), triggers.recv());
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    drop(trigger);
}

#[tokio::test]
async fn an_object_is_called_by_its_name_or_with_vault_and_kind() {
    let status = healthy();
    for (query, found) in [
        ("object=a", true),
        ("object=A", true),
        ("object=app/secrets/a", true),
        ("object=app%2Fsecret%2Fa", true),
        ("object=a&object=b", true),
        ("object=a&object=a", true),
        ("object=a&object=missing", false),
        ("object=missing", false),
        ("object=app/keys/a", false),
        ("object=other/secrets/a", false),
        ("object=", false),
        ("object=a/b", false),
    ] {
        let refused = wanted(&status, Some(query)).err().map(Answer::from);
        let code = refused.map(|answer| answer.status());
        assert_eq!(code, (!found).then_some(StatusCode::NOT_FOUND), "{query}");
    }
    let refused = Answer::from(wanted(&status, Some("objects=a")).expect_err("no such parameter"));
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_object_that_only_a_template_is_made_of_can_be_asked_for() {
    let status = throttled();
    let hidden = wanted(&status, Some("object=hidden")).expect("known");
    let entries = status
        .entries
        .iter()
        .filter(|entry| wanted::is_wanted(entry, &hidden));
    assert_eq!(
        entries.map(|entry| entry.id.to_string()).collect::<Vec<_>>(),
        ["template both"]
    );
}

#[tokio::test]
async fn while_the_gate_of_all_that_is_wanted_is_open_it_is_refused_at_once_with_the_reason() {
    for query in [None, Some("object=a"), Some("object=hidden")] {
        let (syncs, mut triggers, exposed) = of(&throttled());
        let answer = syncs.answer(&exposed, query).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{query:?}");
        let wait: u64 = answer.headers()[RETRY_AFTER]
            .to_str()
            .expect("text")
            .parse()
            .expect("seconds");
        assert!((1..=180).contains(&wait), "{wait}");
        assert_eq!(body(answer).await, "nothing is asked now: too many\n");
        assert!(triggers.try_recv().is_err());
    }
}

#[tokio::test]
async fn what_its_gate_did_not_let_be_asked_is_not_synced() {
    let mut status = throttled();
    // Another vault answers, so that there is something to ask.
    let mut healthy = status.endpoints[0].clone();
    (healthy.endpoint, healthy.open, healthy.quiet_until) =
        (Endpoint::Vault(VaultId::named("other")), None, None);
    status.endpoints.push(healthy);
    assert!(closed(&status, &SyncScope::All).is_none());
    let answer = outcome(&status, &SyncScope::All, OffsetDateTime::now_utc());
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    let told: Value = serde_json::from_str(&body(answer).await).expect("JSON");
    assert_eq!(told["entries"][0]["asAsked"], false);
    assert_eq!(told["entries"][0]["reason"], "throttled");
    assert!(
        told["entries"][0]["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("is asked again at"))
    );
}

#[tokio::test]
async fn while_the_volume_fails_nothing_is_as_asked() {
    let mut status = healthy();
    let mut full = pass(vec![served("a"), served("b")]);
    full.volume_failure = Some(volume_failure());
    status.fold(full, 0.5);
    let answer = outcome(&status, &SyncScope::All, OffsetDateTime::now_utc());
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    let told: Value = serde_json::from_str(&body(answer).await).expect("JSON");
    assert_eq!(told["volume"]["cause"], "no writing here");
    for entry in told["entries"].as_array().expect("a list") {
        assert_eq!(
            (&entry["asAsked"], &entry["reason"]),
            (&Value::Bool(false), &Value::Null)
        );
    }
}

#[tokio::test]
async fn what_fails_is_told_with_its_reason_and_hint_and_never_more_than_was_wanted() {
    let mut status = ready();
    status.fold(pass(vec![served("a"), failed("b", Reason::Forbidden)]), 0.5);
    let b = wanted(&status, Some("object=b")).expect("known");
    let answer = outcome(&status, &b, OffsetDateTime::now_utc());
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(
        body(answer).await,
        "{\"synced\":false,\"volume\":null,\"entries\":[{\"id\":\"app/secrets/b\",\"required\":true,\"asAsked\":false,\
         \"written\":false,\"version\":null,\"reason\":\"forbidden\",\"error\":\"seen\",\"hint\":\"do\"}]}"
    );
    let a = wanted(&status, Some("object=a")).expect("known");
    assert_eq!(
        outcome(&status, &a, OffsetDateTime::now_utc()).status(),
        StatusCode::OK
    );
}
