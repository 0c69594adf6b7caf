//! `plan`: what a sync would do, and that nothing is done.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use fake_azure::{CallKind, CertificateOptions, Denial, Effect, Fault, Service};
use serde_json::{Value, json};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";
const TWO: &str = "secrets: [{ name: a, path: app/a, interval: 6h }, { name: b }]";

/// A vault with the secrets `a` and `b`, each worth `one`, and a manifest of both.
fn world() -> World {
    let world = World::new();
    for name in ["a", "b"] {
        world.fake.vault("app").set_secret(name, "one");
    }
    world.manifest_with(BY_HAND, TWO);
    world
}

fn synced() -> World {
    let world = world();
    sync(&world);
    world
}

fn sync(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn plan_with(world: &World, arguments: &[&str]) -> Output {
    let arguments: Vec<_> = ["plan"].iter().chain(arguments).copied().collect();
    let before = world.inventory();
    let output = world.command(&arguments).output().expect("the program runs");
    assert_eq!(world.inventory(), before, "the volume was touched");
    output
}

/// The plan in JSON, of a process that ended with this code and touched nothing.
fn plan(world: &World, code: i32) -> Value {
    parsed(&plan_with(world, &["--output", "json"]), code)
}

fn parsed(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", shown(output));
    let plan: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    let changes = files(&plan).iter().any(|file| {
        ["write", "adjust", "remove"]
            .iter()
            .any(|it| file["action"] == *it)
    });
    assert_eq!(plan["changes"], changes, "{plan:#}");
    plan
}

fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(output))
}

fn files(plan: &Value) -> &Vec<Value> {
    plan["files"].as_array().expect("a list")
}

/// The row of a path.
#[expect(clippy::panic, reason = "a plan without the row has failed the test")]
fn row<'p>(plan: &'p Value, path: &str) -> &'p Value {
    let mut rows = files(plan).iter().filter(|row| row["path"] == path);
    let row = rows.next().unwrap_or_else(|| panic!("no {path} in {plan:#}"));
    assert!(rows.next().is_none(), "{path} is there twice: {plan:#}");
    row
}

/// Path, action and reason of each row.
fn acts(plan: &Value) -> Vec<[&str; 3]> {
    let text = |value: &'_ Value| value.as_str().expect("text").to_owned().leak() as &str;
    let row = |row: &Value| ["path", "action", "reason"].map(|key| text(&row[key]));
    files(plan).iter().map(row).collect()
}

fn down(world: &World) {
    let unavailable = Effect::Answer {
        status: 503,
        body: String::new(),
        headers: Vec::new(),
    };
    let fault = Fault::new(Service::Vault, unavailable).including_unauthenticated();
    world.fake.faults().inject(fault);
}

#[test]
fn where_nothing_is_everything_would_be_written_and_the_questions_are_those_of_once() {
    let world = world();
    let plan = plan(&world, 10);
    assert_eq!(
        acts(&plan),
        [["app/a", "write", "missing"], ["b", "write", "missing"]]
    );
    let a = row(&plan, "app/a");
    assert_eq!(a["entry"], "app/secrets/a");
    assert_eq!(a["intervalSeconds"], 21_600, "its own");
    assert_eq!(row(&plan, "b")["intervalSeconds"], 86_400, "that of refresh");
    assert_eq!((&a["mode"], &a["required"]), (&json!("0440"), &json!(true)));
    assert_eq!(
        plan["summary"],
        json!({ "write": 2, "adjust": 0, "remove": 0, "keep": 0, "holdBack": 0 })
    );
    let calls = world.fake.calls();
    assert_eq!(calls.of(CallKind::GetSecret), 2);
    assert_eq!(calls.of(CallKind::Token), 1);
    assert_eq!(fs::read_dir(world.path("volume")).expect("there").count(), 0);
}

#[test]
fn a_volume_that_is_not_there_yet_is_planned_for_and_not_made() {
    let world = world();
    fs::remove_dir(world.path("volume")).expect("removed");
    let output = world.command(&["plan", "-o", "json"]).output().expect("runs");
    assert_eq!(files(&parsed(&output, 10)).len(), 2);
    assert!(!world.path("volume").exists());
}

#[test]
fn after_once_nothing_would_change() {
    let world = synced();
    let plan = plan(&world, 0);
    assert_eq!(
        acts(&plan),
        [["app/a", "keep", "unchanged"], ["b", "keep", "unchanged"]]
    );
    assert_eq!(plan["changes"], false);
}

