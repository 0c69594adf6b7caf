//! Lists: every page to the last one, what its items become, and nothing of the rest when one page fails.

use serde_json::{Value, json};
use time::macros::datetime;

use super::stage::*;
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::ObjectKind;
use crate::ports::{Attempts, Vault as _};

fn id(path: &str) -> String {
    format!("https://{HOST}/{path}")
}

fn link(page: usize) -> String {
    format!("https://{HOST}:443/secrets?api-version=7.4&$skiptoken=p{page}")
}

/// A vault whose list has these pages, each of which but the last links to the next one.
fn paged(pages: &[&[&str]]) -> Stage {
    let last = pages.len() - 1;
    let replies: Vec<_> = pages
        .iter()
        .enumerate()
        .map(|(number, names)| {
            let ids: Vec<_> = names.iter().map(|name| id(&format!("secrets/{name}"))).collect();
            let next = link(number + 1);
            page(&ids, (number < last).then_some(next.as_str()))
        })
        .collect();
    Stage::answering(replies)
}

/// A vault that answers with one page of these items.
fn of_items(items: &Value) -> Stage {
    let page = json!({ "value": items, "nextLink": null });
    Stage::answering([Reply::new(200, page.to_string())])
}

async fn names(stage: &Stage) -> Result<Vec<String>, Failure> {
    let listed = stage.secrets().await?;
    Ok(listed
        .into_iter()
        .map(|object| String::from(object.name))
        .collect())
}

#[tokio::test]
async fn every_page_is_read_empty_ones_included() {
    let stage = paged(&[&[], &["a", "b"], &[], &[], &["C"], &[]]);
    assert_eq!(names(&stage).await.expect("listed"), ["a", "b", "C"]);
    assert_eq!(stage.counts(), (1, 6));
    let urls: Vec<_> = stage.calls().into_iter().map(|call| call.url).collect();
    assert_eq!(urls[1].as_str(), id("secrets?api-version=2025-07-01"));
    assert_eq!(
        urls[6].query(),
        Some("%24skiptoken=p5&api-version=2025-07-01"),
        "the link is followed as it is, in the version of the API that is spoken"
    );
    assert_eq!(urls[6].path(), "/secrets");
}

