//! Nothing leaves for an address that the manifest does not name.

use std::time::Duration;

use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::{HttpClient as _, Method, Request};
use url::Url;

use super::stage::*;
use crate::domain::failure::Reason;
use crate::domain::object::ObjectKind;
use crate::keyvault::guard::Guard;

#[tokio::test]
async fn a_link_to_another_address_is_refused_with_nothing_sent() {
    let (http, outside) = Stage::parts(|call| Ok(Reply::object(call)));
    let vault = spec("app", &format!("https://{HOST}/"));
    let guard = Guard::new(&vault, &outside);
    for foreign in [
        "https://example.com/secrets?$skiptoken=x".to_owned(),
        format!("http://{HOST}/secrets/a"),
        format!("https://{HOST}:8443/secrets/a"),
        format!("https://{HOST}.example.com/secrets/a"),
        format!("https://{HOST}./secrets/a"),
        "https://other.vault.azure.net/secrets/a".to_owned(),
    ] {
        let mut request = Request::new(Url::parse(&foreign).expect("a URL"), Method::Get);
        request.insert_header(AUTHORIZATION, "Bearer token 0");
        let error = guard.execute_request(&request).await.expect_err("refused");
        assert!(
            error.to_string().contains("this is not the address of the vault"),
            "{error}"
        );
    }
    assert_eq!(http.calls(), []);
    let same = Request::new(
        Url::parse(&format!("https://{HOST}:443/secrets/a/")).expect("a URL"),
        Method::Get,
    );
    guard.execute_request(&same).await.expect("the same address");
}

#[tokio::test]
async fn a_challenge_for_another_service_gets_no_token() {
    let stage = Stage::new(|_| {
        let other = r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://management.azure.com""#;
        Ok(Reply::new(401, "").with("www-authenticate", other))
    });
    let failure = stage.fetch(&secret("a")).await.expect_err("refused");
    assert_eq!(failure.reason, Reason::Unauthorized);
    assert!(failure.detail.contains("management.azure.com"), "{failure}");
    assert_eq!(stage.counts(), (1, 0));
    assert_eq!(stage.minted().scopes, Vec::<String>::new());
}

#[tokio::test]
async fn a_later_challenge_for_another_service_gets_no_token_either() {
    let stage = Stage::new(|call| {
        let other = r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://management.azure.com""#;
        Ok(match &call.token {
            None => Reply::challenge(),
            Some(_) => Reply::new(401, "").with("www-authenticate", other),
        })
    });
    let failure = stage.fetch(&secret("a")).await.expect_err("refused");
    assert_eq!(failure.reason, Reason::Unauthorized);
    assert!(failure.detail.contains("management.azure.com"), "{failure}");
    assert_eq!(stage.counts(), (1, 1));
    assert_eq!(stage.minted().scopes, ["https://vault.azure.net/.default"]);
}

#[tokio::test]
async fn a_host_trusted_by_name_may_ask_for_any_audience() {
    let vaults = [spec("app", "https://localhost:8443/")];
    let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, |call| {
        Ok(if call.token.is_none() {
            Reply::challenge()
        } else {
            Reply::object(call)
        })
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    assert_eq!(stage.minted().scopes, ["https://vault.azure.net/.default"]);
}

#[tokio::test]
async fn a_managed_hsm_is_not_asked_for_secrets() {
    let vaults = [spec("hsm", "https://contoso.managedhsm.azure.net/")];
    let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, |call| {
        Ok(Reply::object(call))
    });
    for kind in [ObjectKind::Secret, ObjectKind::Certificate] {
        let failure = stage
            .fetch(&source_at("hsm", kind, "a"))
            .await
            .expect_err("refused");
        assert_eq!(failure.reason, Reason::BadRequest);
    }
    assert_eq!(stage.calls(), []);
}

#[tokio::test]
async fn a_vault_of_no_name_is_not_asked() {
    let stage = Stage::answering([]);
    let failure = stage
        .fetch(&source_at("other", ObjectKind::Secret, "a"))
        .await
        .expect_err("unknown");
    assert_eq!(failure.reason, Reason::BadRequest);
    assert_eq!(stage.calls(), []);
}
