//! The headers of a request, some of them with a secret in it, which is the one that is served.

use std::io::{self, ErrorKind};
use std::path::Path;

use encoding::typed;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::domain::desired::{HookHeader, HookHeaderValue};
use crate::domain::hook::HookFailure;
use crate::domain::secret::SecretBytes;
use crate::domain::unread;
use crate::hooks::failure;

/// Longest value, in bytes; servers take no more.
const LIMIT: usize = 16 * 1024;

/// All of them, in order.
pub(super) fn all(headers: &[HookHeader], volume: &Path) -> Result<HeaderMap, HookFailure> {
    let mut all = HeaderMap::new();
    for header in headers {
        let name = &header.name;
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            failure(
                "a header of the hook has a name that HTTP does not allow",
                "correct `headers` of the hook: letters, digits and hyphens",
            )
        })?;
        all.append(known, value(name, &header.value, volume)?);
    }
    Ok(all)
}

fn value(name: &str, value: &HookHeaderValue, volume: &Path) -> Result<HeaderValue, HookFailure> {
    match value {
        HookHeaderValue::Text(text) => sensitive(text.as_bytes()).ok_or_else(|| {
            failure(
                format!("the value of the header {name} has a character that HTTP does not allow"),
                "correct `headers` of the hook",
            )
        }),
        HookHeaderValue::Served { prefix, file } => {
            let read = named_file::bytes_of_regular(&volume.join(file.as_path()), LIMIT);
            let read = SecretBytes::new(read.map_err(|error| unreadable(name, file.as_str(), &error))?);
            if read.len() > LIMIT {
                return Err(failure(
                    format!("the file {file} has more than 16 KiB, too much for the header {name}"),
                    "name another secret in `valueFrom` of the header",
                ));
            }
            let served = typed::value(read.expose());
            let whole = Zeroizing::new([prefix.as_bytes(), served].concat());
            sensitive(&whole).ok_or_else(|| {
                failure(
                    format!("the file {file} holds a character that the header {name} cannot: a line end within the value, NUL or another control character"),
                    "store the secret without it, or name another one in `valueFrom` of the header",
                )
            })
        }
    }
}

/// Marked, so that no library prints it.
fn sensitive(value: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn unreadable(name: &str, file: &str, error: &io::Error) -> HookFailure {
    let seen = if error.kind() == ErrorKind::NotFound {
        "is not there".to_owned()
    } else {
        format!("cannot be read: {error}")
    };
    failure(
        format!("the file {file} for the header {name} {seen}"),
        unread::hint(
            error.kind(),
            "find out from the log why the secret is not written; the hook is tried again",
        ),
    )
}
