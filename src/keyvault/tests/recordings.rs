//! Real answers of Key Vault, replayed: the folder is named by `AKV_SYNC_RECORDINGS`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use azure_core::Bytes;
use azure_core::http::RawResponse;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use serde_json::Value;
use time::macros::datetime;

use super::stage::*;
use crate::domain::failure::Reason;
use crate::domain::fetched::{FetchedContent, PublicKey};
use crate::domain::object::{ObjectKind, Source};
use crate::keyvault::realm::Realm;
use crate::keyvault::retry::Refused;
use crate::keyvault::target::{Subject, Target};
use crate::keyvault::{body, refusal};

/// What a recorded answer must become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Secret,
    SecretOfCertificate,
    RsaKey,
    EcKey,
    Refused(Reason),
}

use Becomes::{EcKey, Refused as R, RsaKey, Secret, SecretOfCertificate};
use Reason::{
    BadRequest, Conflict, Disabled, Forbidden, Malformed, NetworkRefused, NotFound, Throttled, Unauthorized,
};

/// By file name. What is neither an object nor an error of one (lists, certificates, operations) must be refused as
/// malformed when it comes in an object's place.
const EXPECTED: [(&str, Becomes); 55] = [
    ("js_404_secret_not_found_current_text", R(NotFound)),
    ("pub_401_challenge_2022_login_windows_net", R(Unauthorized)),
    ("pub_401_invalid_audience", R(Unauthorized)),
    ("pub_401_invalid_issuer", R(Unauthorized)),
    ("pub_403_forbidden_by_connection", R(NetworkRefused)),
    ("pub_403_forbidden_by_firewall", R(NetworkRefused)),
    ("pub_403_forbidden_by_policy", R(Forbidden)),
    ("pub_403_forbidden_by_rbac_get", R(Forbidden)),
    ("pub_403_forbidden_by_rbac_headers", R(Forbidden)),
    ("pub_403_forbidden_by_rbac_list", R(Forbidden)),
    ("pub_429_throttled_request_type_limit", R(Throttled)),
    ("v2025_200_delete_secret", R(Malformed)),
    ("v2025_200_get_secret_latest", Secret),
    ("v2025_200_get_secret_old_version", Secret),
    ("v2025_200_get_secret_text_plain", Secret),
    ("v2025_200_list_secrets_full_page", R(Malformed)),
    ("v2025_200_set_secret_version1", Secret),
    ("v2025_200_set_secret_version2_same_second", Secret),
    ("v2025_400_outcontenttype_unsupported", R(BadRequest)),
    ("v2025_401_challenge", R(Unauthorized)),
    ("v70_200_certificate_pending_completed", R(Malformed)),
    ("v70_200_certificate_pending_inprogress", R(Malformed)),
    ("v70_200_deleted_secret", R(Malformed)),
    ("v70_200_get_certificate_pem_policy", R(Malformed)),
    ("v70_200_get_certificate_pfx_policy", R(Malformed)),
    ("v70_200_get_certificate_policy", R(Malformed)),
    ("v70_200_get_key_rsa", RsaKey),
    ("v70_200_get_secret_latest", Secret),
    ("v70_200_get_secret_version", Secret),
    ("v70_200_key_rsa_backing_certificate", RsaKey),
    ("v70_200_list_certificate_versions", R(Malformed)),
    ("v70_200_list_certificates_page", R(Malformed)),
    ("v70_200_list_keys_page", R(Malformed)),
    ("v70_200_list_secret_versions_all", R(Malformed)),
    ("v70_200_list_secrets_last_page", R(Malformed)),
    ("v70_200_list_secrets_page", R(Malformed)),
    ("v70_200_list_secrets_page2", R(Malformed)),
    ("v70_200_put_disabled_secret", R(Disabled)),
    ("v70_200_sas_definition_secret", R(Malformed)),
    ("v70_200_secret_pfx_selfsigned", SecretOfCertificate),
    ("v70_200_secret_pfx_test_ca", SecretOfCertificate),
    ("v70_401_challenge", R(Unauthorized)),
    ("v70_403_secret_disabled", R(Disabled)),
    ("v70_404_certificate_not_found", R(NotFound)),
    ("v70_404_deleted_secret_race", R(NotFound)),
    ("v70_404_key_not_found", R(NotFound)),
    ("v70_404_secret_not_found", R(NotFound)),
    ("v70n_200_get_version_keys", RsaKey),
    ("v70n_200_get_version_secrets", Secret),
    ("v70n_403_err_403_secrets_Forbidden", R(Disabled)),
    ("v70n_404_err_404_keys_KeyNotFound", R(NotFound)),
    ("v70n_404_err_404_secrets_SecretNotFound", R(NotFound)),
    ("v73_200_rotate_key_2", EcKey),
    ("v76p1_200_get_key_ec_p256_managed", EcKey),
    ("v76p2_409_object_is_being_deleted", R(Conflict)),
];

