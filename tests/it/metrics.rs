//! `/metrics` of the real program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fake_azure::{CertificateOptions, Effect, Fault, Service};
use nix::sys::signal::Signal;

use crate::scrape::{Scraped, scrape};
use crate::support::{Running, World, eventually};

const PLAIN: &str = "*/*";
/// What Prometheus sends.
const OPEN: &str =
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// A secret, a pinned version of it and a certificate, of which everything is told.
fn world() -> World {
    let world = World::new();
    let vault = world.fake.vault("app");
    let version = vault.set_secret("db-password", "one");
    vault.create_certificate("web-tls", &CertificateOptions::default());
    let socket = socket(&world);
    world.manifest_with(
        &format!(
            "refresh: {{ interval: 24h }}\nmetrics: {{ perObject: all }}\nadmin: {{ socket: \"{}\" }}",
            socket.display()
        ),
        &format!(
            "secrets: [{{ name: db-password, path: db/password }}, {{ name: db-password, path: pinned, version: {version} }}]\n\
             certificates: [{{ name: web-tls, files: [{{ path: tls.crt, content: fullChain }}] }}]"
        ),
    );
    world
}

fn socket(world: &World) -> PathBuf {
    world.path("admin.sock")
}

fn ready(world: &World) -> Running {
    let mut running = world.run();
    running.event("Ready");
    running
}

/// Waits until the metrics are so: the loop tells them after the line of the log.
fn until(world: &World, what: &str, is_so: impl Fn(&Scraped) -> bool) -> Scraped {
    eventually(what, || is_so(&scrape(&socket(world), PLAIN)));
    scrape(&socket(world), PLAIN)
}

/// The names of the reference page, each without the ending of a counter, an info or a part of a histogram.
fn referenced() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/metrics.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let names = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    names.map(plain).collect()
}

fn plain(name: &str) -> String {
    let endings = ["_total", "_info", "_bucket", "_sum", "_count"];
    let ending = endings.into_iter().find(|ending| name.ends_with(ending));
    name.strip_suffix(ending.unwrap_or_default())
        .unwrap_or(name)
        .to_owned()
}

fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| line.rsplit_once(' ').map(|(series, _)| series.to_owned()));
    series.collect()
}

#[test]
fn a_scrape_has_each_object_with_its_version_and_names_nothing_that_the_reference_page_lacks() {
    let world = world();
    let _running = ready(&world);
    let app = "vault=\"app\",kind=\"secret\"";
    let calls = format!("akv_sync_vault_calls_total{{{app},result=\"ok\"}}");
    let scraped = until(&world, "calls are counted", |seen| {
        seen.value(&calls) == Some(2.0)
    });
    assert!(scraped.head.starts_with("HTTP/1.1 200 "), "{}", scraped.head);
    let version = |seen: &Scraped| {
        let mut lines = seen.text.lines();
        lines.any(|line| {
            line.starts_with("akv_sync_object_info{vault=\"app\",kind=\"secret\",object=\"db-password\",path=\"pinned\",version=\"")
        })
    };
    assert!(version(&scraped), "{}", scraped.text);
    for (series, value) in [
        ("akv_sync_ready", 1.0),
        ("akv_sync_files", 3.0),
        ("akv_sync_entries{state=\"served\"}", 3.0),
        ("akv_sync_files_written_total", 3.0),
        ("akv_sync_vault_gate_open{vault=\"app\"}", 0.0),
        ("akv_sync_vault_interval_stretch{vault=\"app\"}", 1.0),
        ("akv_sync_vault_throttled_total{vault=\"app\"}", 0.0),
        ("akv_sync_sign_in_gate_open", 0.0),
        ("akv_sync_config_last_reload_successful", 1.0),
    ] {
        assert_eq!(scraped.value(series), Some(value), "{series}\n{}", scraped.text);
    }
    for series in [
        "akv_sync_stale_timestamp_seconds",
        "akv_sync_written_bytes_total",
        "akv_sync_earliest_expiry_timestamp_seconds{kind=\"certificate\"}",
        "akv_sync_token_expiry_timestamp_seconds{scope=\"https://vault.azure.net/.default\"}",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(
            scraped.value(series).is_some_and(|value| value > 0.0),
            "{series}\n{}",
            scraped.text
        );
    }
    let referenced = referenced();
    for series in series(&scraped.text) {
        let name = plain(series.split('{').next().unwrap_or_default());
        assert!(referenced.contains(&name), "{name} is not on the page");
    }
}

#[test]
fn open_metrics_is_written_for_who_asks_for_it_and_has_the_same_series() {
    let world = world();
    let _running = ready(&world);
    let socket = socket(&world);
    until(&world, "the first pass is told", |seen| {
        seen.value("akv_sync_publishes_total")
            .is_some_and(|count| count >= 1.0)
    });
    let (text, open) = (scrape(&socket, PLAIN), scrape(&socket, OPEN));
    assert!(
        text.head
            .contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{}",
        text.head
    );
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(open.head.contains(kind), "{}", open.head);
    assert!(open.text.ends_with("\n# EOF\n"), "{}", open.text);
    // The bounds of buckets are written as `1` here and as `1.0` there.
    let named = |text: &str| {
        let lines = series(text).into_iter();
        lines
            .filter(|series| !series.contains("_bucket{"))
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&open.text), named(&text.text));
}

#[test]
fn an_outage_is_seen_as_an_open_gate_and_ends_no_readiness() {
    let world = world();
    let mut running = ready(&world);
    world.take_the_vault_away();
    running.sync();
    let gate = "akv_sync_vault_gate_open{vault=\"app\"}";
    let scraped = until(&world, "the gate is open", |seen| seen.value(gate) == Some(1.0));
    assert_eq!(scraped.value("akv_sync_ready"), Some(1.0));
    assert_eq!(scraped.value("akv_sync_required_missing"), Some(0.0));
    let failed = scraped.text.lines().any(|line| {
        line.starts_with("akv_sync_vault_calls_total{") && line.contains("result=\"unreachable\"")
    });
    assert!(failed, "{}", scraped.text);
}

#[test]
fn who_cannot_sign_in_is_seen_by_the_gate_of_the_token_endpoint() {
    let world = world();
    let refused = Effect::Answer {
        status: 401,
        body: r#"{"error":"invalid_client","error_description":"AADSTS700016: no such application"}"#
            .to_owned(),
        headers: Vec::new(),
    };
    world.fake.faults().inject(Fault::new(Service::Entra, refused));
    let _running = world.run();
    eventually("it listens", || socket(&world).exists());
    let gate = "akv_sync_sign_in_gate_open";
    let scraped = until(&world, "the gate is open", |seen| seen.value(gate) == Some(1.0));
    assert_eq!(scraped.value("akv_sync_ready"), Some(0.0));
    assert_eq!(scraped.value("akv_sync_required_missing"), Some(3.0));
}

#[test]
fn a_scrape_waits_for_no_vault() {
    let world = world();
    let mut running = ready(&world);
    world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    running.signal(Signal::SIGHUP);
    running.event("Sync asked for");
    eventually("the vault is asked", || {
        world.fake.calls().of_object("db-password") > 2
    });
    let scraped = scrape(&socket(&world), PLAIN);
    assert_eq!(scraped.value("akv_sync_ready"), Some(1.0));
    let (_, lines) = running.stop();
    assert!(
        lines.iter().any(|line| line.contains("Stopped")),
        "it went on meanwhile"
    );
}
