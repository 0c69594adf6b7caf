//! The status page at `/`: one file that asks `/status` and shows what comes back.
//!
//! It holds nothing of this process, so it needs no token: a browser could not send one with the address. What it asks
//! for does, and the page then asks the person, and keeps the token in its memory.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use sha2::{Digest as _, Sha256};

use super::answer::{Answer, of_kind};

const PAGE: &str = include_str!("page.html");

static POLICY: LazyLock<HeaderValue> = LazyLock::new(policy);

pub(super) fn answer() -> Answer {
    let mut answer = of_kind(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

/// The page's own style and script and its icon, requests to here, and nothing else: no markup of a text either.
fn policy() -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        source(inline("script")),
        source(inline("style")),
    );
    HeaderValue::try_from(text).expect("words and base64 can stand in a header")
}

/// How a policy names a text.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What stands between these tags, of which there is one pair.
fn inline(tag: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("<{tag}>")).expect("the page has it");
    let (text, _) = rest.split_once(&format!("</{tag}>")).expect("it has an end");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a phone on a bad line has to load; the limit that the page was given.
    const BUDGET: usize = 20 * 1024;

    #[test]
    fn the_page_is_small_and_whole_in_itself() {
        assert!(PAGE.len() <= BUDGET, "{} bytes", PAGE.len());
        for (tag, pairs) in [("script", 1), ("style", 1), ("link", 1)] {
            assert_eq!(PAGE.matches(&format!("<{tag}")).count(), pairs, "{tag}");
        }
        let addresses: Vec<_> = PAGE
            .match_indices("://")
            .map(|(at, _)| &PAGE[at - 4..at + 14])
            .collect();
        assert_eq!(
            addresses,
            ["http://www.w3.org/"],
            "the name of SVG, which nobody asks for"
        );
        for attribute in [
            " src=",
            " style=",
            " onclick=",
            " action=",
            "href=\"/",
            "url(",
            "@import",
        ] {
            assert!(!PAGE.contains(attribute), "{attribute}");
        }
    }

    #[test]
    fn no_text_from_outside_becomes_markup_and_nothing_is_stored() {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "setAttribute",
            "srcdoc",
            "localStorage",
            "sessionStorage",
            "cookie",
            "indexedDB",
        ] {
            assert!(!PAGE.contains(way), "{way}");
        }
    }

    #[test]
    fn the_policy_lets_in_the_two_texts_of_the_page_and_no_other() {
        let answer = answer();
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert!(inline("script").contains("fetch(\"/status\""));
        assert!(inline("style").contains("prefers-color-scheme: dark"));
        // As `printf '%s' ab | openssl dgst -sha256 -binary | base64` has it.
        assert_eq!(
            source("ab"),
            "'sha256-+44g/C5MPySMYMOb1lLzwTRymLuXe4tNWQO4UFViBgM='"
        );
    }
}
