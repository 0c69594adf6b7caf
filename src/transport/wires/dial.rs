//! The pool's connector, by the rules of its parent.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::Connection;
use tower_layer::Layer;
use tower_service::Service;

use super::{BoxError, ERRAND, Errand, Wires};

impl<S> Layer<S> for Wires {
    type Service = Dial<S>;

    fn layer(&self, inner: S) -> Dial<S> {
        let wires = self.clone();
        Dial { inner, wires }
    }
}

/// The pool's connector, by these rules.
#[derive(Debug, Clone)]
pub struct Dial<S> {
    inner: S,
    wires: Wires,
}

impl<S, R> Service<R> for Dial<S>
where
    S: Service<R, Error = BoxError> + Clone + Send + 'static,
    S::Response: Connection + Send + 'static,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let errand = ERRAND.try_with(Errand::clone).ok();
        let (mut inner, wires) = (self.inner.clone(), self.wires.clone());
        let open = async move {
            poll_fn(|cx| inner.poll_ready(cx)).await?;
            inner.call(request).await
        };
        Box::pin(async move {
            match errand {
                Some(Errand { address, ahead: true }) => wires.put_aside(address, open).await,
                Some(Errand {
                    address,
                    ahead: false,
                }) => wires.connect(address, open).await,
                None => open.await,
            }
        })
    }
}
