use serde_json::json;

use super::*;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_000_000).expect("in range")
}

/// So many seconds after now.
fn at(seconds: i64) -> String {
    let time = now() + time::Duration::seconds(seconds);
    time.format(&time::format_description::well_known::Rfc3339)
        .expect("in range")
}

fn look(width: usize) -> Look {
    Look {
        width: Some(width),
        color: false,
    }
}

/// A status with everything in it that there may be.
fn full() -> serde_json::Value {
    json!({
        "at": at(0),
        "ready": { "since": at(-7200), "lastKnownGood": true },
        "entries": [
            {
                "id": "app/secrets/db", "required": true, "complete": true, "asAsked": true, "version": "1a2b3c4d5e6f",
                "since": at(-3600), "lastSuccess": at(-60), "nextDue": at(240), "validity": { "expires": at(86_400 * 3) },
            },
            {
                "id": "app/secrets/api", "required": true, "complete": true, "asAsked": false, "version": "2b3c4d5e6f1a",
                "since": at(-86_400 * 2), "lastSuccess": at(-900), "nextDue": at(-1),
                "failure": {
                    "reason": "forbidden", "failure": "vault app (app.vault.azure.net), secret api: 403\nfrom \u{1b}[31mAzure",
                    "hint": "assign the role", "times": 3, "since": at(-600), "kept": true,
                },
            },
            {
                "id": "app/secrets/other", "required": false, "complete": false, "asAsked": false,
                "failure": { "reason": "forbidden", "failure": "the same", "hint": "assign the role", "times": 1, "since": at(-5) },
            },
            { "id": "app/secrets/slow", "required": true, "complete": true, "asAsked": true, "stoppedBy": "shared" },
        ],
        "endpoints": [
            { "endpoint": "app", "open": null, "quietUntil": null, "stretch": 1.0 },
            {
                "endpoint": "shared", "quietUntil": at(20), "stretch": 2.0,
                "open": { "reason": "throttled", "error": "429: too many", "failures": 4, "since": at(-30), "nextTry": at(20) },
            },
        ],
        "volume": { "published": at(-3600), "failures": 1, "failure": {
            "kind": "readOnly", "error": "open /mnt/akv failed", "cause": "no writing here", "hint": "mount it writable",
        } },
        "hooks": [
            { "name": "reload", "kind": "signal", "waiting": [], "lastSuccess": at(-3599), "successes": 1 },
            {
                "name": "tell-app", "kind": "http", "tries": 5, "waitingSince": at(-300), "nextTry": at(30),
                "waiting": [{ "vault": "app", "kind": "secret", "name": "db", "version": "1a", "previous": null, "paths": ["db"] }],
                "failure": { "error": "it answered 500", "hint": "look at its log" },
            },
            {
                "name": "tell-web", "kind": "http", "waitingSince": at(-300), "nextTry": at(-300), "behind": "tell-app",
                "waiting": [{ "vault": "app", "kind": "secret", "name": "db", "version": "1a", "previous": null, "paths": ["db"] }],
            },
        ],
        "reload": { "at": at(-300), "problems": ["secrets[0].name: \u{1b}[2Jno name"], "pending": false },
        "busy": false,
        "ofANewerProgram": {},
    })
}

fn rendered(status: serde_json::Value, from_volume: Option<&str>, look: Look) -> String {
    let seen = serde_json::from_value(status).expect("a status");
    render(&seen, from_volume, now(), look)
}

