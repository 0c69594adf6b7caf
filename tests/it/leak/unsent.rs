//! Credentials that are found wrong before anybody is asked, and what an endpoint may quote of one.

use std::fs;
use std::process::Command;

use fake_azure::{Effect, Fault, Service};

use super::search::Marker;
use super::sources::assertion;
use super::traces::Observed;
use super::{LOGS, TRIED, command, nowhere};
use crate::support::World;

type Unsent = (
    &'static str,
    &'static str,
    fn(&World, &Marker, &mut Command),
    &'static str,
);

const SECRET_FILE: &str = "identity: { type: clientSecret, clientSecretFile: {file} }";

/// What it is, the identity of the manifest, how it is given, and what is said of it.
const UNSENT: &[Unsent] = &[
    (
        "client secret in quotes",
        "",
        |_, secret, command| {
            command.env("AZURE_CLIENT_SECRET", format!("\"{}\"", secret.text()));
        },
        "AZURE_CLIENT_SECRET has quotes around its value",
    ),
    (
        "client secret that nothing filled in",
        "",
        |_, secret, command| {
            command.env("AZURE_CLIENT_SECRET", format!("${{{}}}", secret.text()));
        },
        "AZURE_CLIENT_SECRET holds the placeholder",
    ),
    (
        "client secret file that nothing filled in",
        SECRET_FILE,
        |world, secret, _| {
            fs::write(world.path("credential"), format!("${{{}}}\n", secret.text())).expect("written");
        },
        "the file holds the placeholder",
    ),
    (
        "password of a proxy that nothing filled in",
        "",
        |_, secret, command| {
            let url = format!("http://user:${{{}}}@127.0.0.1:9", secret.text());
            command.env("HTTPS_PROXY", url);
        },
        "HTTPS_PROXY holds the placeholder",
    ),
    (
        "password of a proxy that is no URL",
        "",
        |_, secret, command| {
            command.env(
                "ALL_PROXY",
                format!("socks5://user:{}@127.0.0.1:9", secret.text()),
            );
        },
        "ALL_PROXY is not the URL of a proxy",
    ),
    (
        "password before an entry of NO_PROXY",
        "",
        |_, secret, command| {
            command.env("HTTPS_PROXY", "http://127.0.0.1:9");
            command.env("NO_PROXY", format!("https://user:{}@[", secret.text()));
        },
        "can never match",
    ),
    (
        "password of an authority host",
        "",
        |_, secret, command| {
            let url = format!("https://user:{}@127.0.0.1:9/?{0}", secret.text());
            command.env("AZURE_AUTHORITY_HOST", url);
        },
        "AZURE_AUTHORITY_HOST",
    ),
];

#[test]
fn nothing_shows_a_credential_that_is_found_wrong_before_anybody_is_asked() {
    for (what, identity, give, said) in UNSENT {
        for log in LOGS {
            let world = World::new();
            world.fake.vault("app").set_secret("db-password", "unused");
            let file = world.path("credential").display().to_string();
            world.manifest_with(
                &identity.replace("{file}", &file),
                "secrets: [{ name: db-password }]",
            );
            let secret = Marker::plain(*what);
            let mut command = command(&world, "once", log);
            give(&world, &secret, &mut command);
            let traces = Observed::start(&world, command).finish();
            let stderr = String::from_utf8_lossy(&traces.stderr).into_owned();
            assert!(
                !traces.status.success() && stderr.contains(said),
                "{what}: {stderr}"
            );
            nowhere(&[secret, assertion(&world)], &traces, what);
        }
    }
}

/// Refusals whose words are shown: a token in them is not.
const QUOTING: &[(u16, &str)] = &[
    (
        400,
        r#"{"error":"invalid_client","error_description":"AADSTS50013: Assertion failed: {value}","error_codes":[50013]}"#,
    ),
    (401, "AADSTS500133: {value}"),
    (
        400,
        r#"{"error":"invalid_request","error_description":"{value}"}"#,
    ),
    (
        400,
        r#"{"error":{"code":"ManagedIdentityNotFound","message":"No User Assigned {value}"}}"#,
    ),
    (
        400,
        r#"{"statusCode":400,"message":"No MSI found for specified {value}"}"#,
    ),
    (500, r#"{"Message":"{value}"}"#),
    (400, r#"{"error":"{value}","trace_id":"{value}"}"#),
];

#[test]
fn nothing_shows_a_token_that_a_refusal_quotes() {
    for (index, (status, body)) in QUOTING.iter().enumerate() {
        for service in [Service::Entra, Service::IdentityEndpoint] {
            let world = World::new();
            world.fake.vault("app").set_secret("db-password", "unused");
            // As long as tokens are.
            let token = Marker::new("the token", "Qx7".repeat(300));
            let answer = Effect::Answer {
                status: *status,
                body: body.replace("{value}", token.text()),
                headers: Vec::new(),
            };
            world.fake.faults().inject(Fault::new(service, answer));
            let mut command = command(&world, "run", &LOGS[index % LOGS.len()]);
            let identity = if service == Service::IdentityEndpoint {
                command.env("IDENTITY_ENDPOINT", world.fake.identity_endpoint());
                command.env("IDENTITY_HEADER", world.fake.identity_header());
                "identity: { type: managedIdentity }"
            } else {
                ""
            };
            world.manifest_with(identity, "secrets: [{ name: db-password }]");
            let run = Observed::start(&world, command);
            run.wait_for_any(TRIED);
            let traces = run.stop();
            let stderr = String::from_utf8_lossy(&traces.stderr).into_owned();
            assert!(stderr.contains("refused"), "{body}: {stderr}");
            nowhere(&[token, assertion(&world)], &traces, body);
        }
    }
}
