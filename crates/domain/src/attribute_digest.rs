//! A digest of what a file takes from an object besides a version's value: tags and attributes, which change without a
//! new version.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::desired::{Content, FILE_ENCODING};
use super::fetched::{FetchedContent, FetchedObject};

/// How many bytes of the digest are kept: two states of one object never share them.
const DIGEST_LEN: usize = 16;

/// A digest of tags and attributes; none of them is secret. Equal when a file of the same version has the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttributeDigest(String);

impl AttributeDigest {
    /// Takes what a file is, and an object that it is made of; `None` if the value alone decides its bytes.
    pub fn of(content: &Content, object: &FetchedObject) -> Option<Self> {
        match content {
            Content::Secret(form) if form.encoding.is_some() => None,
            Content::Secret(_) | Content::Certificate(_) => {
                let tag = object.attributes.tags.get(FILE_ENCODING)?;
                Some(digest(|hash| field(hash, tag)))
            }
            Content::Template(_) => Some(digest(|hash| tags(hash, object))),
            Content::Metadata => Some(digest(|hash| all(hash, object))),
            Content::Key(_) => None,
        }
    }
}

fn all(hash: &mut Sha256, object: &FetchedObject) {
    let attributes = &object.attributes;
    for time in [
        attributes.created,
        attributes.updated,
        attributes.not_before,
        attributes.expires,
    ] {
        let seconds = time.map(|time| time.unix_timestamp().to_string());
        field(hash, &seconds.unwrap_or_default());
    }
    let content_type = match &object.content {
        FetchedContent::Secret(secret) => secret.content_type.as_deref(),
        FetchedContent::Key(_) => None,
    };
    field(hash, content_type.unwrap_or_default());
    tags(hash, object);
}

fn tags(hash: &mut Sha256, object: &FetchedObject) {
    for (key, value) in &object.attributes.tags {
        field(hash, key);
        field(hash, value);
    }
}

/// With its length, so that no two lists of fields are one.
fn field(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

fn digest(fields: impl FnOnce(&mut Sha256)) -> AttributeDigest {
    let mut hash = Sha256::new();
    fields(&mut hash);
    let digits = hash.finalize()[..DIGEST_LEN]
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        });
    AttributeDigest(digits)
}

#[cfg(test)]
mod tests {
    use super::AttributeDigest;
    use crate::payload::InputRecord;

    #[test]
    fn records_of_older_programs_keep_their_digests() {
        let text = format!(
            r#"{{"input":{{"file":"/run/pw"}},"version":"{}","facts":"0a1b"}}"#,
            "0".repeat(32)
        );
        let record: InputRecord = serde_json::from_str(&text).expect("a record");
        assert_eq!(record.digest, Some(AttributeDigest("0a1b".to_owned())));
        assert_eq!(serde_json::to_string(&record).expect("plain data"), text);
    }
}