#[test]
fn it_says_what_is_served_how_old_that_is_why_it_fails_and_whether_the_application_was_told() {
    let text = rendered(full(), None, look(120));
    let expected = "\
ready for 2h, began with last known good files

OBJECT             VERSION       STATE    AGE  CONFIRMED  EXPIRES             NEXT   WHY
app/secrets/db     1a2b3c4d5e6f  current  1h   1m         1970-01-15 (in 3d)  in 4m
app/secrets/api    2b3c4d5e6f1a  kept     2d   15m                            now    forbidden
app/secrets/other                missing                                             forbidden
app/secrets/slow                 current                                             throttled: shared

the last reload 5m ago is refused; everything goes on as before
  secrets[0].name:  [2Jno name
  hint: correct it; of a manifest, `akv-sync check` tells line and column

the volume fails
  open /mnt/akv failed
  no writing here
  hint: mount it writable

app/secrets/api and 1 more: forbidden, failed 3 times for 10m
  vault app (app.vault.azure.net), secret api: 403 from  [31mAzure
  hint: assign the role

the gate of shared is open: throttled, failed 4 times for 30s, next try in 20s
  429: too many
  its intervals are 2.0 times as long

HOOK      KIND    STATE    STILL TO HEAR  FOR  LAST SUCCESS  NEXT
reload    signal  told                         59m
tell-app  http    failing  secret app/db  5m                 in 30s
tell-web  http    waiting  secret app/db  5m                 after tell-app

hook tell-app failed 5 times
  it answered 500
  hint: look at its log
";
    assert_eq!(text, expected);
}

#[test]
fn no_row_is_wider_than_the_terminal_and_object_and_state_stay() {
    let text = rendered(full(), None, look(40));
    let rows: Vec<_> = text.lines().skip(2).take(5).collect();
    assert!(rows.iter().all(|row| row.chars().count() <= 40), "{text}");
    assert!(
        rows[0].starts_with("OBJECT") && rows[0].contains("STATE"),
        "{text}"
    );
}

#[test]
fn what_the_volume_has_is_not_called_ready() {
    let mut status = full();
    status["ready"] = serde_json::Value::Null;
    let text = rendered(status, Some("nobody answers"), look(120));
    assert!(text.starts_with("nobody answers\n"), "{text}");
}

#[test]
fn what_is_not_ready_says_how_much_is_missing() {
    for (failing, told) in [
        (0, "not ready yet\n"),
        (1, "not ready: 1 required entry is not as asked for\n"),
        (2, "not ready: 2 required entries are not as asked for\n"),
    ] {
        let entry = json!({ "id": "a", "required": true, "complete": false, "asAsked": false });
        let status = json!({ "ready": null, "entries": vec![entry; failing] });
        assert!(rendered(status, None, look(80)).starts_with(told), "{told}");
    }
}

#[test]
fn once_ready_only_files_that_are_missing_end_it_and_a_new_manifest_does_not() {
    let ready = |complete: &[bool], pending: bool| {
        let entry =
            |complete: &bool| json!({ "id": "a", "required": true, "complete": complete, "asAsked": false });
        let entries: Vec<_> = complete.iter().map(entry).collect();
        let status =
            json!({ "ready": { "since": at(-60) }, "entries": entries, "reload": { "pending": pending } });
        rendered(status, None, look(120))
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(ready(&[true, true], false), "ready for 1m");
    assert_eq!(
        ready(&[true, false], false),
        "not ready: 1 required entry is missing, 1m after it was ready first"
    );
    assert_eq!(
        ready(&[false, false], false),
        "not ready: 2 required entries are missing, 1m after it was ready first"
    );
    assert_eq!(
        ready(&[true, false], true),
        "ready for 1m; what the new manifest requires is not all there yet"
    );
}

#[test]
fn an_older_program_may_know_less() {
    let status = json!({ "ready": null, "entries": [{ "id": "a" }] });
    assert!(rendered(status, None, look(80)).contains("\na       missing\n"));
    assert!(serde_json::from_value::<Seen>(json!({ "error": "no status" })).is_err());
}

#[test]
fn colors_are_there_when_they_are_asked_for() {
    let text = rendered(
        full(),
        None,
        Look {
            width: None,
            color: true,
        },
    );
    assert!(
        text.contains("\u{1b}[33mkept\u{1b}[0m") && text.contains("\u{1b}[31mfailing\u{1b}[0m"),
        "{text}"
    );
    assert!(!rendered(full(), None, look(200)).contains('\u{1b}'));
}
