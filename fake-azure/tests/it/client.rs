//! A client that trusts the fake and asks for a token when a test wants one.

use fake_azure::FakeAzure;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

/// An HTTP client with a fake and, once signed in, a token.
pub(crate) struct Session<'a> {
    pub(crate) fake: &'a FakeAzure,
    pub(crate) http: Client,
    token: Option<String>,
}

/// A client that trusts the fake's authority and nothing else.
pub(crate) fn trusting(fake: &FakeAzure) -> Client {
    // Only the first test of the process installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let root =
        reqwest::Certificate::from_pem(fake.ca_pem().as_bytes()).expect("the authority is a certificate");
    Client::builder()
        .tls_certs_only([root])
        .build()
        .expect("a client with one authority")
}

impl<'a> Session<'a> {
    pub(crate) fn anonymous(fake: &'a FakeAzure) -> Self {
        Self {
            fake,
            http: trusting(fake),
            token: None,
        }
    }

    /// Signs in with the fake's own assertion.
    pub(crate) async fn signed_in(fake: &'a FakeAzure) -> Self {
        let mut session = Self::anonymous(fake);
        session.sign_in().await;
        session
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self
            .ask_for_token(&assertion_form(&self.fake.assertion().sign()))
            .await;
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.expect("a token answer is JSON");
        self.token = body["access_token"].as_str().map(str::to_owned);
    }

    pub(crate) async fn ask_for_token(&self, form: &[(&str, String)]) -> Response {
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.fake.authority(),
            self.fake.tenant_id()
        );
        self.http
            .post(url)
            .form(form)
            .send()
            .await
            .expect("Entra answers")
    }

    /// A request to the vault `app`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.fake.vault("app").url());
        let request = self
            .http
            .request(method, url)
            .query(&[("api-version", "2025-07-01")]);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        read(self.request(Method::GET, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.request(Method::PUT, path).json(&body)).await
    }
}

/// Sends a request; gives the status and the body, `null` when that is no JSON.
pub(crate) async fn read(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the fake answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

/// The fields of a token request with a federated assertion.
pub(crate) fn assertion_form(assertion: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", fake_azure::CLIENT_ID.to_owned()),
        ("scope", "https://vault.azure.net/.default".to_owned()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
        ),
        ("client_assertion", assertion.to_owned()),
    ]
}
