//! The body of an answer: whole, or broken off in the middle.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// A body.
#[derive(Debug)]
pub(crate) enum Body {
    Whole(Option<Bytes>),
    /// Half of the bytes, then an error, by which the server ends the connection or, in HTTP/2, the stream.
    Truncated {
        half: Option<Bytes>,
        pauses: u8,
    },
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn truncated(mut bytes: Bytes) -> Self {
        bytes.truncate(bytes.len() / 2);
        Self::Truncated {
            half: Some(bytes),
            pauses: 2,
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Truncated { half, pauses } => {
                if let Some(half) = half.take() {
                    return Poll::Ready(Some(Ok(Frame::data(half))));
                }
                // The server sends what it has when a body pauses, and drops it when a body fails.
                if *pauses > 0 {
                    *pauses -= 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(io::Error::other("broken off on purpose"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Truncated { .. } => SizeHint::default(),
        }
    }
}
