//! `once`: cold start, what it writes, how it ends.

use fake_azure::CallKind;

use crate::support::{World, stderr};

const SECRET: &str = "secrets: [{ name: db-password, path: db/password }]";

#[test]
fn a_cold_start_writes_every_object_with_one_token_and_one_challenge() {
    let world = World::new();
    for number in 0..20 {
        world
            .fake
            .vault("app")
            .set_secret(&format!("secret-{number}"), &format!("value {number}"));
    }
    let entries: Vec<_> = (0..20)
        .map(|n| format!("{{ name: secret-{n}, path: app/{n} }}"))
        .collect();
    world.manifest(&format!("secrets: [{}]", entries.join(", ")));
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for number in 0..20 {
        assert_eq!(
            world.text(&format!("app/{number}")),
            Some(format!("value {number}"))
        );
    }
    let calls = world.fake.calls();
    assert_eq!(calls.of(CallKind::Token), 1);
    assert_eq!(calls.unauthenticated(), 1);
    assert_eq!(calls.of(CallKind::GetSecret), 20, "one GET for each object");
    assert!(output.stdout.is_empty(), "stdout is for data");
}

#[test]
fn a_missing_required_object_ends_with_5_and_the_others_are_written() {
    let world = World::new();
    world.fake.vault("app").set_secret("there", "value");
    world.manifest("secrets: [{ name: there }, { name: missing }]");
    let output = world.once();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(world.text("there").as_deref(), Some("value"));
    assert_eq!(world.text("missing"), None);
    let log = stderr(&output);
    assert!(
        log.contains("app/secrets/missing") && log.contains("reason=notFound") && log.contains("hint="),
        "{log}"
    );
}

#[test]
fn the_last_line_of_once_says_what_its_code_means_how_many_fail_and_which_is_the_first() {
    let world = World::new();
    world.fake.vault("app").set_secret("there", "value");
    world.manifest(
        "secrets: [{ name: there }, { name: missing }, { name: gone }, { name: maybe, required: false }]",
    );
    for arguments in [&[][..], &["--log-level", "error"], &["-qq"]] {
        let output = world.once_with(arguments);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        let log = stderr(&output);
        let last = log.lines().last().expect("something is said");
        for part in [
            " ERROR Ended exit_code=5 failed=2 object=app/secrets/missing reason=notFound error=\"a vault refused, or a \
             required object is missing or cannot be rendered: 2 required entries are not as asked for\" cause=\"vault app ",
            " hint=\"check the secret's name",
        ] {
            assert!(last.contains(part), "{part}:\n{log}");
        }
        assert!(!log.contains("Synced"), "it is not:\n{log}");
        assert_eq!(log.lines().count() == 1, !arguments.is_empty(), "{log}");
    }
}

#[test]
fn a_volume_that_fails_is_told_once() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "value");
    world.manifest("secrets: [{ name: a }]");
    std::fs::write(world.path("volume/..data"), "not ours").expect("written");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{log}");
    let told: Vec<_> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("Ended exit_code=7 error=\"the volume cannot be read or written: ")
            && told[0].contains(" hint="),
        "{log}"
    );
    assert_eq!(log.lines().last(), Some(told[0]), "{log}");
}

#[test]
fn a_missing_optional_object_is_told_and_ends_with_0() {
    let world = World::new();
    world.fake.vault("app").set_secret("there", "value");
    world.manifest("secrets: [{ name: there }, { name: missing, required: false }]");
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("app/secrets/missing"));
}

#[test]
fn a_second_once_fetches_and_touches_nothing_on_the_volume() {
    let world = World::new();
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest(SECRET);
    assert_eq!(world.once().status.code(), Some(0));
    let generation = std::fs::read_link(world.path("volume/..data")).expect("published");
    let modified = std::fs::metadata(world.path("volume"))
        .expect("there")
        .modified()
        .expect("a time");
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        std::fs::read_link(world.path("volume/..data")).expect("published"),
        generation
    );
    assert_eq!(
        std::fs::metadata(world.path("volume"))
            .expect("there")
            .modified()
            .expect("a time"),
        modified
    );
}

#[test]
fn a_wrong_manifest_ends_with_3_and_nothing_is_called_or_written() {
    let world = World::new();
    world.manifest("secrets: [{ name: a/b, path: ../x, requird: true }]");
    let output = world.once();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(world.fake.calls().total(), 0);
    assert_eq!(std::fs::read_dir(world.path("volume")).expect("there").count(), 0);
    let text = stderr(&output);
    assert!(text.contains("`required`"), "the nearest key is named:\n{text}");
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let world = World::new();
    let output = world.command(&["nonsense"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_refused_identity_ends_with_4_and_names_what_was_tried() {
    let world = World::new();
    world.fake.set_federated_credentials(Vec::new());
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest(SECRET);
    let output = world.once_with(&["--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(
        text.contains("AADSTS7002") && text.contains(world.fake.client_id()),
        "{text}"
    );
    assert!(
        text.contains("system:serviceaccount:"),
        "the subject is named:\n{text}"
    );
}

#[test]
fn no_certificate_authority_is_an_error_with_a_hint_and_not_a_panic() {
    let world = World::new();
    world.manifest(SECRET);
    let mut command = world.command(&["once"]);
    command.env("SSL_CERT_FILE", world.path("nowhere.pem"));
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint="), "{}", stderr(&output));
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_and_nothing_goes_direct() {
    let world = World::new();
    world.fake.vault("app").set_secret("db-password", "one");
    world.manifest(SECRET);
    for (proxy, told) in [
        ("socks5://127.0.0.1:9", "HTTPS_PROXY is not the URL of a proxy"),
        ("http://${PROXY_HOST}:3128", "not rendered"),
    ] {
        let mut command = world.command(&["once"]);
        command.env("HTTPS_PROXY", proxy);
        let output = command.output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    assert_eq!(
        world.fake.calls().total() + world.fake.calls().unauthenticated(),
        0
    );
}

#[test]
fn when_all_that_is_optional_fails_the_last_line_is_a_warning() {
    let world = World::new();
    world.manifest("secrets: [{ name: missing, required: false }]");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    let last = log.lines().last().unwrap_or_default();
    assert!(
        last.contains(" WARN Synced ") && last.contains("failed=1"),
        "{log}"
    );
}