/// Files of these prefixes must all be in the table.
const COMPLETE: [&str; 4] = ["pub_", "v70_", "v2025_", "js_"];

#[test]
fn recorded_answers_become_what_they_are() {
    let Some(folder) = folder() else { return };
    let expected = BTreeMap::from(EXPECTED);
    for name in names(&folder) {
        let known = expected.contains_key(name.as_str());
        let must_be_known = COMPLETE.iter().any(|prefix| name.starts_with(prefix));
        assert!(known || !must_be_known, "{name} is in no row of the table");
    }
    for (name, becomes) in EXPECTED {
        assert_eq!(replay(&recording(&folder, name)), becomes, "{name}");
    }
}

/// Where the recordings are; `None`, said aloud, when nobody says so.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("AKV_SYNC_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: AKV_SYNC_RECORDINGS does not name the folder of recorded answers");
    }
    folder
}

pub(super) fn recording(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("the folder of recorded answers");
    let paths = files.map(|file| file.expect("an entry").path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn replay(recording: &Value) -> Becomes {
    let response = &recording["response"];
    let body = response["body"].as_str().expect("a body").to_owned();
    let status = u16::try_from(response["status"].as_u64().expect("a status")).expect("a status");
    let headers = response["headers"]
        .as_object()
        .expect("headers")
        .iter()
        .map(|(name, value)| {
            let value = value.as_str().expect("a header").to_owned();
            (
                HeaderName::from(name.to_ascii_lowercase()),
                HeaderValue::from(value),
            )
        });
    let headers: std::collections::HashMap<_, _> = headers.collect();
    let source = asked_for(&body, recording["request"]["uri"].as_str().expect("a URI"));
    let target = Target {
        subject: Subject::Object(&source),
        host: HOST,
        realm: Realm::of_host(HOST),
    };
    let response = RawResponse::from_bytes(status.into(), Headers::from(headers), Bytes::from(body));
    if status != 200 {
        let refused = refusal::refused(&target, &response, datetime!(2026-11-23 12:00 UTC));
        return checked(&target, refused);
    }
    let object = match source.object.kind {
        ObjectKind::Key => body::key(&target, &source, response),
        ObjectKind::Secret | ObjectKind::Certificate => body::secret(&target, &source, response),
    };
    match object.map(|object| object.content) {
        Ok(FetchedContent::Secret(content)) if content.backs_certificate => SecretOfCertificate,
        Ok(FetchedContent::Secret(_)) => Secret,
        Ok(FetchedContent::Key(PublicKey::Rsa { n, e })) => {
            assert!(n.len() >= 128 && !e.is_empty(), "numbers of an RSA key");
            RsaKey
        }
        Ok(FetchedContent::Key(PublicKey::Ec { curve, x, y })) => {
            assert_eq!(
                (x.len(), y.len()),
                (curve.coordinate_len(), curve.coordinate_len())
            );
            EcKey
        }
        Err(refused) => checked(&target, refused),
    }
}

fn checked(target: &Target<'_>, refused: Refused) -> Becomes {
    let failure = refused.failure;
    assert!(failure.detail.starts_with(&target.to_string()), "{failure}");
    assert!(
        !failure.detail.chars().any(char::is_control) && !failure.hint.action().is_empty(),
        "{failure:?}"
    );
    Becomes::Refused(failure.reason)
}

/// The object that the exchange was about: named by the answer, or by the path of the request.
fn asked_for(body: &str, uri: &str) -> Source {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let id = json["id"]
        .as_str()
        .or_else(|| json["key"]["kid"].as_str())
        .unwrap_or(uri);
    let path = id.split_once("://").map_or(id, |(_, rest)| rest);
    let mut segments = path.split(['/', '?']).skip(1);
    let kind = match segments.next() {
        Some("keys") => ObjectKind::Key,
        _ => ObjectKind::Secret,
    };
    let name = segments
        .next()
        .filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    source(kind, name.unwrap_or("unnamed"))
}
