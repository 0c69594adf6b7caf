//! 401 to a token: it is given back, replaced, and tried again within bounds.

use std::sync::atomic::{AtomicBool, Ordering};

use super::stage::*;
use crate::domain::failure::{Failure, Reason};

fn akv(number: &str, text: &str) -> Reply {
    Reply::new(401, error("Unauthorized", None, &format!("{number}: {text}")))
        .with("www-authenticate", CHALLENGE)
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_by_exactly_one() {
    let revoked = std::sync::Arc::new(AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&revoked);
    let stage = Stage::new(move |call| {
        Ok(match call.token.as_deref() {
            None => Reply::challenge(),
            Some("token 0") if flag.load(Ordering::Relaxed) => akv("AKV10012", "The token is revoked."),
            Some(_) => Reply::object(call),
        })
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    revoked.store(true, Ordering::Relaxed);
    let sources: Vec<_> = (0..20).map(|n| secret(&format!("s{n}"))).collect();
    let results = futures::future::join_all(sources.iter().map(|source| stage.fetch(source))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let minted = stage.minted();
    assert_eq!(minted.current, 1);
    assert!(minted.rejected.iter().all(|token| token == "token 0"));
    assert_eq!(stage.counts().0, 1, "the challenge is still remembered");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_revoked_before_the_first_fetch_is_replaced_too() {
    let stage = Stage::new(|call| {
        Ok(match call.token.as_deref() {
            None => Reply::challenge(),
            Some("token 0") => akv("AKV10012", "The token is revoked."),
            Some(_) => Reply::object(call),
        })
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    assert_eq!(stage.minted().current, 1);
}

#[tokio::test(start_paused = true)]
async fn missing_claims_bring_a_new_token_though_the_answer_names_no_audience() {
    let stage = Stage::new(|call| {
        let claims = r#"Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3MiOnt9fQ==""#;
        Ok(match call.token.as_deref() {
            None => Reply::challenge(),
            Some("token 0") => Reply::new(401, "").with("www-authenticate", claims),
            Some(_) => Reply::object(call),
        })
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    stage.fetch(&secret("b")).await.expect("fetched");
    assert_eq!(stage.minted().current, 1);
    assert_eq!(stage.counts().0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_vault_cannot_resolve_yet_is_waited_for() {
    let stage = Stage::answering([
        akv(
            "AKV10046",
            "Unable to resolve the key used for signature validation.",
        ),
        akv(
            "AKV10046",
            "Unable to resolve the key used for signature validation.",
        ),
        Reply::new(
            200,
            format!(r#"{{"id":"https://{HOST}/secrets/a/{VERSION}","value":"v"}}"#),
        ),
    ]);
    stage.fetch(&secret("a")).await.expect("fetched");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_audience_or_tenant_costs_no_new_token() {
    for (number, text) in [
        (
            "AKV10022",
            "Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/.",
        ),
        (
            "AKV10032",
            "Invalid issuer. Expected one of https://sts.windows.net/a/, found https://sts.windows.net/b/.",
        ),
    ] {
        let stage = Stage::answering([akv(number, text)]);
        let failure = stage.fetch(&secret("a")).await.expect_err("refused");
        assert_eq!(failure.reason, Reason::Unauthorized);
        assert_eq!(stage.minted().rejected, Vec::<String>::new());
        assert_eq!(stage.counts(), (1, 1), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_refuses_every_token_costs_few_of_them() {
    let stage = Stage::answering([akv("AKV10012", "No.")]);
    for n in 0..50 {
        let failure = stage.fetch(&secret(&format!("s{n}"))).await.expect_err("refused");
        assert_eq!(failure.reason, Reason::Unauthorized);
    }
    assert_eq!(stage.minted().current, 2);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_moved_to_another_tenant_is_answered_by_its_new_challenge() {
    let moved = r#"Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000002", scope="https://vault.azure.net/.default""#;
    let stage = Stage::new(move |call| {
        Ok(match call.token.as_deref() {
            None => Reply::challenge(),
            Some("token 0") => akv("AKV10012", "Old.").with("www-authenticate", moved),
            Some(_) => Reply::object(call),
        })
    });
    stage.fetch(&secret("a")).await.expect("fetched");
    // The client of keys has not asked yet: it is answered from memory, with the new challenge.
    stage
        .fetch(&source(crate::domain::object::ObjectKind::Key, "k"))
        .await
        .expect("fetched");
    assert_eq!(stage.counts().0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_sign_in_is_reported_as_it_was_worded() {
    let stage = Stage::answering([]);
    let failure = Failure::new(
        Reason::IdentityNotPropagated,
        "the federated credential is not known yet",
        "wait",
    );
    let failure = failure.after(Some(std::time::Duration::from_secs(9)));
    stage.fail_to_sign_in(failure.clone());
    assert_eq!(stage.fetch(&secret("a")).await, Err(failure));
    assert_eq!(stage.counts(), (1, 0));
}
