//! Where a list may lead, how far it is followed, and what it holds meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::stage::*;
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::ObjectKind;
use crate::ports::Vault as _;

fn id(name: &str) -> String {
    format!("https://{HOST}/secrets/{name}")
}

fn malformed<T: std::fmt::Debug>(result: Result<T, Failure>, words: &str) {
    let failure = result.expect_err(words);
    assert_eq!(failure.reason, Reason::Malformed);
    assert!(failure.detail.contains(words), "{failure}");
}

#[tokio::test]
async fn nothing_is_sent_where_a_link_leaves_the_vault() {
    let other_vault = spec("other", "https://contoso-other.vault.azure.net/");
    for link in [
        "https://example.com/secrets?$skiptoken=x".to_owned(),
        "https://contoso-other.vault.azure.net/secrets".to_owned(),
        "//example.com/secrets".to_owned(),
        format!("http://{HOST}/secrets"),
        format!("https://{HOST}:8443/secrets"),
        format!("https://{HOST}./secrets"),
        format!("https://user@{HOST}/secrets"),
        format!("https://:password@{HOST}/secrets"),
        "data:application/json,{}".to_owned(),
    ] {
        let reply = page(&[id("a")], Some(&link));
        let vaults = [spec("app", &format!("https://{HOST}/")), other_vault.clone()];
        let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, move |call| {
            Ok(match call.token {
                None => Reply::challenge(),
                Some(_) => reply.clone(),
            })
        });
        malformed(
            stage.secrets().await,
            "the link to the next page leaves the vault's address",
        );
        malformed(stage.versions(&secret("a")).await, ": ");
        let hosts: Vec<_> = stage
            .calls()
            .iter()
            .map(|call| call.url.host_str() == Some(HOST))
            .collect();
        assert_eq!(hosts, [true, true, true], "{link}");
    }
}

#[tokio::test]
async fn a_next_link_of_900_kb_is_malformed_and_not_followed() {
    let link = format!("https://{HOST}/secrets?$skiptoken={}", "x".repeat(900_000));
    let stage = Stage::answering([page(&[id("a")], Some(&link))]);
    malformed(
        stage.secrets().await,
        "the link to the next page has more than 16384 bytes",
    );
}

#[tokio::test]
async fn a_link_with_the_usual_port_and_one_without_a_host_stay_at_the_vault() {
    for link in [
        format!("https://{HOST}:443/secrets?x=1"),
        "/secrets?x=1".to_owned(),
    ] {
        let stage = Stage::answering([page(&[id("a")], Some(&link)), page(&[id("b")], None)]);
        assert_eq!(stage.secrets().await.expect("listed").len(), 2, "{link}");
        let last = stage.calls().pop().expect("a call").url;
        assert_eq!(
            last.as_str(),
            format!("https://{HOST}/secrets?api-version=2025-07-01&x=1")
        );
    }
}

/// Answers a list with a script that knows how many pages came before.
fn endless(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Stage {
    let pages = AtomicUsize::new(0);
    Stage::new(move |call| {
        Ok(match call.token {
            None => Reply::challenge(),
            Some(_) => script(pages.fetch_add(1, Ordering::Relaxed)),
        })
    })
}

#[tokio::test]
async fn a_circle_of_links_ends_when_it_closes() {
    let stage = endless(|number| page(&[id("a")], Some(&format!("/secrets?p={}", number % 3))));
    malformed(stage.secrets().await, "the pages link in a circle");
    assert_eq!(stage.counts(), (1, 4));
}

#[tokio::test]
async fn an_endless_chain_of_empty_pages_ends() {
    let stage = endless(|number| page(&[], Some(&format!("/secrets?p={number}"))));
    malformed(stage.secrets().await, "the list has more than 2000 pages");
    assert_eq!(stage.counts(), (1, 2000));
}

#[tokio::test]
async fn a_list_of_2000_pages_is_whole() {
    let stage = endless(|number| {
        let link = format!("/secrets?p={number}");
        page(
            &[id(&format!("s{number}"))],
            (number < 1999).then_some(link.as_str()),
        )
    });
    assert_eq!(stage.secrets().await.expect("listed").len(), 2000);
}

#[tokio::test]
async fn a_list_of_too_many_items_ends() {
    let stage = endless(|number| {
        let ids: Vec<_> = (0..5000).map(|n| id(&format!("s{number}-{n}"))).collect();
        page(&ids, Some(&format!("/secrets?p={number}")))
    });
    malformed(stage.secrets().await, "the list has more than 25000 items");
    assert_eq!(stage.counts(), (1, 6));
}

#[tokio::test]
async fn a_list_of_too_many_bytes_ends() {
    let tags = "x".repeat(1_000_000);
    let stage = endless(move |number| {
        let item = serde_json::json!({ "id": id("a"), "tags": { "t": tags } });
        let page = serde_json::json!({ "value": [item], "nextLink": format!("/secrets?p={number}") });
        Reply::new(200, page.to_string())
    });
    malformed(stage.secrets().await, "the list has more than 67108864 bytes");
    assert_eq!(stage.counts(), (1, 68));
}

#[tokio::test]
async fn one_page_of_more_than_a_megabyte_is_not_read() {
    let stage = endless(|_| Reply::new(200, "x".repeat((1 << 20) + 1)));
    malformed(stage.secrets().await, "the answer has more than 1048576 bytes");
}

/// A list of many pages must not keep fetches waiting.
#[tokio::test(start_paused = true)]
async fn a_list_leaves_the_way_free_for_fetches() {
    let delay = Duration::from_millis(100);
    let vaults = [spec("app", &format!("https://{HOST}/"))];
    let pages = AtomicUsize::new(0);
    let stage = Stage::of(&vaults, delay, Duration::ZERO, move |call| {
        Ok(match (&call.token, call.url.path()) {
            (None, _) => Reply::challenge(),
            (_, "/secrets") => {
                let number = pages.fetch_add(1, Ordering::Relaxed);
                let link = format!("/secrets?p={number}");
                page(&[], (number < 9).then_some(link.as_str()))
            }
            _ => Reply::object(call),
        })
    });
    let stage = Arc::new(stage);
    let listing = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move { stage.secrets().await })
    };
    tokio::time::sleep(delay * 2).await;
    stage.fetch(&secret("a")).await.expect("fetched");
    assert!(
        !listing.is_finished(),
        "the fetch did not wait for the whole list"
    );
    assert_eq!(listing.await.expect("no panic"), Ok(vec![]));
}

#[tokio::test]
async fn a_list_is_refused_before_it_is_sent_where_there_is_nothing_to_list() {
    let vaults = [spec("hsm", "https://contoso.managedhsm.azure.net/")];
    let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, |call| {
        Ok(Reply::object(call))
    });
    let hsm = vault("hsm");
    let app = vault("app");
    let certificate = source_at("hsm", ObjectKind::Certificate, "web");
    let failures = [
        stage.vault.secrets(&hsm, &usual()).await.expect_err("no secrets"),
        stage.versions(&certificate).await.expect_err("no secrets"),
        stage
            .vault
            .secrets(&app, &usual())
            .await
            .expect_err("no such vault"),
    ];
    assert!(
        failures
            .iter()
            .all(|failure| failure.reason == Reason::BadRequest)
    );
    assert_eq!(
        failures[0].detail,
        "vault hsm (contoso.managedhsm.azure.net), list of secrets: the host is a Managed HSM"
    );
    assert_eq!(
        failures[2].detail,
        "vault app, list of secrets: there is no vault of this name"
    );
    assert_eq!(stage.calls(), []);
}
