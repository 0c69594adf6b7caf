//! Templates and combined formats: what they say, when they are written, and what is refused where.

use fake_azure::{CallKind, CertificateOptions, KeyOptions};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn world() -> World {
    let world = World::new();
    let vault = world.fake.vault("app");
    vault.set_secret("db-password", "p=a:s#s \\ \u{e9}");
    vault.set_secret(
        "smtp",
        "{\"smtp\": {\"host\": \"mail.example.com\", \"port\": 587}}",
    );
    world
}

#[test]
fn a_template_is_filled_with_secrets_certificates_and_keys() {
    let world = world();
    let vault = world.fake.vault("app");
    vault.create_certificate("web", &CertificateOptions::default());
    vault.create_key("signing", &KeyOptions::default());
    world.manifest_with(
        BY_HAND,
        "templates:\n- path: app.conf\n  template: |\n    password={{ secret(\"db-password\") }}\n    \
         {{ certificate(\"web\").leaf }}{{ key(\"signing\").pem }}\n\
         certificates: [{ name: web, files: [{ path: leaf, content: leaf }] }]\n\
         keys: [{ name: signing, path: key }]",
    );
    synced(&world);
    let text = world.text("app.conf").expect("published");
    let leaf = world.text("leaf").expect("published");
    let key = world.text("key").expect("published");
    assert_eq!(text, format!("password=p=a:s#s \\ \u{e9}\n{leaf}{key}\n"));
    let calls = world.fake.calls();
    assert_eq!(
        calls.of(CallKind::GetSecret),
        2,
        "what is named twice is fetched once"
    );
    assert_eq!(calls.of(CallKind::GetKey), 1);
}

#[test]
fn a_template_is_written_again_only_when_an_input_changed() {
    let world = world();
    world.manifest_with(
        BY_HAND,
        "templates: [{ path: app.conf, template: \"{{ secret('db-password') }}\" }]\n\
         secrets: [{ name: smtp }]",
    );
    let mut running = world.run();
    running.event("Ready");
    let generation = world.generation();
    running.sync();
    assert_eq!(world.generation(), generation);

    world.fake.vault("app").set_secret("db-password", "new");
    running.sync();
    assert_eq!(world.text("app.conf").as_deref(), Some("new"));
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn combined_formats_hold_the_keys_in_their_order() {
    let world = world();
    let entries = ["dotenv", "properties", "json", "yaml"].map(|format| {
        format!(
            "- {{ path: app.{format}, format: {format}, values: [{{ key: PORT, secret: smtp, property: /smtp/port }}, \
             {{ key: PASSWORD, secret: db-password }}] }}\n"
        )
    });
    world.manifest_with(BY_HAND, &format!("templates:\n{}", entries.concat()));
    synced(&world);
    let json: serde_json::Value =
        serde_json::from_str(&world.text("app.json").expect("published")).expect("JSON");
    assert_eq!(json["PORT"], "587");
    assert_eq!(json["PASSWORD"], "p=a:s#s \\ \u{e9}");
    for format in ["dotenv", "properties", "yaml"] {
        let text = world.text(&format!("app.{format}")).expect("published");
        let [port, password] = ["PORT", "PASSWORD"].map(|key| text.find(key).expect("the key"));
        assert!(port < password, "{text}");
    }
}

#[test]
fn an_input_that_is_missing_keeps_the_file_and_names_the_template() {
    let world = world();
    world.manifest_with(
        BY_HAND,
        "templates: [{ path: app.conf, template: \"{{ secret('db-password') }}{{ secret('late') }}\" }]",
    );
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert!(log.contains("template app.conf") && log.contains("late"), "{log}");
    world.fake.vault("app").set_secret("late", "!");
    synced(&world);
    world.fake.vault("app").delete_secret("late");
    let before = world.text("app.conf");
    assert_eq!(world.once().status.code(), Some(5));
    assert_eq!(world.text("app.conf"), before);
}

#[test]
fn check_sees_a_wrong_template_and_says_in_which_line() {
    let world = world();
    world.manifest(
        "templates:\n- path: app.conf\n  template: |\n    one\n    {{ secret(name) }}\n    {{ unknown }}\n",
    );
    let output = world.command(&["check"]).output().expect("runs");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("invalid-template")
            && text.contains("manifest.yaml:11:")
            && text.contains("manifest.yaml:12:"),
        "{text}"
    );
}

#[test]
fn the_secret_of_a_pfx_in_a_template_is_a_warning_with_what_to_write_instead() {
    let world = world();
    let vault = world.fake.vault("app");
    vault.create_certificate("web", &CertificateOptions::default());
    world.manifest("templates: [{ path: app.conf, template: \"{{ secret('web') }}\" }]");
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{log}");
    let warned = log
        .lines()
        .find(|line| line.contains("base64 text of a certificate's PFX"));
    let warned = warned.expect("a warning");
    assert!(
        warned.contains("WARN") && warned.contains(r#"`certificate(\"web\")`"#),
        "{warned}"
    );
}
