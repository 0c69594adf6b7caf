//! Real answers of Entra and IMDS as judge: each goes through the SDK's credential and our endpoint.
//!
//! The folder is named by `AKV_SYNC_RECORDINGS`.

use serde_json::Value;

use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Token,
    Refused(Reason, Retry),
}

/// What each recording means, by the start of its name.
const EXPECTED: [(&str, Meaning); 10] = [
    ("aad_200_", Meaning::Token),
    ("imds_200_", Meaning::Token),
    ("aad_400_700016", WRONG),
    ("aad_400_70023", WRONG),
    ("aad_400_70021_", NOT_YET),
    ("aad_401_70021", NOT_YET),
    (
        "aad_401_700024",
        Meaning::Refused(Reason::IdentityMisconfigured, Retry::FreshAssertion),
    ),
    (
        "imds_400_identity_not_found",
        Meaning::Refused(Reason::IdentityNotPropagated, Retry::InstanceMetadata),
    ),
    ("imds_400_missing_metadata_header", WRONG),
    (
        "imds_429",
        Meaning::Refused(Reason::IdentityUnavailable, Retry::InstanceMetadata),
    ),
];

const WRONG: Meaning = Meaning::Refused(Reason::IdentityMisconfigured, Retry::Never);
const NOT_YET: Meaning = Meaning::Refused(Reason::IdentityNotPropagated, Retry::Backoff);

#[tokio::test]
async fn every_recorded_answer_is_understood() {
    let Some(folder) = std::env::var_os("AKV_SYNC_RECORDINGS") else {
        println!("skipped: AKV_SYNC_RECORDINGS is not set");
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of recordings") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        if !name.starts_with("aad_") && !name.starts_with("imds_") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        let recording: Value = serde_json::from_str(&text).expect("JSON");
        let expected = EXPECTED.iter().find(|(start, _)| name.starts_with(start));
        let (_, expected) = expected.unwrap_or_else(|| panic!("{name} is new: say what it means"));
        assert_eq!(replay(name, &recording["response"]).await, *expected, "{name}");
        seen += 1;
    }
    assert!(seen >= 14, "only {seen} recordings");
}

async fn replay(name: &str, response: &Value) -> Meaning {
    let status = response["status"].as_u64().expect("a status");
    // A placeholder with a blank stands where a token was.
    let body = response["body"]
        .as_str()
        .expect("a body")
        .replace("<access token>", "placeholder");
    let wire = FakeWire::status(u16::try_from(status).expect("a status"), &body);
    let (_keep, path) = token_file("{}");
    let outcome = if name.starts_with("aad_") {
        application(&wire, Proof::FederatedToken(named_by_variable(&path)))
            .exchange(scope())
            .await
    } else {
        managed(
            &wire,
            ManagedId::Client(Setting::new("the-client", "AZURE_CLIENT_ID")),
        )
        .exchange(scope())
        .await
    };
    match outcome {
        Ok(token) => {
            assert!(body.contains(token.token.secret()));
            Meaning::Token
        }
        Err(Refusal { failure, retry }) => Meaning::Refused(failure.reason, retry),
    }
}
