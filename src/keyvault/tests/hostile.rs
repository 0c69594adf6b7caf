//! Texts from outside never make the adapter panic, and never reach a terminal as they are.

use azure_core::http::headers::{Headers, RETRY_AFTER, WWW_AUTHENTICATE};
use proptest::prelude::*;
use time::macros::datetime;

use super::stage::{HOST, error, secret};
use crate::domain::plain_text::is_plain_text;
use crate::keyvault::challenge::{self, Challenge};
use crate::keyvault::error_body::{ErrorBody, quote};
use crate::keyvault::realm::Realm;
use crate::keyvault::target::{Subject, Target};
use crate::keyvault::{body, page, refusal};
use crate::transport::retry_after;

proptest! {
    #[test]
    fn any_bytes_are_an_error_body(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let body = ErrorBody::parse(&bytes);
        prop_assert!(body.deciding_code().chars().count() <= 65);
    }

    #[test]
    fn a_quoted_text_is_one_line_of_bounded_length(text in any::<String>(), limit in 1..100_usize) {
        let quoted = quote(&text, limit);
        prop_assert!(quoted.chars().count() <= limit + 1);
        prop_assert!(is_plain_text(&quoted));
    }

    #[test]
    fn any_refusal_becomes_one_line_with_a_hint(
        status in any::<u16>(),
        code in any::<String>(),
        inner in any::<Option<String>>(),
        message in "(AKV[0-9]{0,9})?(\\PC|\r\n(Caller|Action|Client address): *'?)*",
        headers in any::<[String; 2]>(),
    ) {
        prop_assume!(status != 200);
        let source = secret("db");
        let target = Target { subject: Subject::Object(&source), host: HOST, realm: Realm::of_host(HOST) };
        let [challenge, after] = headers;
        let mut headers = Headers::new();
        headers.insert(WWW_AUTHENTICATE, challenge);
        headers.insert(RETRY_AFTER, after);
        let body = error(&code, inner.as_deref(), &message);
        let response = azure_core::http::RawResponse::from_bytes(status.into(), headers, body);
        let failure = refusal::refused(&target, &response, datetime!(2026-11-23 12:00 UTC)).failure;
        prop_assert!(is_plain_text(&failure.detail), "{:?}", failure.detail);
        prop_assert!(failure.detail.chars().count() < 2000);
        prop_assert!(!failure.hint.action().is_empty());
    }

    #[test]
    fn any_body_is_an_object_or_a_failure(body in "[{\"a-z:,}\\[\\]0-9 ]{0,60}") {
        let source = secret("db");
        let target = Target { subject: Subject::Object(&source), host: HOST, realm: Realm::of_host(HOST) };
        let response = || azure_core::http::RawResponse::from_bytes(200.into(), Headers::new(), body.clone());
        prop_assert!(body::secret(&target, &source, response()).is_err());
        prop_assert!(body::key(&target, &source, response()).is_err());
    }

    #[test]
    fn any_page_is_a_list_of_as_many_items_or_a_failure(items in proptest::collection::vec("\\{\"(id|kid)\":\"(https://h)?(/|/secrets|/db|/[0-9a-fA-F]{32}|:){0,5}\"\\}|null", 0..4)) {
        let object = secret("db").object;
        let target = Target { subject: Subject::Versions(&object), host: HOST, realm: Realm::of_host(HOST) };
        let body = format!("{{\"value\":[{}]}}", items.join(","));
        let response = || azure_core::http::RawResponse::from_bytes(200.into(), Headers::new(), body.clone());
        let lengths = [
            page::secrets(&target, 0, response()).map(|list| list.len()),
            page::versions_of_secret(&target, &object, 0, response()).map(|list| list.len()),
            page::versions_of_key(&target, &object, 0, response()).map(|list| list.len()),
        ];
        for length in lengths {
            prop_assert!(length.is_err() || length.ok() == Some(items.len()));
        }
    }

    #[test]
    fn any_header_is_a_challenge_or_none(header in "(Bearer )?((resource|scope|error|authorization)=?\"?[ -~é]{0,12}\"?,? ?){0,4}") {
        if let Some(challenge) = Challenge::parse(&header) {
            prop_assert!(!challenge.audience().is_empty());
            prop_assert!(challenge::can_be_answered(Some(&header)));
            prop_assert!(!challenge.suits(challenge.audience()));
        }
    }

    #[test]
    fn any_retry_after_is_a_wish_or_none(text in any::<String>()) {
        let mut headers = Headers::new();
        headers.insert(RETRY_AFTER, text);
        let _ = retry_after(&headers, datetime!(2026-11-23 12:00 UTC));
    }
}
