//! Finds a value in what a program wrote, however it was encoded, escaped, wrapped or cut.
//!
//! It looks for fragments of each encoding and not for the whole, so that the first characters of a value count too.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

/// This many characters of an encoding in a row are no accident.
const FRAGMENT: usize = 12;

/// A list of numbers says less with each character.
const LIST_FRAGMENT: usize = 24;

/// Fragments of fewer different characters (runs of zeros, most of all) occur anywhere.
const LEAST_DISTINCT: usize = 6;

/// A value that must not be seen, and what to call it.
#[derive(Clone)]
pub(crate) struct Marker {
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
}

impl Marker {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }

    /// A random text with everything that some encoding writes in another way.
    pub(crate) fn random(name: impl Into<String>) -> Self {
        Self::new(name, format!("{}\"\\/+ é%\t{}", random(), random()))
    }

    /// A random text of letters and digits, which every encoding leaves as it is.
    pub(crate) fn plain(name: impl Into<String>) -> Self {
        Self::new(name, random())
    }

    /// In hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        let digits = self.value.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<Vec<_>>().concat()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.value).expect("made from text")
    }
}

fn random() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("random bytes");
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    bytes
        .iter()
        .map(|byte| char::from(letters[usize::from(*byte) % letters.len()]))
        .collect()
}

/// Looks for many markers at once.
pub(crate) struct Search {
    text: HashMap<Vec<u8>, String>,
    lists: HashMap<Vec<u8>, String>,
}

impl Search {
    pub(crate) fn new(markers: &[Marker]) -> Self {
        let mut search = Self {
            text: HashMap::new(),
            lists: HashMap::new(),
        };
        for Marker { name, value } in markers {
            assert!(value.len() > FRAGMENT, "{name} is too short to be looked for");
            for (form, encoded) in forms(value) {
                add(&mut search.text, FRAGMENT, &encoded, &format!("{name}, {form}"));
            }
            let numbers: Vec<_> = value.iter().map(ToString::to_string).collect();
            let list = numbers.join(",").into_bytes();
            add(
                &mut search.lists,
                LIST_FRAGMENT,
                &list,
                &format!("{name}, as numbers"),
            );
        }
        search
    }

    /// The first marker in `text`, with what stands around it.
    pub(crate) fn find(&self, text: &[u8]) -> Option<String> {
        // Wrapped and indented encodings are put together again.
        let joined: Vec<u8> = text
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        self.find_as_is(text).or_else(|| self.find_as_is(&joined))
    }

    fn find_as_is(&self, text: &[u8]) -> Option<String> {
        let found = lookup(&self.text, FRAGMENT, text).or_else(|| lookup(&self.lists, LIST_FRAGMENT, text));
        let found = found.or_else(|| {
            let at = (0..text.len()).find(|&at| is_web_token(&text[at..]));
            at.map(|at| (at, "a JSON Web Token"))
        });
        found.map(|(at, label)| {
            let around = &text[at.saturating_sub(120)..text.len().min(at + 60)];
            format!("{label}: …{}…", String::from_utf8_lossy(around))
        })
    }
}

/// Whether the text begins as a JSON Web Token does: with an object of JSON in base64url. A digest has these three
/// letters by chance once in a while, but then it is no text.
fn is_web_token(text: &[u8]) -> bool {
    if !text.starts_with(b"eyJ") {
        return false;
    }
    let length = text
        .iter()
        .take(2 * FRAGMENT)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .count();
    let quads = &text[..length - length % 4];
    let decoded = URL_SAFE_NO_PAD.decode(quads).unwrap_or_default();
    length >= FRAGMENT && decoded.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn add(fragments: &mut HashMap<Vec<u8>, String>, length: usize, encoded: &[u8], label: &str) {
    for fragment in encoded.windows(length) {
        let mut distinct = fragment.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() >= LEAST_DISTINCT {
            fragments
                .entry(fragment.to_vec())
                .or_insert_with(|| label.to_owned());
        }
    }
}

fn lookup<'a>(
    fragments: &'a HashMap<Vec<u8>, String>,
    length: usize,
    text: &[u8],
) -> Option<(usize, &'a str)> {
    let mut windows = text.windows(length).enumerate();
    windows.find_map(|(at, window)| fragments.get(window).map(|label| (at, label.as_str())))
}

