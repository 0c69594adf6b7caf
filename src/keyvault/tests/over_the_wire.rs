//! The adapter with its real parts, the SDK's pagers included, against a vault over TLS.

use std::sync::Arc;
use std::time::Duration;

use fake_azure::{CallKind, CertificateOptions, Effect, FakeAzure, FakeOptions, Fault, KeyOptions, Service};
use futures::{FutureExt as _, StreamExt as _};
use time::OffsetDateTime;

use super::stage::*;
use crate::domain::desired::IdentitySpec;
use crate::domain::failure::Reason;
use crate::domain::object::{ObjectId, ObjectKind, Source, VaultId, VersionSelector};
use crate::domain::protocol::Protocol;
use crate::identity::Tokens;
use crate::keyvault::{KeyVault, Outside};
use crate::ports::{Attempts, Clock, Jitter, Vault as _};
use crate::transport::{Authorities, AuthorityOptions, Proxies, Transport, Wires};

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

/// Asks for a hundred secrets, as many at once.
async fn fetch_a_hundred(fake: &FakeAzure, seen: &KeyVault, at_once: usize) {
    let names = (0..100).map(|number| format!("s{number}"));
    let fetches = names.map(|name| async move {
        let mut source = secret(&name);
        source.object.vault = app(fake);
        seen.fetch(&source, &usual()).await.expect("fetched");
    });
    futures::stream::iter(fetches)
        .buffer_unordered(at_once)
        .collect::<()>()
        .await;
}

fn with_a_hundred(options: FakeOptions) -> FakeAzure {
    let fake = FakeAzure::start(options).expect("loopback has free ports");
    (0..100).for_each(|number| drop(fake.vault("app").set_secret(&format!("s{number}"), "x")));
    fake
}

#[tokio::test]
async fn over_http1_twenty_at_once_never_open_more_than_twenty_connections() {
    for milliseconds in [0, 2] {
        let fake = with_a_hundred(FakeOptions {
            http2: false,
            round_trip: Duration::from_millis(milliseconds),
            ..FakeOptions::default()
        });
        let seen = connect(&fake);
        for _ in 0..3 {
            fetch_a_hundred(&fake, &seen, 20).await;
        }
        let calls = fake.calls();
        let connections = calls.connections(Service::Vault);
        assert!(connections <= 20, "{connections} connections, {milliseconds} ms");
        assert_eq!(calls.unauthenticated(), 1);
    }
}

#[tokio::test]
async fn the_first_connection_that_is_opened_ahead_is_the_only_one_over_http2_and_the_first_over_http1() {
    for (http2, most) in [(true, 1), (false, 20)] {
        let fake = with_a_hundred(FakeOptions {
            http2,
            round_trip: Duration::from_millis(2),
            ..FakeOptions::default()
        });
        let (seen, wires) = connect_with_wires(&fake);
        let url = url::Url::parse(fake.vault("app").url()).expect("a URL");
        // On its way when the requests leave, and there already.
        wires.open_first(&url).await;
        wires.open_first(&url).await;
        fetch_a_hundred(&fake, &seen, 20).await;
        let connections = fake.calls().connections(Service::Vault);
        assert!(connections <= most, "{connections} connections");
        let (seen, wires) = connect_with_wires(&fake);
        fake.reset_calls();
        tokio::join!(wires.open_first(&url), fetch_a_hundred(&fake, &seen, 20));
        let connections = fake.calls().connections(Service::Vault);
        assert!(connections <= most, "{connections} connections");
    }
}

#[tokio::test]
async fn over_http2_all_that_leave_at_once_wait_for_one_handshake() {
    let fake = with_a_hundred(FakeOptions::default());
    let seen = connect(&fake);
    fetch_a_hundred(&fake, &seen, 100).await;
    fake.faults().close_connections(Service::Vault);
    fetch_a_hundred(&fake, &seen, 100).await;
    assert_eq!(fake.calls().connections(Service::Vault), 2, "one for each time");
    let vault = app(&fake);
    assert_eq!(seen.speaks_other_than(&vault, None).await, Protocol::Http2);
    let same = seen.speaks_other_than(&vault, Some(Protocol::Http2));
    assert!(same.now_or_never().is_none());
}

