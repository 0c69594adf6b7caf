//! A whole answer of a vault, read within a size limit.
//!
//! Invariant: no more than [`LIMIT`] bytes of a body are ever held, and the buffer they are held in is wiped.

use std::fmt;

use azure_core::Bytes;
use azure_core::http::AsyncRawResponse;
use azure_core::http::StatusCode;
use azure_core::http::headers::{CONTENT_LENGTH, HeaderName, Headers};
use futures::StreamExt as _;
use zeroize::Zeroizing;

use super::transport_error::TransportError;

/// The largest body that is read: a secret has at most 25 KB, even if every character of it is escaped.
const LIMIT: usize = 1 << 20;

/// Status, headers and the whole body.
#[derive(Clone)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: StatusCode,
    /// Headers.
    pub(super) headers: Headers,
    /// Body; wiped when its last clone is dropped.
    pub(super) body: Bytes,
}

impl Answer {
    /// Reads a response to its end.
    pub(super) async fn read(response: AsyncRawResponse) -> Result<Self, TransportError> {
        let (status, headers, mut stream) = response.deconstruct();
        let announced = announced_length(&headers);
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(8 << 10).min(LIMIT)));
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| TransportError::while_reading(&error))?;
            if chunk.len() > LIMIT - body.len() {
                return Err(TransportError::too_large(LIMIT));
            }
            append(&mut body, &chunk);
            wipe(chunk);
        }
        if announced.is_some_and(|announced| announced > body.len()) {
            return Err(TransportError::cut_short());
        }
        Ok(Self {
            status,
            headers,
            body: Bytes::from_owner(body),
        })
    }
}

impl From<Answer> for AsyncRawResponse {
    fn from(answer: Answer) -> Self {
        Self::from_bytes(answer.status, answer.headers, answer.body)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// `Content-Length`, unless the body was compressed: then it counts other bytes.
fn announced_length(headers: &Headers) -> Option<usize> {
    const CONTENT_ENCODING: HeaderName = HeaderName::from_static("content-encoding");
    if headers.get_optional_str(&CONTENT_ENCODING).is_some() {
        return None;
    }
    headers.get_optional_str(&CONTENT_LENGTH)?.trim().parse().ok()
}

/// Appends without leaving an unwiped copy behind, which a growing `Vec` does.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

/// Overwrites bytes that nobody else holds.
pub(super) fn wipe(bytes: Bytes) {
    if let Ok(mut own) = bytes.try_into_mut() {
        zeroize::Zeroize::zeroize(&mut own[..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Reason;

    fn response(length: Option<&'static str>, chunks: Vec<azure_core::Result<Bytes>>) -> AsyncRawResponse {
        let mut headers = Headers::new();
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, length);
        }
        AsyncRawResponse::new(StatusCode::Ok, headers, Box::pin(futures::stream::iter(chunks)))
    }

    #[tokio::test]
    async fn chunks_are_joined() {
        let chunks = (0..100).map(|_| Ok(Bytes::from(vec![b'x'; 1000]))).collect();
        let answer = Answer::read(response(None, chunks)).await.expect("complete");
        assert_eq!(answer.body.as_ref(), vec![b'x'; 100_000]);
    }

    #[tokio::test]
    async fn a_body_shorter_than_announced_was_cut_short() {
        let error = Answer::read(response(Some("10"), vec![Ok(Bytes::from_static(b"{"))])).await;
        assert_eq!(error.expect_err("short").reason, Reason::Unavailable);
    }

    #[tokio::test]
    async fn an_endless_body_is_refused_at_the_limit() {
        let chunks = (0..=LIMIT / 1024)
            .map(|_| Ok(Bytes::from(vec![0; 1024])))
            .collect();
        let error = Answer::read(response(None, chunks)).await;
        assert_eq!(error.expect_err("too large").reason, Reason::Malformed);
    }

    #[tokio::test]
    async fn a_length_that_lies_reserves_no_memory() {
        let error = Answer::read(response(Some("18446744073709551615"), vec![])).await;
        assert_eq!(error.expect_err("short").reason, Reason::Unavailable);
    }
}
