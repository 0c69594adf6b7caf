//! The challenge of the vault and the token endpoint.

use std::time::Duration;

use fake_azure::{CallKind, FakeAzure, FakeOptions};
use serde_json::Value;

use crate::client::{Session, assertion_form};

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

async fn code_of(session: &Session<'_>, form: &[(&str, String)]) -> (u16, u64) {
    let answer = session.ask_for_token(form).await;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("an error of Entra is JSON");
    (
        status,
        body["error_codes"][0].as_u64().expect("an error has a code"),
    )
}

#[tokio::test]
async fn a_call_without_a_token_is_challenged_with_the_way_to_one() {
    let fake = start();
    let session = Session::anonymous(&fake);
    let answer = session
        .request(reqwest::Method::GET, "/secrets/a")
        .send()
        .await
        .expect("the vault answers");
    assert_eq!(answer.status(), 401);
    let expected = format!(
        r#"Bearer authorization="{}/{}", resource="https://vault.azure.net""#,
        fake.authority(),
        fake.tenant_id()
    );
    assert_eq!(answer.headers()["www-authenticate"], expected.as_str());
    assert!(answer.headers().get("etag").is_none());
    assert_eq!(fake.calls().unauthenticated(), 1);
    assert_eq!(fake.calls().of(CallKind::GetSecret), 0);
}

#[tokio::test]
async fn each_flaw_of_an_assertion_has_its_code() {
    let fake = start();
    let session = Session::anonymous(&fake);
    let day = Duration::from_hours(24);
    let cases = [
        (
            fake.assertion().issuer("https://other.example.com/"),
            (401, 700_211),
        ),
        (
            fake.assertion().audience("api://AKSIdentityBinding"),
            (401, 700_212),
        ),
        (
            fake.assertion().subject("system:serviceaccount:default:other"),
            (401, 700_213),
        ),
        (fake.assertion().issued_ago(day), (401, 700_024)),
        (fake.assertion().lifetime(day * 2), (400, 70_023)),
    ];
    for (assertion, expected) in cases {
        assert_eq!(
            code_of(&session, &assertion_form(&assertion.sign())).await,
            expected
        );
    }
    let other = start();
    let forged = assertion_form(&other.assertion().sign());
    assert_eq!(code_of(&session, &forged).await, (401, 50_013));
    let mut unknown = assertion_form(&fake.assertion().sign());
    unknown[1].1 = "00000000-0000-0000-0000-00000000000f".to_owned();
    assert_eq!(code_of(&session, &unknown).await, (400, 700_016));
}

#[tokio::test]
async fn a_client_secret_signs_in_and_a_wrong_one_does_not() {
    let fake = start();
    let session = Session::anonymous(&fake);
    let form = |secret: String| {
        let mut form = assertion_form("");
        form.truncate(3);
        form.push(("client_secret", secret));
        form
    };
    let answer = session.ask_for_token(&form(fake.client_secret())).await;
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["expires_in"], 86_400);
    assert_eq!(
        code_of(&session, &form("wrong".to_owned())).await,
        (401, 7_000_215)
    );
}

#[tokio::test]
async fn an_expired_or_revoked_token_is_challenged_again() {
    let fake = start();
    fake.vault("app").set_secret("a", "1");
    let mut session = Session::signed_in(&fake).await;
    assert_eq!(session.get("/secrets/a").await.0, 200);
    fake.revoke_tokens();
    assert_eq!(session.get("/secrets/a").await.0, 401);
    session.sign_in().await;
    assert_eq!(session.get("/secrets/a").await.0, 200);
    fake.advance_clock(Duration::from_hours(24));
    assert_eq!(session.get("/secrets/a").await.0, 401);
    session.sign_in().await;
    assert_eq!(session.get("/secrets/a").await.0, 200);
    assert_eq!(fake.calls().of(CallKind::Token), 3);
}
