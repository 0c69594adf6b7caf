//! Real pages of Key Vault's lists, replayed in the order in which they link to each other.

use std::time::Duration;

use super::recordings::{folder, recording};
use super::stage::*;
use crate::domain::failure::Reason;

const HOST_OF_2018: &str = "example-keyvault-fancy.vault.azure.net";
const HOST_OF_2025: &str = "tcac7e9c41ef52cec.vault.azure.net";

/// A vault at `host` that gives the recorded answers one after the other; `None` without recordings.
fn replaying(host: &str, names: &[&str]) -> Option<Stage> {
    let folder = folder()?;
    let replies = names.iter().map(|name| {
        let response = &recording(&folder, name)["response"];
        let status = response["status"].as_u64().expect("a status");
        let body = response["body"].as_str().expect("a body");
        Reply::new(u16::try_from(status).expect("a status"), body)
    });
    let replies = std::sync::Mutex::new(replies.collect::<std::collections::VecDeque<_>>());
    let vaults = [spec("app", &format!("https://{host}/"))];
    Some(Stage::of(&vaults, Duration::ZERO, Duration::ZERO, move |call| {
        if call.token.is_none() {
            return Ok(Reply::challenge());
        }
        let next = replies.lock().expect("replies").pop_front();
        Ok(next.expect("no call after the last page"))
    }))
}

#[tokio::test]
async fn recorded_pages_are_one_list() {
    let pages = [
        "v70_200_list_secrets_page",
        "v70_200_list_secrets_page2",
        "v70_200_list_secrets_last_page",
    ];
    let Some(stage) = replaying(HOST_OF_2018, &pages) else {
        return;
    };
    let listed = stage.secrets().await.expect("listed");
    assert_eq!(stage.counts(), (1, 3));
    let names: Vec<_> = listed.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "javaSecret",
            "javaSecret0",
            "javaSecret1",
            "javaSecret2",
            "javaSecret3"
        ]
    );
    assert_eq!(listed[0].tags["foo"], "baz");
    assert!(listed.iter().all(|object| object.enabled && !object.managed));
}

#[tokio::test]
async fn a_recorded_full_page_has_25_names_and_ends_with_an_empty_one() {
    let pages = [
        "v2025_200_list_secrets_full_page",
        "v70_200_list_secrets_last_page",
    ];
    let Some(stage) = replaying(HOST_OF_2025, &pages) else {
        return;
    };
    assert_eq!(stage.secrets().await.expect("listed").len(), 25);
    assert_eq!(stage.counts(), (1, 2));
}

#[tokio::test]
async fn recorded_versions_are_all_there_and_two_of_one_second_are_two() {
    for (host, name, object, count, seconds) in [
        (
            HOST_OF_2018,
            "v70_200_list_secret_versions_all",
            "javaSecretVersions",
            4,
            4,
        ),
        (
            "sdktestvault74.vault.azure.net",
            "v70n_200_list_versions_secrets",
            "nodeSecret",
            2,
            1,
        ),
    ] {
        let Some(stage) = replaying(host, &[name]) else {
            return;
        };
        let listed = stage.versions(&secret(object)).await.expect("listed");
        let times: std::collections::BTreeSet<_> = listed.iter().map(|version| version.created).collect();
        assert_eq!((listed.len(), times.len()), (count, seconds), "{name}");
        assert!(
            listed
                .iter()
                .all(|version| version.enabled && version.created.is_some())
        );
    }
}

/// Lists of other collections, and a refusal, in the place of a list of secrets.
#[tokio::test]
async fn recorded_answers_that_are_no_list_of_secrets_are_refused() {
    for (name, reason) in [
        ("v70_200_list_keys_page", Reason::Malformed),
        ("v70_200_list_certificates_page", Reason::Malformed),
        ("v2025_200_get_secret_latest", Reason::Malformed),
        ("pub_403_forbidden_by_rbac_list", Reason::Forbidden),
    ] {
        let Some(stage) = replaying(HOST_OF_2018, &[name]) else {
            return;
        };
        let failure = stage.secrets().await.expect_err(name);
        assert_eq!(failure.reason, reason, "{name}: {failure}");
    }
}