#[test]
fn a_plan_carried_out_leaves_an_empty_plan_for_every_sort_of_file() {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.create_certificate("web", &CertificateOptions::default());
    vault.set_secret("password", "of a store");
    fs::write(world.path("password"), "of another store").expect("written");
    world.manifest_with(
        BY_HAND,
        &format!(
            "certificates:\n- name: web\n  files:\n  - {{ path: tls.crt, content: fullChain }}\n  \
             - {{ path: tls.p12, content: pkcs12, passwordFrom: {{ secret: password }} }}\n  \
             - {{ path: tls.jks, content: jks, passwordFrom: {{ file: \"{}\" }} }}\n\
             secrets: [{{ name: password, path: old, history: 1 }}]\n\
             templates: [{{ path: all.env, format: dotenv, values: [{{ key: P, secret: password }}] }}]",
            world.path("password").display()
        ),
    );
    assert_eq!(plan(&world, 10)["summary"]["write"], 5);
    sync(&world);
    let after = plan(&world, 0);
    assert_eq!(after["summary"]["keep"], 5, "{after:#}");
    // Another process cannot know whether the password is the same. The bytes are.
    assert_eq!(row(&after, "tls.jks")["reason"], "sameBytes");
    assert!(!after.to_string().contains("of a"), "{after:#}");
}

#[test]
fn a_rotation_is_told_with_both_versions() {
    let world = World::new();
    let vault = world.fake.vault("app");
    let old = vault.set_secret("a", "one");
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a }]\ntemplates: [{ path: t, template: \"{{ secret('a') }}\" }]",
    );
    sync(&world);
    let new = vault.set_secret("a", "two");
    let plan = plan(&world, 10);
    let a = row(&plan, "a");
    assert_eq!(
        (&a["action"], &a["reason"]),
        (&json!("write"), &json!("newVersion"))
    );
    assert_eq!((&a["from"], &a["to"]), (&json!(old), &json!(new)));
    assert_eq!(
        a["detail"],
        format!("new version {}… → {}…", &old[..8], &new[..8])
    );
    let template = row(&plan, "t");
    assert_eq!(template["entry"], "template t");
    assert_eq!(
        template["detail"],
        format!("new version of app/secrets/a: {}… → {}…", &old[..8], &new[..8])
    );
    assert_eq!(world.text("a").as_deref(), Some("one"));
}

#[test]
fn a_new_version_of_the_same_bytes_is_no_change() {
    let world = synced();
    let old = row(&plan(&world, 0), "b").clone();
    let new = world.fake.vault("app").set_secret("b", "one");
    let plan = plan(&world, 0);
    let b = row(&plan, "b");
    assert_eq!(
        (&b["action"], &b["reason"]),
        (&json!("keep"), &json!("sameBytes"))
    );
    assert_eq!(b["to"], new);
    assert!(old["to"].is_null());
}

#[test]
fn another_mode_is_an_adjustment_and_another_path_a_move() {
    let world = synced();
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a, path: new/a }, { name: b, mode: \"0400\" }]",
    );
    let plan = plan(&world, 10);
    assert_eq!(
        acts(&plan),
        [
            ["new/a", "write", "moved"],
            ["b", "adjust", "mode"],
            ["app/a", "remove", "moved"]
        ]
    );
    assert_eq!(row(&plan, "app/a")["detail"], "moved to new/a");
    assert_eq!(row(&plan, "new/a")["detail"], "moved from app/a");
    let b = row(&plan, "b");
    assert_eq!(b["detail"], "mode 0440 → 0400");
    assert_eq!(
        (&b["from"], &b["to"], &b["mode"]),
        (&json!("0440"), &json!("0400"), &json!("0400"))
    );
}

#[test]
fn what_leaves_the_manifest_or_the_selection_is_removed() {
    let world = World::new();
    let vault = world.fake.vault("app");
    for name in ["x-one", "x-two", "b"] {
        vault.set_secret(name, "one");
    }
    let select = "{ select: { prefix: x- }, pathTemplate: \"x/{suffix}\" }";
    world.manifest_with(BY_HAND, &format!("secrets: [{select}, {{ name: b }}]"));
    sync(&world);
    vault.delete_secret("x-two");
    world.manifest_with(BY_HAND, &format!("secrets: [{select}]"));
    let plan = plan(&world, 10);
    assert_eq!(
        acts(&plan),
        [
            ["x/one", "keep", "unchanged"],
            ["b", "remove", "leavesManifest"],
            ["x/two", "remove", "leavesVault"]
        ]
    );
    let b = row(&plan, "b");
    assert!(b["entry"].is_null() && b["intervalSeconds"].is_null(), "{b:#}");
}