/// Every way in which a program could write a value by accident.
fn forms(value: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let percent: String = url::form_urlencoded::byte_serialize(value).collect();
    let each = |write: fn(u8) -> String| -> Vec<u8> {
        value.iter().flat_map(|&byte| write(byte).into_bytes()).collect()
    };
    let text = String::from_utf8_lossy(value);
    let mut forms = vec![
        ("as it is", value.to_vec()),
        ("hexadecimal", each(|byte| format!("{byte:02x}"))),
        ("hexadecimal", each(|byte| format!("{byte:02X}"))),
        ("percent-encoded", percent.into_bytes()),
        ("percent-encoded", each(|byte| format!("%{byte:02X}"))),
        ("as Debug writes it", format!("{text:?}").into_bytes()),
        (
            "as Debug writes bytes",
            value.escape_ascii().to_string().into_bytes(),
        ),
        ("in JSON", serde_json::json!(text).to_string().into_bytes()),
    ];
    // What stands before a value decides which of three ways base64 writes it.
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value);
        for (form, mut encoded) in [
            ("base64", STANDARD_NO_PAD.encode(&bytes)),
            ("base64url", URL_SAFE_NO_PAD.encode(&bytes)),
        ] {
            encoded.pop();
            let own = encoded.split_off(if before == 0 { 0 } else { before + 1 });
            forms.push((form, own.into_bytes()));
        }
    }
    forms
}

#[test]
fn a_value_is_found_in_every_encoding_whole_wrapped_or_cut() {
    let marker = Marker::random("the value");
    let search = Search::new(std::slice::from_ref(&marker));
    let value = marker.text();
    for shown in [
        value.to_owned(),
        value[..14].to_owned(),
        format!("{value:?}"),
        format!("{:?}", marker.value),
        format!("{:#?}", marker.value),
        format!("{:?}", serde_json::json!({ "value": value }).to_string()),
        STANDARD_NO_PAD.encode(format!("x{value}")),
        URL_SAFE_NO_PAD.encode(format!("xx{value}y")),
        STANDARD_NO_PAD.encode(value)[8..]
            .chars()
            .flat_map(|c| [c, '\n'])
            .collect(),
        forms(&marker.value)[1].1.escape_ascii().to_string(),
        format!(
            "https://example.com/?a={}",
            url::form_urlencoded::byte_serialize(&marker.value).collect::<String>()
        ),
    ] {
        assert!(
            search
                .find(format!("level=INFO a=\"{shown}\" b").as_bytes())
                .is_some(),
            "{shown}"
        );
    }
    let token = search.find(b"Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln");
    assert!(token.is_some_and(|found| found.contains("Web Token")));
}

#[test]
fn a_digest_is_not_taken_for_a_token() {
    let search = Search::new(&[]);
    let digest = r#""digest":"eyJ2kQ0yGkVhS3mG1q0rXhY3eV0oKc8u4sPzq5Jm7bA=""#;
    assert_eq!(search.find(digest.as_bytes()), None);
    assert!(search.find(b"eyJ0eXAiOiJKV1QiLCJhbGci (cut off)").is_some());
}

#[test]
fn ordinary_words_are_not_taken_for_a_value() {
    let search = Search::new(&[Marker::random("the value"), Marker::new("zeros", vec![0; 64])]);
    let text = "2026-11-23T06:20:04Z INFO wrote 00000000-0000-0000-0000-000000000004 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]";
    assert_eq!(search.find(text.as_bytes()), None);
}
