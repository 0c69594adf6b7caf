//! Each row of the failure table: what `once` ends with, and that `run` keeps what it has, says so once and recovers.

use fake_azure::{CallKind, Denial, Effect, FakeOptions, Fault, Service, VaultHandle};
use serde_json::Value;

use crate::support::{Running, World, events, stderr};

const OBJECTS: &str = "secrets: [{ name: bad }, { name: good }]";
const BY_HAND: &str = "refresh: { interval: 24h }";

/// One way in which the vault refuses the object `bad`.
struct Case {
    http2: bool,
    arrange: Box<dyn Fn(&World)>,
    reason: &'static str,
    exit: i32,
    /// What the error must say.
    seen: &'static str,
    /// What the hint must say.
    hint: &'static str,
}

impl Case {
    fn of(arrange: impl Fn(&World) + 'static, reason: &'static str, exit: i32) -> Self {
        Self {
            http2: true,
            arrange: Box::new(arrange),
            reason,
            exit,
            seen: "bad",
            hint: "",
        }
    }

    fn vault(arrange: impl Fn(VaultHandle<'_>) + 'static, reason: &'static str, exit: i32) -> Self {
        Self::of(move |world| arrange(world.fake.vault("app")), reason, exit)
    }

    fn denied(denial: Denial, reason: &'static str) -> Self {
        Self::vault(move |vault| vault.deny_object("bad", denial), reason, 5)
    }

    fn fault(effect: Effect, reason: &'static str, exit: i32) -> Self {
        let inject = move |world: &World| {
            let fault = Fault::new(Service::Vault, effect.clone()).object("bad");
            world.fake.faults().inject(fault);
        };
        Self::of(inject, reason, exit)
    }

    fn status(status: u16, reason: &'static str, exit: i32) -> Self {
        let body = "{\"error\":{\"code\":\"Code\",\"message\":\"text of the service\"}}";
        Self::fault(answer(status, body, None), reason, exit)
    }

    fn unauthorized(message: &str, challenge: &str, reason: &'static str, exit: i32) -> Self {
        let body = format!("{{\"error\":{{\"code\":\"Unauthorized\",\"message\":\"{message}\"}}}}");
        Self::fault(answer(401, &body, Some(challenge)), reason, exit)
    }

    fn http1(mut self) -> Self {
        self.http2 = false;
        self
    }

    fn seen(mut self, text: &'static str) -> Self {
        self.seen = text;
        self
    }

    fn hint(mut self, text: &'static str) -> Self {
        self.hint = text;
        self
    }

    fn world(&self) -> World {
        let world = World::with(FakeOptions {
            http2: self.http2,
            ..FakeOptions::default()
        });
        world.fake.vault("app").set_secret("good", "good one");
        world.fake.vault("app").set_secret("bad", "bad one");
        world.manifest_with(BY_HAND, OBJECTS);
        world
    }

    fn check_event(&self, event: &Value) {
        assert_eq!(event["object"], "app/secrets/bad", "{event:#}");
        assert_eq!(event["reason"], self.reason, "{event:#}");
        assert_eq!(event["level"], "WARN", "{event:#}");
        let text = |field: &str| event[field].as_str().expect("text").to_owned();
        assert!(text("error").contains(self.seen), "{event:#}");
        assert!(
            !text("hint").is_empty() && text("hint").contains(self.hint),
            "{event:#}"
        );
    }

    /// `once` writes the other object, names the failure and ends with the code of its class.
    fn check_once(&self) {
        let world = self.world();
        (self.arrange)(&world);
        let output = world.once_with(&["--timeout", "1s", "--log-format", "json"]);
        let log = stderr(&output);
        assert_eq!(output.status.code(), Some(self.exit), "{log}");
        assert_eq!(world.text("good").as_deref(), Some("good one"), "{log}");
        assert_eq!(world.text("bad"), None);
        let lines: Vec<_> = log.lines().map(str::to_owned).collect();
        let told = events(&lines, "Object not fetched");
        assert_eq!(told.len(), 1, "{log}");
        self.check_event(&told[0]);
        assert_eq!(told[0]["kept"], false);
    }

    /// `run` keeps the file, moves the other object on, tells once and recovers once.
    fn check_run(&self) {
        let world = self.world();
        let mut running = world.run();
        running.event("Ready");
        (self.arrange)(&world);
        world.fake.vault("app").set_secret("good", "good two");
        running.sync();
        assert_eq!(world.text("good").as_deref(), Some("good two"));
        assert_eq!(world.text("bad").as_deref(), Some("bad one"));
        running.sync();
        mend(&world);
        running.sync_until("Recovered");
        let (status, lines) = stop(running);
        assert_eq!(status, Some(0));
        let log = lines.join("\n");
        let told: Vec<_> = events(&lines, "Object not fetched")
            .into_iter()
            .filter(|event| event["level"] == "WARN")
            .collect();
        assert_eq!(told.len(), 1, "{log}");
        self.check_event(&told[0]);
        assert_eq!(told[0]["kept"], true, "{log}");
        let recovered = events(&lines, "Recovered");
        assert_eq!(recovered.len(), 1, "{log}");
        assert_eq!(recovered[0]["object"], "app/secrets/bad");
        assert_eq!(events(&lines, "Published").len(), 3, "{log}");
    }
}

fn answer(status: u16, body: &str, challenge: Option<&str>) -> Effect {
    Effect::Answer {
        status,
        body: body.to_owned(),
        headers: challenge
            .map(|challenge| ("WWW-Authenticate".to_owned(), challenge.to_owned()))
            .into_iter()
            .collect(),
    }
}

fn mend(world: &World) {
    world.fake.faults().clear();
    let vault = world.fake.vault("app");
    vault.allow();
    vault.enable_secret("bad");
    vault.recover_secret("bad");
}

fn stop(running: Running) -> (Option<i32>, Vec<String>) {
    let (status, lines) = running.stop();
    (status.code(), lines)
}

const CHALLENGE: &str = "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000009\", \
                         resource=\"https://vault.azure.net\"";
const CLAIMS: &str = "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000009\", \
                      resource=\"https://vault.azure.net\", error=\"insufficient_claims\", claims=\"e30=\"";

macro_rules! cases {
    ($($name:ident: $case:expr;)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn once_ends_with_its_code_and_writes_the_other_object() {
                $case.check_once();
            }

            #[test]
            fn run_keeps_the_file_tells_once_and_recovers() {
                $case.check_run();
            }
        })*
    };
}

