//! `POST /sync`, and readiness in an outage.

use std::thread;

use fake_azure::{Effect, Fault, Service};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::Served;
use super::client::Reply;
use crate::support::eventually;

fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).expect("an answer in JSON")
}

#[test]
fn a_sync_answers_when_the_new_version_is_on_disk() {
    let served = Served::at_socket();
    let _running = served.ready();
    let version = served.world.fake.vault("app").set_secret("db", "two");
    let reply = served.at.ask("POST", "/sync");
    assert_eq!(served.world.text("db").as_deref(), Some("two"));
    assert_eq!(reply.status, 200);
    let outcome = json(&reply);
    assert_eq!(outcome["synced"], true);
    assert_eq!(outcome["volume"], Value::Null);
    assert_eq!(outcome["entries"][0]["version"], version);
    assert_eq!(outcome["entries"][0]["written"], true);
    let status = json(&served.at.ask("GET", "/status"));
    assert_eq!(status["entries"][0]["version"], version);
}

#[test]
fn two_syncs_at_once_share_one_outcome_and_the_next_is_told_to_wait() {
    let served = Served::at_socket();
    let _running = served.ready();
    served.world.fake.reset_calls();
    let delay = Effect::Delay { milliseconds: 500 };
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, delay).times(1));
    let asked: Vec<_> = (0..2)
        .map(|_| {
            let at = served.at.clone();
            thread::spawn(move || at.ask("POST", "/sync").status)
        })
        .collect();
    let answers: Vec<_> = asked
        .into_iter()
        .map(|asked| asked.join().expect("no panic"))
        .collect();
    assert_eq!(answers, [200, 200]);
    assert_eq!(served.world.fake.calls().of_object("db"), 1);
    let soon = served.at.ask("POST", "/sync");
    assert_eq!(soon.status, 429);
    assert!(soon.head.contains("\r\nretry-after: "), "{soon:?}");
}

#[test]
fn an_unknown_object_is_404_and_a_known_one_is_asked_alone() {
    let served = Served::at_socket();
    served.world.fake.vault("app").set_secret("other", "one");
    served.objects("secrets: [{ name: db }, { name: other }]");
    let _running = served.ready();
    served.world.fake.reset_calls();
    assert_eq!(served.at.ask("POST", "/sync?object=missing").status, 404);
    assert_eq!(served.at.ask("POST", "/sync?objects=db").status, 400);
    assert_eq!(served.at.ask("POST", "/sync?object=app/secrets/db").status, 200);
    let calls = served.world.fake.calls();
    assert_eq!((calls.of_object("db"), calls.of_object("other")), (1, 0));
}

#[test]
fn what_the_vault_refuses_is_502_with_the_reason_and_the_program_stays_ready() {
    let served = Served::at_socket();
    let _running = served.ready();
    served.world.fake.vault("app").delete_secret("db");
    let reply = served.at.ask("POST", "/sync");
    assert_eq!(reply.status, 502, "{reply:?}");
    let outcome = json(&reply);
    assert_eq!(outcome["entries"][0]["reason"], "notFound", "{outcome}");
    assert!(outcome["entries"][0]["hint"].is_string());
    assert_eq!(served.world.text("db").as_deref(), Some("one"), "last known good");
    assert_eq!(served.at.ask("GET", "/readyz").status, 200);
}

#[test]
fn while_the_gate_is_open_a_sync_is_503_at_once_and_the_program_stays_ready() {
    let served = Served::at_socket();
    served.world.fake.vault("app").set_secret("other", "one");
    served.objects("secrets: [{ name: db }, { name: other }]");
    let mut running = served.ready();
    let throttled = Effect::Throttled {
        retry_after_seconds: Some(60),
    };
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, throttled));
    running.sync();
    served.world.fake.reset_calls();
    let reply = served.at.ask("POST", "/sync");
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(
        reply.head.contains("\r\nretry-after: ") && reply.body.starts_with("nothing is asked now: "),
        "{reply:?}"
    );
    assert_eq!(served.world.fake.calls().total(), 0);
    for path in ["/readyz", "/startupz", "/livez"] {
        assert_eq!(served.at.ask("GET", path).status, 200, "{path}");
    }
}

#[test]
fn what_is_not_ready_says_how_much_is_missing_and_no_name() {
    let served = Served::at_socket();
    served.objects("secrets: [{ name: db }, { name: missing }]");
    let mut running = served.world.run();
    running.event("Object not fetched");
    let reply = served.at.ask("GET", "/readyz");
    assert_eq!(reply.status, 503);
    assert_eq!(reply.body, "not ready: 1 required entry is not as asked for\n");
    assert_eq!(served.at.ask("GET", "/livez").status, 200);
    served.world.fake.vault("app").set_secret("missing", "one");
    assert_eq!(served.at.ask("POST", "/sync").status, 200);
    assert_eq!(served.at.ask("GET", "/startupz").body, "ready\n");
}

#[test]
fn what_left_before_a_sync_was_asked_for_does_not_stand_in_for_it() {
    let served = Served::at_socket();
    let running = served.ready();
    served.world.fake.reset_calls();
    let delay = Effect::Delay { milliseconds: 1000 };
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, delay).times(1));
    running.signal(Signal::SIGHUP);
    eventually("the question has left", || {
        served.world.fake.calls().of_object("db") == 1
    });
    let version = served.world.fake.vault("app").set_secret("db", "two");
    let outcome = json(&served.at.ask("POST", "/sync"));
    assert_eq!(outcome["entries"][0]["version"], version);
    assert_eq!(served.world.fake.calls().of_object("db"), 2);
}