#[tokio::test]
async fn an_empty_vault_has_an_empty_list() {
    assert_eq!(names(&paged(&[&[]])).await, Ok(vec![]));
    let without_link = Stage::answering([Reply::new(200, r#"{"value":[],"nextLink":""}"#)]);
    assert_eq!(names(&without_link).await, Ok(vec![]));
}

#[tokio::test]
async fn a_secret_of_the_list_comes_with_what_a_selection_needs() {
    let stage = of_items(&json!([
        { "id": id("secrets/Db-Password"), "attributes": { "enabled": true }, "tags": { "b": "2", "a": "1" } },
        { "id": id("secrets/off"), "attributes": { "enabled": false, "futureMember": {} } },
        { "id": id("secrets/web"), "managed": true, "contentType": "application/x-pkcs12", "futureMember": 7 },
    ]));
    let listed = stage.secrets().await.expect("listed");
    let seen: Vec<_> = listed
        .iter()
        .map(|object| (object.name.as_str(), object.enabled, object.managed))
        .collect();
    assert_eq!(
        seen,
        [
            ("Db-Password", true, false),
            ("off", false, false),
            ("web", true, true)
        ]
    );
    let tags: Vec<_> = listed[0]
        .tags
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(tags, [("a", "1"), ("b", "2")]);
}

#[tokio::test]
async fn versions_come_with_their_state_and_two_of_one_second_stay_two() {
    let (one, two) = ("0".repeat(32), "F".repeat(32));
    let created = |enabled: bool| json!({ "enabled": enabled, "created": 1_700_000_000 });
    let items = json!([
        { "id": id(&format!("secrets/DB/{one}")), "attributes": created(true) },
        { "id": id(&format!("secrets/db/{two}")), "attributes": created(false) },
        { "id": format!("https://OTHER.example.com:443/secrets/db/{VERSION}") },
    ]);
    let stage = of_items(&items);
    let listed = stage.versions(&secret("db")).await.expect("listed");
    let seen: Vec<_> = listed
        .iter()
        .map(|version| (version.version.as_str(), version.enabled, version.created))
        .collect();
    let second = Some(datetime!(2023-11-14 22:13:20 UTC));
    assert_eq!(
        seen,
        [
            (one.as_str(), true, second),
            (VERSION, true, None),
            (&two.to_lowercase(), false, second)
        ]
    );
}

#[tokio::test]
async fn the_versions_of_a_certificate_are_those_of_its_secret_and_a_key_has_its_own() {
    for (kind, collection) in [
        (ObjectKind::Secret, "secrets"),
        (ObjectKind::Certificate, "secrets"),
        (ObjectKind::Key, "keys"),
    ] {
        let path = format!("{collection}/web/{VERSION}");
        let stage = Stage::answering([page(&[id(&path)], None)]);
        let listed = stage.versions(&source(kind, "web")).await.expect("listed");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].version.as_str(), VERSION);
        assert_eq!(
            stage.calls()[1].url.path(),
            format!("/{collection}/web/versions"),
            "{kind}"
        );
    }
}

/// Key Vault says 200 and nothing; a 404 is understood too.
#[tokio::test]
async fn an_unknown_object_has_no_versions() {
    let stage = paged(&[&[]]);
    assert_eq!(stage.versions(&secret("db")).await, Ok(vec![]));
    let gone = Reply::new(404, error("SecretNotFound", None, "It was not found."));
    let failure = Stage::answering([gone]).versions(&secret("db")).await;
    assert_eq!(failure.expect_err("not found").reason, Reason::NotFound);
}

#[tokio::test]
async fn what_comes_again_on_a_later_page_is_listed_once() {
    let stage = paged(&[&["a", "b"], &["B", "c"]]);
    assert_eq!(names(&stage).await.expect("listed"), ["a", "B", "c"]);
}

#[tokio::test]
async fn one_item_that_is_not_of_the_list_makes_the_whole_list_malformed() {
    let good = id("secrets/a");
    for bad in [
        json!({}),
        json!({ "id": null }),
        json!({ "id": 7 }),
        json!({ "id": "a" }),
        json!({ "id": id("secrets") }),
        json!({ "id": id("secrets/a%2fb") }),
        json!({ "id": id("secrets/a.b") }),
        json!({ "id": id("keys/a") }),
        json!({ "kid": good }),
        json!({ "id": good, "attributes": { "enabled": "yes" } }),
        json!({ "id": good, "tags": { "a": 1 } }),
        json!(null),
        json!("a"),
    ] {
        let stage = of_items(&json!([{ "id": good }, bad]));
        let failure = names(&stage).await.expect_err("malformed");
        assert_eq!(failure.reason, Reason::Malformed, "{bad}");
    }
}

#[tokio::test]
async fn one_version_that_is_none_makes_the_whole_list_malformed() {
    for (kind, member, collection) in [
        (ObjectKind::Secret, "id", "secrets"),
        (ObjectKind::Key, "kid", "keys"),
    ] {
        let of = |path: &str| json!({ member: id(&format!("{collection}/{path}")) });
        let good = of(&format!("db/{VERSION}"));
        for bad in [
            json!({}),
            of("db"),
            of("db/latest"),
            of(&format!("db2/{VERSION}")),
            json!({ member: id(&format!("certificates/db/{VERSION}")) }),
        ] {
            let stage = of_items(&json!([good, bad]));
            let failure = stage.versions(&source(kind, "db")).await.expect_err("malformed");
            assert_eq!(failure.reason, Reason::Malformed, "{bad}");
            assert!(failure.detail.contains("item 2 of the list"), "{failure}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_page_is_not_an_empty_list() {
    let whole = r#"{"value":[],"nextLink":null}"#;
    for (body, reason) in [
        ("{}", Reason::Malformed),
        ("[]", Reason::Malformed),
        (r#"{"value":null}"#, Reason::Malformed),
        (r#"{"value":{}}"#, Reason::Malformed),
        (r#"{"error":{"code":"Throttled"}}"#, Reason::Malformed),
        (r#"{"value":[],"nextLink":7}"#, Reason::Malformed),
        (r#"{"value":[],"nextLink":"https://["}"#, Reason::Malformed),
        ("<html>hello</html>", Reason::Malformed),
        ("", Reason::Unavailable),
        (&whole[..9], Reason::Unavailable),
    ] {
        let stage = Stage::answering([Reply::new(200, body)]);
        let failure = names(&stage).await.expect_err(body);
        assert_eq!(failure.reason, reason, "{body}");
        assert!(
            failure
                .detail
                .starts_with("vault app (contoso-app.vault.azure.net), list of secrets: ")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_on_a_later_page_fails_the_whole_list() {
    for (status, reason) in [
        (403, Reason::Forbidden),
        (429, Reason::Throttled),
        (503, Reason::Unavailable),
        (404, Reason::Malformed),
    ] {
        let replies = [
            page(&[id("secrets/a")], Some(&link(1))),
            page(&[id("secrets/b")], Some(&link(2))),
            Reply::new(status, ""),
        ];
        let failure = names(&Stage::answering(replies))
            .await
            .expect_err("the third page");
        assert_eq!(failure.reason, reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_for_a_moment_is_asked_for_again_and_no_other_is() {
    let replies = [
        page(&[id("secrets/a")], Some(&link(1))),
        Reply::new(503, ""),
        Reply::new(200, r#"{"value":[{"id":"#),
        page(&[id("secrets/b")], Some(&link(2))),
        Reply::new(503, ""),
        page(&[id("secrets/c")], None),
    ];
    let stage = Stage::answering(replies);
    let (app, attempts) = (secret("a").object.vault, Attempts::new(3));
    let listed = stage.vault.secrets(&app, &attempts).await.expect("listed");
    assert_eq!(
        listed
            .iter()
            .map(|object| object.name.as_str())
            .collect::<String>(),
        "abc"
    );
    let asked: Vec<_> = stage.calls()[1..]
        .iter()
        .map(|call| call.url.query_pairs().count())
        .collect();
    assert_eq!(asked, [1, 2, 2, 2, 2, 2]);
    let last_two = stage.calls()[5..].to_vec();
    assert_eq!(last_two[0].url, last_two[1].url);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_list_fails_at_once_and_the_next_one_is_whole() {
    let replies = [
        page(&[id("secrets/a")], Some(&link(1))),
        Reply::new(429, "").with("retry-after", "7"),
        page(&[id("secrets/a")], Some(&link(1))),
        page(&[id("secrets/b")], None),
    ];
    let stage = Stage::answering(replies);
    let failure = names(&stage).await.expect_err("throttled");
    assert_eq!(failure.retry_after, Some(std::time::Duration::from_secs(7)));
    assert_eq!(stage.counts(), (1, 2));
    assert_eq!(names(&stage).await.expect("listed"), ["a", "b"]);
}