cases! {
    disabled: Case::vault(|vault| vault.disable_secret("bad"), "disabled", 5).hint("enable the current version");
    deleted: Case::vault(|vault| vault.delete_secret("bad"), "notFound", 5).hint("recover it");
    denied_by_rbac: Case::denied(Denial::Rbac, "forbidden").seen("getSecret").hint("Key Vault Secrets User");
    denied_by_access_policy: Case::denied(Denial::Policy, "forbidden").hint("secrets: get");
    denied_by_firewall: Case::denied(Denial::Firewall, "networkRefused").hint("firewall");
    denied_by_connection: Case::denied(Denial::Connection, "networkRefused").hint("private DNS zone");
    throttled: Case::fault(Effect::Throttled { retry_after_seconds: None }, "throttled", 6).hint("refresh.interval");
    throttled_with_retry_after:
        Case::fault(Effect::Throttled { retry_after_seconds: Some(3) }, "throttled", 6).hint("refresh.interval");
    conflict: Case::status(409, "conflict", 6).seen("409").hint("wait");
    bad_request: Case::status(400, "badRequest", 5).seen("400");
    internal_error: Case::status(500, "unavailable", 6).seen("500").hint("service health");
    not_available: Case::status(503, "unavailable", 6).seen("text of the service").hint("service health");
    redirect: Case::status(302, "malformed", 5).seen("302").hint("URL");
    garbage: Case::fault(Effect::GarbageBody, "malformed", 5).hint("URL");
    truncated: Case::fault(Effect::TruncatedBody, "unavailable", 6).seen("cut short");
    reset: Case::fault(Effect::Reset, "unreachable", 6).http1().hint("firewall");
    refused_stream: Case::fault(Effect::RefusedStream, "unreachable", 6).hint("firewall");
    wrong_audience: Case::unauthorized(
        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://example.com.",
        CHALLENGE, "unauthorized", 5,
    ).seen("found: https://example.com").hint("identity.authorityHost");
    wrong_tenant: Case::unauthorized(
        "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/a/, found https://sts.windows.net/b/.",
        CHALLENGE, "unauthorized", 5,
    ).seen("00000000-0000-0000-0000-000000000009").hint("identity.tenantId");
    signing_key_not_resolved: Case::unauthorized(
        "AKV10046: Unable to resolve the key used for signature validation.", CHALLENGE, "unavailable", 6,
    ).hint("no action unless it lasts");
    insufficient_claims: Case::unauthorized("", CLAIMS, "unauthorized", 5).hint("Conditional Access");
}