#[test]
fn the_files_are_in_the_order_of_the_manifest_and_what_leaves_comes_last() {
    let world = World::new();
    for name in ["a", "b", "z"] {
        world.fake.vault("app").set_secret(name, "one");
    }
    world.manifest_with(BY_HAND, "secrets: [{ name: a }]");
    sync(&world);
    let select = "{ select: { prefix: nothing- }, pathTemplate: \"m/{suffix}\" }";
    world.manifest_with(
        BY_HAND,
        &format!("secrets: [{{ name: z }}, {{ name: b, path: y }}, {{ name: b }}, {select}]"),
    );
    let plan = plan(&world, 10);
    let paths: Vec<_> = acts(&plan).into_iter().map(|[path, ..]| path).collect();
    assert_eq!(paths, ["z", "y", "b", "a"]);
}

#[test]
fn a_missing_required_object_ends_with_5_and_the_others_are_listed() {
    let world = world();
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a }, { name: gone, path: there/gone }, { name: lost, required: false }]",
    );
    let output = plan_with(&world, &["-o", "json"]);
    let plan = parsed(&output, 5);
    assert_eq!(
        acts(&plan),
        [
            ["a", "write", "missing"],
            ["there/gone", "holdBack", "failed"],
            ["lost", "holdBack", "failed"]
        ]
    );
    let gone = row(&plan, "there/gone");
    assert_eq!(gone["detail"], "failed: notFound");
    assert_eq!(gone["failure"]["reason"], "notFound");
    assert!(
        gone["failure"]["hint"]
            .as_str()
            .expect("text")
            .contains("check the secret's name")
    );
    assert!(
        stderr(&output).contains("app/secrets/gone"),
        "{}",
        stderr(&output)
    );

    // An optional one is told, and costs no code.
    world.manifest_with(BY_HAND, "secrets: [{ name: a }, { name: lost, required: false }]");
    parsed(&plan_with(&world, &["-o", "json"]), 10);
}

#[test]
fn a_vault_that_is_down_ends_with_6_and_what_is_there_is_kept() {
    let world = synced();
    down(&world);
    let began = Instant::now();
    let plan = plan(&world, 6);
    assert!(began.elapsed() < Duration::from_secs(10), "it tries once");
    for row in files(&plan) {
        assert_eq!(row["action"], "keep", "{row:#}");
        assert!(
            ["failed", "notAsked"].iter().any(|it| row["reason"] == *it),
            "{row:#}"
        );
    }
    assert_eq!(files(&plan).len(), 2);
}

