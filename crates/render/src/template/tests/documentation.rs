//! Holds `docs/templates.md` to the code.

use super::*;
use crate::template::vocabulary;

const PAGE: &str = include_str!("../../../../../docs/templates.md");

/// The examples, in order.
fn examples() -> Vec<&'static str> {
    let after = PAGE.split("```jinja\n").skip(1);
    after
        .filter_map(|rest| rest.split_once("```"))
        .map(|(example, _)| example)
        .collect()
}

#[test]
fn the_examples_give_what_they_promise() {
    let secrets = [
        ("db-password", "it's #1"),
        ("smtp", r#"{"host":"mail.example.com"}"#),
        ("keystore-password", "a=b"),
    ];
    let files: Vec<_> = examples()
        .into_iter()
        .take(4)
        .map(|example| rendered(example, &secrets).expect("renderable"))
        .collect();
    assert_eq!(
        files,
        [
            "# Written by akv-sync\nSPRING_PROFILES_ACTIVE=prod\nDB_URL=\"postgres://app:it's #1@db/app\"\n",
            "[smtp]\nhost = mail.example.com\nport = 587\n",
            "server.ssl.key-store=/mnt/akv/tls/web.p12\nserver.ssl.key-store-password=a\\=b\n",
            "{\n  \"ConnectionStrings\": {\n    \"Main\": \"Server=db;User=app;Password='it''s #1'\"\n  },\n  \
             \"Smtp\": {\"host\":\"mail.example.com\"}\n}\n",
        ]
    );
    let whole = Authority::root("root").issue("leaf");
    let value = block("CERTIFICATE", &whole.der) + &block("PRIVATE KEY", &whole.key);
    let web = reference(ObjectKind::Certificate, "web-tls");
    let file = rendered_of(examples()[4], vec![(web, secret_with(value.clone()))]).expect("renderable");
    assert!(
        file.starts_with("# 0a0a") && file.ends_with(&format!("Z\n{value}\n")),
        "{file}"
    );
}

#[test]
fn the_page_names_what_a_template_may_use() {
    let functions = vocabulary::SOURCES.iter().map(|(name, _)| format!("`{name}(\""));
    let parts = vocabulary::CERTIFICATE
        .iter()
        .chain(&vocabulary::KEY)
        .map(|part| format!("`.{part}`"));
    let filters = vocabulary::filters().map(|filter| format!("`{filter}"));
    let formats = [
        CombinedFormat::Dotenv,
        CombinedFormat::Properties,
        CombinedFormat::Json,
        CombinedFormat::Yaml,
    ];
    let formats = formats.iter().map(|format| format!("| `{}` | ", format.name()));
    for name in functions.chain(parts).chain(filters).chain(formats) {
        assert!(PAGE.contains(&name), "{name}");
    }
}