#[test]
fn a_vault_that_hangs_costs_one_time_limit_and_the_others_are_written() {
    let case = Case::fault(Effect::Hang, "timedOut", 6).hint("network policy");
    case.check_once();
}

#[test]
fn a_purged_pinned_version_is_named() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let pinned = vault.set_secret("bad", "one");
    vault.set_secret("bad", "two");
    vault.set_secret("good", "one");
    vault.purge_secret_version("bad", &pinned);
    world.manifest_with(
        BY_HAND,
        &format!("secrets: [{{ name: bad, version: {pinned} }}, {{ name: good }}]"),
    );
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert!(
        log.contains("versionNotFound") && log.contains(&pinned),
        "the version is named:\n{log}"
    );
    assert_eq!(world.text("good").as_deref(), Some("one"));
    assert_eq!(
        world.text("bad"),
        None,
        "the newer version is not taken in its place"
    );
}

#[test]
fn what_passes_in_the_blink_of_an_eye_fails_nothing() {
    let passing = [
        answer(500, "", None),
        answer(
            401,
            "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10046: x\"}}",
            Some(CHALLENGE),
        ),
        answer(401, "", Some(CLAIMS)),
        Effect::TruncatedBody,
        Effect::Reset,
        Effect::RefusedStream,
    ];
    for effect in passing {
        let world = World::new();
        world.fake.vault("app").set_secret("bad", "one");
        world.manifest_with(BY_HAND, "secrets: [{ name: bad }]");
        world
            .fake
            .faults()
            .inject(Fault::new(Service::Vault, effect.clone()).times(1));
        let output = world.once();
        let log = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{effect:?}:\n{log}");
        assert!(!log.contains("WARN"), "{effect:?}:\n{log}");
        assert_eq!(world.text("bad").as_deref(), Some("one"));
        let calls = world.fake.calls();
        assert_eq!(calls.of(CallKind::GetSecret), 2, "{effect:?}");
    }
}

#[test]
fn the_worst_of_several_failures_decides_the_exit_code() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("good", "one");
    vault.disable_secret("good");
    vault.set_secret("bad", "one");
    let throttled = Effect::Throttled {
        retry_after_seconds: None,
    };
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, throttled).object("bad"));
    world.manifest_with(BY_HAND, OBJECTS);
    let output = world.once();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}

#[test]
fn thirty_secrets_that_the_vault_refuses_are_one_line_with_their_names() {
    let world = World::new();
    let names: Vec<_> = (0..30).map(|number| format!("refused-{number}")).collect();
    for name in &names {
        world.fake.vault("app").set_secret(name, "one");
        world.fake.vault("app").deny_object(name, Denial::Rbac);
    }
    let listed: Vec<_> = names.iter().map(|name| format!("{{ name: {name} }}")).collect();
    world.manifest(&format!("secrets: [{}]", listed.join(", ")));
    let output = world.once_with(&["--timeout", "1s", "--log-format", "json"]);
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    let lines: Vec<_> = log.lines().map(str::to_owned).collect();
    let told = events(&lines, "Object not fetched");
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!(told[0]["objects"], 30, "{log}");
    let all = told[0]["names"].as_str().expect("names");
    let all: std::collections::BTreeSet<_> = all.split(", ").collect();
    assert_eq!(all.len(), 30, "{all:?}");
    assert!(
        names
            .iter()
            .all(|name| all.contains(format!("app/secrets/{name}").as_str())),
        "{all:?}"
    );
}