fn connect(fake: &FakeAzure) -> KeyVault {
    connect_with_wires(fake).0
}

/// The adapter as the program builds it, signed in with the fake's client secret.
fn connect_with_wires(fake: &FakeAzure) -> (KeyVault, Wires) {
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), fake.ca_pem()).expect("written");
    let authorities = Authorities::read(AuthorityOptions {
        ssl_cert_file: Some(ca.path().to_owned()),
        ..AuthorityOptions::default()
    });
    authorities.wait().expect("an authority");
    let transport = Transport::new(&authorities, Proxies::default()).expect("a client");
    let environment = [
        ("AZURE_AUTHORITY_HOST", fake.authority().to_owned()),
        ("AZURE_TENANT_ID", fake.tenant_id().to_owned()),
        ("AZURE_CLIENT_ID", fake.client_id().to_owned()),
        ("AZURE_CLIENT_SECRET", fake.client_secret()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let clock: Arc<dyn Clock> = Arc::new(OffsetDateTime::now_utc());
    let jitter: Arc<dyn Jitter> = Arc::new(0.0);
    let tokens = Tokens::new(
        &IdentitySpec::default(),
        &environment[..],
        &transport,
        Arc::clone(&clock),
        Arc::clone(&jitter),
    );
    let outside = Outside {
        http: Arc::new(transport.vault_client()),
        wires: transport.wires(),
        tokens: Arc::new(tokens.expect("a credential")),
        clock,
        jitter,
    };
    let vaults = [spec("app", fake.vault("app").url())];
    let wires = outside.wires.clone();
    (KeyVault::new(&vaults, outside).expect("a valid URL"), wires)
}

fn app(fake: &FakeAzure) -> VaultId {
    spec("app", fake.vault("app").url()).id()
}

/// The object of a source of `app`.
fn of(fake: &FakeAzure, source: Source) -> ObjectId {
    ObjectId {
        vault: app(fake),
        ..source.object
    }
}

#[tokio::test]
async fn lists_are_whole_whatever_their_pages_look_like() {
    let fake = start();
    let (vault, seen) = (fake.vault("app"), connect(&fake));
    let mut versions: Vec<_> = (0..25).map(|_| vault.set_secret("db", "x")).collect();
    (0..49).for_each(|n| drop(vault.set_secret(&format!("s{n}"), "x")));
    vault.switch_secret("db", Some(&versions[3]), false);
    let off = versions[3].clone();
    versions.sort();
    for empty_pages in [false, true] {
        vault.serve_empty_pages(empty_pages);
        fake.reset_calls();
        assert_eq!(
            seen.secrets(&app(&fake), &usual()).await.expect("listed").len(),
            50
        );
        let pages = if empty_pages { 6 } else { 3 };
        assert_eq!(fake.calls().of(CallKind::ListSecrets), pages);
        let listed = seen
            .versions(&of(&fake, secret("db")), &usual())
            .await
            .expect("listed");
        let ids: Vec<_> = listed.iter().map(|version| version.version.as_str()).collect();
        assert_eq!(ids, versions);
        let disabled: Vec<_> = listed.iter().filter(|version| !version.enabled).collect();
        assert_eq!(disabled.len(), 1);
        assert_eq!(disabled[0].version.as_str(), off);
    }
}

#[tokio::test]
async fn every_listed_version_of_every_kind_can_be_fetched() {
    let fake = start();
    let (vault, seen) = (fake.vault("app"), connect(&fake));
    for _ in 0..2 {
        vault.set_secret("db", "x");
        vault.create_certificate("web", &CertificateOptions::default());
        vault.create_key("sign", &KeyOptions::default());
    }
    for (kind, name) in [
        (ObjectKind::Secret, "db"),
        (ObjectKind::Certificate, "web"),
        (ObjectKind::Key, "sign"),
    ] {
        let mut source = source(kind, name);
        source.object.vault = app(&fake);
        let listed = seen.versions(&source.object, &usual()).await.expect("listed");
        assert_eq!(listed.len(), 2, "{kind}");
        for version in listed {
            let pinned = pinned(source.clone(), version.version.as_str());
            let object = seen.fetch(&pinned, &usual()).await.expect("fetched");
            assert_eq!(object.version, version.version);
            assert_eq!(object.attributes.created, version.created);
        }
    }
    let secrets = seen.secrets(&app(&fake), &usual()).await.expect("listed");
    let managed: Vec<_> = secrets.iter().map(|s| (s.name.as_str(), s.managed)).collect();
    assert_eq!(managed, [("db", false), ("web", true)]);
    assert_eq!(
        seen.versions(&of(&fake, secret("nothing")), &usual()).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn an_identity_that_reads_values_alone_is_told_what_lists_need() {
    let fake = start();
    let (vault, seen) = (fake.vault("app"), connect(&fake));
    vault.set_secret("db", "x");
    vault.deny_lists();
    let db = Source {
        object: of(&fake, secret("db")),
        version: VersionSelector::Latest,
    };
    seen.fetch(&db, &usual()).await.expect("fetched");
    for failure in [
        seen.secrets(&app(&fake), &usual()).await.expect_err("denied"),
        seen.versions(&db.object, &usual()).await.expect_err("denied"),
    ] {
        assert_eq!(failure.reason, Reason::Forbidden);
        assert!(
            failure.detail.contains("secrets/readMetadata/action"),
            "{failure}"
        );
        assert!(
            failure.hint.action().contains("Key Vault Secrets User"),
            "{}",
            failure.hint
        );
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_is_no_shorter_list() {
    let fake = start();
    let (vault, seen) = (fake.vault("app"), connect(&fake));
    (0..60).for_each(|n| drop(vault.set_secret(&format!("s{n}"), "x")));
    let third = |effect| {
        Fault::new(Service::Vault, effect)
            .call(CallKind::ListSecrets)
            .after(2)
    };
    fake.faults().inject(third(Effect::Throttled {
        retry_after_seconds: None,
    }));
    let failure = seen.secrets(&app(&fake), &usual()).await.expect_err("throttled");
    assert_eq!(failure.reason, Reason::Throttled);
    for passing in [Effect::Reset, Effect::TruncatedBody] {
        fake.faults().clear();
        fake.faults().inject(third(passing).times(1));
        fake.reset_calls();
        assert_eq!(
            seen.secrets(&app(&fake), &usual()).await.expect("listed").len(),
            60
        );
        assert_eq!(fake.calls().of(CallKind::ListSecrets), 4);
    }
}

#[tokio::test]
async fn without_leave_to_repeat_a_question_is_one_request_on_the_wire() {
    let fake = start();
    let (vault, seen) = (fake.vault("app"), connect(&fake));
    vault.set_secret("db", "x");
    let db = Source {
        object: of(&fake, secret("db")),
        version: VersionSelector::Latest,
    };
    seen.fetch(&db, &usual()).await.expect("fetched");
    for effect in [Effect::RefusedStream, Effect::Reset] {
        fake.faults().clear();
        fake.faults().inject(Fault::new(Service::Vault, effect.clone()));
        for granted in [0, 1, 2] {
            fake.reset_calls();
            let attempts = Attempts::new(granted);
            let failure = seen.fetch(&db, &attempts).await.expect_err("no answer");
            assert_eq!(failure.reason, Reason::Unreachable, "{failure}");
            let calls = fake.calls().of(CallKind::GetSecret);
            assert_eq!(
                (calls, attempts.made()),
                (u64::from(1 + granted), 1 + granted),
                "{effect:?}"
            );
        }
    }
    fake.faults().clear();
    fake.faults()
        .inject(Fault::new(Service::Vault, Effect::RefusedStream).times(2));
    seen.fetch(&db, &usual())
        .await
        .expect("fetched at the third attempt");
}