#[test]
fn no_sign_in_ends_with_4() {
    let world = synced();
    world.fake.set_federated_credentials(Vec::new());
    let output = plan_with(&world, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(stderr(&output).contains("AADSTS"), "{}", stderr(&output));
}

#[test]
fn what_has_no_answer_in_time_is_not_waited_for() {
    let world = synced();
    let fault = Fault::new(Service::Vault, Effect::Hang).object("a");
    world.fake.faults().inject(fault);
    world.fake.vault("app").set_secret("b", "two");
    let output = plan_with(&world, &["--timeout", "1s", "-o", "json"]);
    let plan = parsed(&output, 6);
    assert_eq!(
        acts(&plan),
        [["app/a", "keep", "noAnswer"], ["b", "write", "newVersion"]]
    );
    assert!(
        stderr(&output).contains("No answer in time"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_group_with_a_member_that_fails_is_held_back() {
    let world = World::new();
    let vault = world.fake.vault("app");
    for name in ["user", "password"] {
        vault.set_secret(name, "one");
    }
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: user, together: login }, { name: password, together: login }]",
    );
    sync(&world);
    vault.set_secret("user", "two");
    vault.deny_object("password", Denial::Rbac);
    let plan = plan(&world, 5);
    assert_eq!(
        acts(&plan),
        [["user", "holdBack", "heldBack"], ["password", "keep", "failed"]]
    );
    assert_eq!(
        row(&plan, "user")["detail"],
        "held back with `together: login`, because app/secrets/password failed: forbidden"
    );
    assert_eq!(
        row(&plan, "password")["detail"],
        "failed: forbidden; what is there stays"
    );
}

#[test]
fn a_selection_whose_list_is_refused_is_not_silent() {
    let world = world();
    world.manifest_with(
        BY_HAND,
        "secrets: [{ select: { prefix: x- }, pathTemplate: \"x/{suffix}\" }, { name: b }]",
    );
    world.fake.vault("app").deny_lists();
    let plan = plan(&world, 5);
    assert_eq!(
        acts(&plan),
        [["b", "write", "missing"], ["x/{suffix}", "holdBack", "failed"]]
    );
}

#[test]
fn a_name_that_is_taken_ends_with_7_and_the_others_are_listed() {
    let world = world();
    fs::write(world.path("volume/b"), "not ours").expect("written");
    let plan = plan(&world, 7);
    assert_eq!(
        acts(&plan),
        [["app/a", "write", "missing"], ["b", "holdBack", "failed"]]
    );
    assert_eq!(row(&plan, "b")["failure"]["reason"], "nameTaken");
}

#[test]
fn while_records_are_lost_and_an_object_is_missing_all_of_it_is_held_back() {
    let world = synced();
    fs::write(world.path("volume/..data/..akv-sync.json"), "{").expect("written");
    world.fake.vault("app").delete_secret("b");
    let output = plan_with(&world, &["-o", "json"]);
    let plan = parsed(&output, 7);
    assert_eq!(
        acts(&plan),
        [["app/a", "holdBack", "recordsLost"], ["b", "holdBack", "failed"]]
    );
    assert!(
        stderr(&output).contains("state file is damaged"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_volume_of_somebody_else_ends_with_7() {
    let world = world();
    fs::write(world.path("volume/..data"), "not ours").expect("written");
    let output = plan_with(&world, &[]);
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    assert!(output.stdout.is_empty(), "{}", shown(&output));
    assert!(stderr(&output).contains("hint="), "{}", stderr(&output));
}

#[test]
fn it_runs_beside_a_running_process_whose_sets_change_under_it() {
    let world = world();
    world.manifest_with("refresh: { interval: 10s }", TWO);
    let mut running = world.run();
    running.event("Ready");
    let mut changing = 0;
    for round in 0..8 {
        world.fake.vault("app").set_secret("a", &format!("value {round}"));
        let mut planning = world.command(&["plan", "-o", "json"]);
        let planning = planning
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("runs");
        running.sync();
        let output = planning.wait_with_output().expect("it ends");
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 10)), "{}", shown(&output));
        changing += usize::from(code == Some(10));
        assert_eq!(files(&parsed(&output, code.expect("some"))).len(), 2);
        assert_eq!(world.text("app/a"), Some(format!("value {round}")));
    }
    println!("{changing} of 8 came before the sync");
    assert_eq!(plan(&world, 0)["summary"]["keep"], 2);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn what_a_crash_left_stays() {
    let world = synced();
    let volume = world.path("volume");
    let half = "..2026_01_02_03_04_05.0123456789";
    fs::create_dir(volume.join(half)).expect("made");
    fs::write(volume.join(half).join("b"), "half").expect("written");
    symlink(half, volume.join("..data_tmp")).expect("linked");
    world.fake.vault("app").set_secret("b", "two");
    let plan = plan(&world, 10);
    assert_eq!(
        acts(&plan),
        [["app/a", "keep", "unchanged"], ["b", "write", "newVersion"]]
    );
}

#[test]
fn real_files_are_planned_for_as_well() {
    let world = world();
    let manifest = fs::read_to_string(world.path("manifest.yaml")).expect("readable");
    let flat = manifest.replace("volume: { ", "volume: { layout: flat, ");
    fs::write(world.path("manifest.yaml"), flat).expect("written");
    assert_eq!(plan(&world, 10)["summary"]["write"], 2);
    sync(&world);
    assert_eq!(plan(&world, 0)["summary"]["keep"], 2);
    world.fake.vault("app").set_secret("b", "two");
    fs::remove_file(world.path("volume/app/a")).expect("removed");
    assert_eq!(
        acts(&plan(&world, 10)),
        [["app/a", "write", "missing"], ["b", "write", "newVersion"]]
    );
}

#[test]
fn a_volume_that_is_mounted_read_only_is_planned_for() {
    // A mount namespace of the test's own: nothing is mounted for anybody else.
    let namespace = ["--user", "--map-root-user", "--mount"];
    let allowed = Command::new("unshare").args(namespace).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system gives no mount namespace");
        return;
    }
    let world = synced();
    world.fake.vault("app").set_secret("b", "two");
    let inner = world.command(&["plan", "-o", "json"]);
    let mount =
        r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" 2>&- && exec "$@""#;
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", mount])
        .arg(world.path("volume"))
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .expect("runs");
    let plan = parsed(&output, 10);
    assert_eq!(
        acts(&plan),
        [["app/a", "keep", "unchanged"], ["b", "write", "newVersion"]]
    );
}

#[test]
fn as_text_it_is_a_table_and_a_summary_on_stdout_and_nothing_else() {
    let world = synced();
    world.fake.vault("app").set_secret("b", "two");
    let output = plan_with(&world, &[]);
    assert_eq!(output.status.code(), Some(10), "{}", shown(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "ACTION  FILE   OBJECT         WHY");
    assert_eq!(lines[1], "keep    app/a  app/secrets/a  unchanged");
    assert!(
        lines[2].starts_with("write   b      app/secrets/b  new version "),
        "{text}"
    );
    assert_eq!(
        lines[3..],
        ["", "1 to write, 0 to adjust, 0 to remove, 1 to keep, 0 held back"]
    );
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_log_in_json_stays_so() {
    let world = world();
    world.manifest_with(BY_HAND, "secrets: [{ name: a }, { name: gone }]");
    for level in ["info", "debug"] {
        let output = plan_with(&world, &["--log-format", "json", "--log-level", level]);
        assert_eq!(output.status.code(), Some(5), "{}", shown(&output));
        let log = stderr(&output);
        assert!(log.contains("app/secrets/gone"), "{log}");
        for line in log.lines() {
            let event: Value = serde_json::from_str(line).expect("each line is JSON");
            assert!(
                event["message"].is_string() && event["level"].is_string(),
                "{line}"
            );
            assert_ne!(event["message"], "Published", "nothing was published");
        }
    }
}

#[test]
fn what_takes_long_to_render_is_waited_for_and_nothing_is_asked_twice() {
    let world = World::new();
    world.fake.vault("app").set_secret("password", "of a store");
    let certificates = (0..6).map(|number| {
        let vault = world.fake.vault("app");
        vault.create_certificate(&format!("web-{number}"), &CertificateOptions::default());
        format!(
            "- name: web-{number}\n  files:\n  \
             - {{ path: {number}.p12, content: pkcs12, passwordFrom: {{ secret: password }} }}\n  \
             - {{ path: {number}.jks, content: jks, passwordFrom: {{ secret: password }} }}\n"
        )
    });
    let certificates = certificates.collect::<Vec<_>>().concat();
    world.manifest_with(
        "refresh: { interval: 10s }",
        &format!("certificates:\n{certificates}secrets: [{{ name: password }}]"),
    );
    let plan = plan(&world, 10);
    assert_eq!(plan["summary"]["write"], 13, "{plan:#}");
    assert_eq!(world.fake.calls().of(CallKind::GetSecret), 7);
}

#[test]
fn last_known_good_bytes_follow_their_entry_while_the_vault_is_down() {
    let world = synced();
    world.manifest_with(
        BY_HAND,
        "secrets: [{ name: a, path: new/a }, { name: b, mode: \"0400\" }]",
    );
    down(&world);
    let plan = plan(&world, 6);
    assert_eq!(
        acts(&plan),
        [
            ["new/a", "write", "moved"],
            ["b", "adjust", "modeOrOwner"],
            ["app/a", "remove", "moved"]
        ]
    );
    let detail = row(&plan, "new/a")["detail"].as_str().expect("text");
    assert!(detail.starts_with("moved from app/a; "), "{detail}");
    let detail = row(&plan, "b")["detail"].as_str().expect("text");
    assert!(detail.starts_with("mode or owner, mode 0400; "), "{detail}");
    let output = world.once_with(&["--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert_eq!(world.text("new/a").as_deref(), Some("one"), "as planned");
}

#[test]
fn a_file_that_was_altered_and_cannot_be_fetched_is_not_silent() {
    let world = synced();
    fs::write(world.path("volume/..data/b"), "altered").expect("written");
    assert_eq!(row(&plan(&world, 10), "b")["action"], "write");
    world.fake.vault("app").delete_secret("b");
    let plan = plan(&world, 5);
    let b = row(&plan, "b");
    assert_eq!(
        (&b["action"], &b["reason"]),
        (&json!("remove"), &json!("altered"))
    );
    assert_eq!(b["failure"]["reason"], "notFound");
    let output = world.once_with(&["--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(world.text("b"), None, "as planned");
}
