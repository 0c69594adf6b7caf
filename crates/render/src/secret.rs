//! The value of a secret: decoded, a part of it selected, trimmed, ended with a newline. Without any of these steps it
//! is written as it is.
//!
//! What lies between two steps is wiped.

use std::collections::BTreeMap;

use super::error::RenderFault;
use crate::json;
use domain::desired::{FILE_ENCODING, SecretEncoding, SecretForm};
use domain::path::RelativePath;
use domain::secret::SecretBytes;

/// Longest part of an unknown encoding that an error repeats.
const SHOWN: usize = 32;

/// Takes a value, its tags, and the form that is wanted of it; gives the bytes of the file at `path`.
pub(super) fn render(
    form: &SecretForm,
    value: &SecretBytes,
    tags: &BTreeMap<String, String>,
    path: &RelativePath,
) -> Result<SecretBytes, RenderFault> {
    let (decoded, selected);
    let mut bytes = value.expose();
    if let Some(new) = decode(form, bytes, tags, path)? {
        decoded = new;
        bytes = decoded.expose();
    }
    if let Some(property) = &form.property {
        selected = json::select(bytes, property).map_err(|problem| RenderFault::Property {
            path: path.clone(),
            property: property.clone(),
            problem,
        })?;
        bytes = selected.expose();
    }
    if form.trim {
        bytes = trim(bytes);
    }
    // Allocated in one piece: growing would leave a copy behind.
    let mut file = Vec::with_capacity(bytes.len() + 1);
    file.extend_from_slice(bytes);
    if form.newline && !file.ends_with(b"\n") {
        file.push(b'\n');
    }
    Ok(SecretBytes::new(file))
}

/// `None` when the value stays as it is.
fn decode(
    form: &SecretForm,
    value: &[u8],
    tags: &BTreeMap<String, String>,
    path: &RelativePath,
) -> Result<Option<SecretBytes>, RenderFault> {
    let Some(declared) = form.encoding else {
        return decode_as_tagged(value, tags, path);
    };
    let (encoding, decoded) = match declared {
        SecretEncoding::Utf8 => return Ok(None),
        SecretEncoding::Base64 => ("base64", encoding::base64(value)),
        SecretEncoding::Hex => ("hex", encoding::hex(value)),
    };
    decoded.map(Some).map_err(|problem| RenderFault::Encoding {
        path: path.clone(),
        encoding,
        problem,
    })
}

/// As `az keyvault secret download` does it: the encodings of text say what a file was before it became the text of
/// the value.
fn decode_as_tagged(
    value: &[u8],
    tags: &BTreeMap<String, String>,
    path: &RelativePath,
) -> Result<Option<SecretBytes>, RenderFault> {
    let Some(tag) = tags.get(FILE_ENCODING) else {
        return Ok(None);
    };
    let (encoding, decoded) = match tag.to_ascii_lowercase().as_str() {
        "utf-8" | "ascii" | "utf-16le" | "utf-16be" => return Ok(None),
        "base64" => ("base64", encoding::base64(value)),
        "hex" => ("hex", encoding::hex(value)),
        _ => {
            return Err(RenderFault::UnknownFileEncoding {
                path: path.clone(),
                found: tag.chars().take(SHOWN).flat_map(char::escape_debug).collect(),
            });
        }
    };
    decoded.map(Some).map_err(|problem| RenderFault::FileEncoding {
        path: path.clone(),
        encoding,
        problem,
    })
}

/// Unicode white space of a text, ASCII white space of anything else.
fn trim(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => bytes.trim_ascii(),
    }
}
