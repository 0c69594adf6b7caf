//! No value, token, assertion or credential reaches anything but its file, whatever happens and however much is logged.
//!
//! A new output of the program is a line in [`SINKS`]; a new way for a value to get in is a line in one of the lists of
//! `leak/sources.rs`; a new type that carries a value, one in `leak/library.rs`.

mod asked;
mod library;
mod process;
mod search;
mod sinks;
mod sources;
mod stock;
mod traces;
mod unsent;

use std::fs;
use std::process::Command;

use fake_azure::{CertificateOptions, Effect, Fault, SecretOptions, Service};
use nix::sys::signal::Signal;

use self::search::{Marker, Search};
use self::sinks::{files_elsewhere, metadata_files, names_and_links, state_files};
use self::sources::{
    ANSWERS, ASSERTION, BROKEN, BROKEN_TEMPLATES, CREDENTIALS, Given, TOKEN_ANSWERS, assertion,
};
use self::stock::{FILE_PASSWORD, published, stock};
use self::traces::{Observed, Traces, admin};
use crate::support::World;
use crate::terminal::{Shows, run_on_terminal};
use crate::volume_reader::tree;

type Sink = (&'static str, fn(&Traces) -> Vec<u8>);

/// Where a value could surface.
const SINKS: &[Sink] = &[
    ("stdout", |traces| traces.stdout.clone()),
    ("stderr", |traces| traces.stderr.clone()),
    ("the command line", |traces| traces.command_line.clone()),
    ("the metrics", |traces| traces.metrics.clone().into_bytes()),
    ("the state file", state_files),
    ("files of metadata", metadata_files),
    ("names and links on the volume", names_and_links),
    ("files besides the volume", files_elsewhere),
];

/// Both forms of the log, at its most talkative.
const LOGS: &[[&str; 4]] = &[
    ["--log-level", "debug", "--log-format", "text"],
    ["--log-level", "debug", "--log-format", "json"],
];

/// What the log says when a sign-in has come to its first result.
const TRIED: &[&str] = &["Pass finished", "Could not obtain a token yet"];

#[test]
fn nothing_shows_a_value_when_all_goes_well() {
    for log in LOGS {
        let world = World::new();
        let mut markers = vec![assertion(&world)];
        markers.extend(stock(&world));
        would_write(&markers, &world, log);
        let once = Observed::start(&world, command(&world, "once", log)).finish();
        assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
        markers.extend(published(&once));
        finds_what_was_published(&markers, &once);
        nowhere(&markers, &once, "once");
        // What is there is kept, and other values take the place of some of it.
        markers.extend(stock(&world));
        would_write(&markers, &world, log);

        fs::remove_dir_all(&once.volume).expect("removed");
        let run = Observed::start(&world, command(&world, "run", log));
        run.wait_for("Pass finished", 1);
        markers.extend(stock(&world));
        run.signal(Signal::SIGHUP);
        run.wait_for("Pass finished", 2);
        let run = run.stop();
        assert!(run.status.success());
        assert!(run.metrics.contains("akv_sync_object_info{"), "{}", run.metrics);
        markers.extend(published(&run));
        finds_what_was_published(&markers[markers.len() - 4..], &run);
        nowhere(&markers, &run, "run");

        let mut check = command(&world, "check", log);
        let secret = Marker::plain("a client secret");
        check.env("AZURE_CLIENT_SECRET", secret.text());
        nowhere(&[secret], &Observed::start(&world, check).finish(), "check");
    }
}

#[test]
fn nothing_shows_a_value_in_an_answer_that_is_refused() {
    for value in [Marker::plain("a plain value"), Marker::random("a value")] {
        for log in LOGS {
            let world = World::new();
            let mut objects = vec!["secrets:\n".to_owned()];
            for (name, status, body) in ANSWERS {
                world.fake.vault("app").set_secret(name, "unused");
                let id = format!(
                    "{}/secrets/{name}/{}",
                    world.fake.vault("app").url(),
                    "0a".repeat(16)
                );
                let answer = Effect::Answer {
                    status: *status,
                    body: body.replace("{id}", &id).replace("{value}", &in_json(&value)),
                    headers: Vec::new(),
                };
                world
                    .fake
                    .faults()
                    .inject(Fault::new(Service::Vault, answer).object(name));
                objects.push(format!("  - {{ name: {name}, required: false }}\n"));
            }
            for (name, effect) in [("truncated", Effect::TruncatedBody), ("reset", Effect::Reset)] {
                world.fake.vault("app").set_secret(name, value.text());
                world
                    .fake
                    .faults()
                    .inject(Fault::new(Service::Vault, effect).object(name));
                objects.push(format!("  - {{ name: {name}, required: false }}\n"));
            }
            world.manifest(&objects.concat());
            let traces = Observed::start(&world, command(&world, "once", log)).finish();
            for (name, _, _) in ANSWERS {
                let told = traces.stderr.windows(name.len()).any(|it| it == name.as_bytes());
                assert!(
                    told,
                    "{name} was not refused:\n{}",
                    String::from_utf8_lossy(&traces.stderr)
                );
            }
            nowhere(&[value.clone(), assertion(&world)], &traces, "refused answers");
            let plan = planned(&world, log, "json");
            for (name, _, _) in ANSWERS {
                assert!(
                    String::from_utf8_lossy(&plan.stdout).contains(name),
                    "{name} is not in the plan"
                );
            }
            nowhere(
                &[value.clone(), assertion(&world)],
                &plan,
                "a plan of refused answers",
            );
        }
    }
}

#[test]
fn nothing_shows_a_value_that_cannot_be_rendered() {
    for value in [Marker::plain("a plain value"), Marker::random("a value")] {
        for log in LOGS {
            let world = World::new();
            let (mut secrets, mut certificates) =
                (vec!["secrets:\n".to_owned()], vec!["certificates:\n".to_owned()]);
            for (name, encoding, content_type, make) in BROKEN {
                let options = SecretOptions {
                    content_type: content_type.map(str::to_owned),
                    ..SecretOptions::default()
                };
                let vault = world.fake.vault("app");
                if *encoding == "certificate" {
                    // The secret behind it is then another one than the certificate's own.
                    vault.create_certificate(name, &CertificateOptions::default());
                    certificates.push(format!(
                        "  - {{ name: {name}, required: false, files: [{{ path: {name}, content: bundle }}] }}\n"));
                } else {
                    secrets.push(format!(
                        "  - {{ name: {name}, required: false, encoding: {encoding} }}\n"
                    ));
                }
                vault.set_secret_with(name, &make(&value), options);
            }
            let vault = world.fake.vault("app");
            vault.set_secret("plain", value.text());
            // A key store cannot have this password.
            vault.set_secret("nul", &format!("{}\0", value.text()));
            vault.create_certificate("good", &CertificateOptions::default());
            secrets.push("  - { name: plain, path: property, required: false, property: /a }\n".to_owned());
            certificates.push(
                "  - { name: good, required: false, files: [{ path: p12, content: pkcs12, passwordFrom: { secret: nul } }] }\n"
                    .to_owned(),
            );
            let mut templates = vec!["templates:\n".to_owned()];
            for (number, text) in BROKEN_TEMPLATES.iter().enumerate() {
                let file = format!("path: template/{number}, required: false");
                templates.push(format!("  - {{ {file}, template: \"{text}\" }}\n"));
            }
            world.manifest(&(secrets.concat() + &certificates.concat() + &templates.concat()));
            let traces = Observed::start(&world, command(&world, "once", log)).finish();
            let told = String::from_utf8_lossy(&traces.stderr)
                .matches("unrenderable")
                .count();
            let broken = BROKEN.len() + BROKEN_TEMPLATES.len() + 2;
            assert!(
                told >= broken,
                "{told} of {broken} were refused:\n{}",
                String::from_utf8_lossy(&traces.stderr)
            );
            nowhere(
                std::slice::from_ref(&value),
                &traces,
                "values that cannot be rendered",
            );
            let plan = planned(&world, log, "json");
            let told = String::from_utf8_lossy(&plan.stdout)
                .matches("\"unrenderable\"")
                .count();
            assert!(told >= broken, "{told} of {broken} are in the plan");
            nowhere(
                std::slice::from_ref(&value),
                &plan,
                "a plan of values that cannot be rendered",
            );
        }
    }
}

#[test]
fn nothing_shows_a_token_whatever_the_answer_that_holds_it() {
    for (index, (status, body)) in TOKEN_ANSWERS.iter().enumerate() {
        for service in [Service::Entra, Service::IdentityEndpoint] {
            let token = Marker::plain("the token");
            let world = World::new();
            world.fake.vault("app").set_secret("db-password", "unused");
            let answer = Effect::Answer {
                status: *status,
                body: body.replace("{value}", token.text()),
                headers: Vec::new(),
            };
            world.fake.faults().inject(Fault::new(service, answer));
            let mut markers = vec![token, assertion(&world)];
            // The text of a log line and its JSON are made from the same fields: each answer is seen in one of them.
            let mut command = command(&world, "run", &LOGS[index % LOGS.len()]);
            if service == Service::IdentityEndpoint {
                let identity = "identity: { type: managedIdentity }";
                world.manifest_with(
                    &format!("{identity}\n{}", admin(&world)),
                    "secrets: [{ name: db-password }]",
                );
                command.env("IDENTITY_ENDPOINT", world.fake.identity_endpoint());
                command.env("IDENTITY_HEADER", world.fake.identity_header());
                markers.push(Marker::new("the identity header", world.fake.identity_header()));
            } else {
                world.manifest_with(&admin(&world), "secrets: [{ name: db-password }]");
            }
            let run = Observed::start(&world, command);
            run.wait_for_any(TRIED);
            let traces = run.stop();
            assert_eq!(
                world.text("db-password"),
                None,
                "{status} {body} was taken for a token"
            );
            nowhere(&markers, &traces, body);
        }
    }
}

#[test]
fn nothing_shows_a_credential_whether_it_is_taken_or_refused() {
    for Given {
        what,
        taken,
        identity,
        set_up,
    } in CREDENTIALS
    {
        for log in LOGS {
            let world = World::new();
            world.fake.vault("app").set_secret("db-password", "unused");
            let file = world.path("credential").display().to_string();
            let identity = identity.replace("{file}", &file);
            world.manifest_with(
                &format!("{identity}\n{}", admin(&world)),
                "secrets: [{ name: db-password }]",
            );
            let mut markers = vec![assertion(&world)];
            let wrong = Marker::plain(*what);
            let mut command = command(&world, "run", log);
            markers.extend(set_up(&world, &wrong, &mut command));
            markers.push(wrong);
            let run = Observed::start(&world, command);
            run.wait_for_any(TRIED);
            let traces = run.stop();
            assert_eq!(
                world.text("db-password").is_some(),
                *taken,
                "{what}: {}",
                String::from_utf8_lossy(&traces.stderr)
            );
            nowhere(&markers, &traces, what);
        }
    }
}

/// A plan of what is in the vault now, in each of its forms.
#[test]
fn nothing_shows_a_value_on_a_terminal() {
    let world = World::new();
    let mut markers = vec![assertion(&world)];
    markers.extend(stock(&world));
    for state in ["written", "unchanged"] {
        let mut once = world.command(&["once", "--timeout", "1s"]);
        once.env("TERM", "xterm");
        let (code, seen) = run_on_terminal(once, 200, Shows::Both);
        assert_eq!(code, Some(0), "{seen}");
        assert!(seen.contains(state), "the table is there:\n{seen}");
        assert_eq!(Search::new(&markers).find(seen.as_bytes()), None, "{state}");
    }
}

fn would_write(markers: &[Marker], world: &World, log: &[&str; 4]) {
    for form in ["text", "json"] {
        let plan = planned(world, log, form);
        assert_eq!(
            plan.status.code(),
            Some(10),
            "{}",
            String::from_utf8_lossy(&plan.stderr)
        );
        nowhere(markers, &plan, "plan");
    }
}

fn planned(world: &World, log: &[&str; 4], form: &str) -> Traces {
    let mut plan = command(world, "plan", log);
    plan.args(["--output", form]);
    Observed::start(world, plan).finish()
}

/// The search would find the values if they were there: it finds them where they belong.
fn finds_what_was_published(markers: &[Marker], traces: &Traces) {
    let mut data = Vec::new();
    for (path, metadata) in tree(&traces.volume) {
        if metadata.is_file() && !path.ends_with("..akv-sync.json") {
            data.extend(fs::read(traces.volume.join(path)).expect("readable"));
            data.push(b' ');
        }
    }
    let elsewhere = [ASSERTION, FILE_PASSWORD];
    for marker in markers
        .iter()
        .filter(|marker| !elsewhere.contains(&marker.name.as_str()))
    {
        let found = Search::new(std::slice::from_ref(marker)).find(&data);
        assert!(found.is_some(), "{} is not on the volume", marker.name);
    }
}

fn nowhere(markers: &[Marker], traces: &Traces, situation: &str) {
    let search = Search::new(markers);
    for (sink, content) in SINKS {
        assert_eq!(
            search.find(&content(traces)),
            None,
            "{situation}: shown by {sink}"
        );
    }
    assert!(
        !traces.stderr.is_empty() || !traces.stdout.is_empty(),
        "{situation}: nothing was written at all"
    );
}

fn command(world: &World, name: &str, log: &[&str; 4]) -> Command {
    let mut arguments = vec![name];
    arguments.extend(log);
    if name == "once" {
        arguments.extend(["--timeout", "1s"]);
    }
    world.command(&arguments)
}

fn in_json(value: &Marker) -> String {
    serde_json::json!(value.text())
        .to_string()
        .trim_matches('"')
        .to_owned()
}
