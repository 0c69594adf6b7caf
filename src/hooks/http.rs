//! Makes a request.

mod header;

use std::path::Path;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::request::Server;
use super::{changes, off_thread};
use crate::domain::desired::{HookBody, HookMethod, HttpHook};
use crate::domain::hook::{HookCall, HookFailure};
use crate::transport::AuthorityOptions;

/// Makes it, and takes the expected answer for a success.
pub(super) async fn run(
    hook: &HttpHook,
    call: &HookCall,
    volume: &Path,
    authorities: &AuthorityOptions,
) -> Result<(), HookFailure> {
    let server = Server {
        url: &hook.url,
        unix_socket: hook.unix_socket.as_deref(),
        authorities: match &hook.ca_file {
            Some(path) => AuthorityOptions {
                ssl_cert_file: Some(path.clone()),
                ..AuthorityOptions::default()
            },
            None => authorities.clone(),
        },
        longest: call.hook.timeout,
    };
    let (wanted, volume) = (hook.headers.clone(), volume.to_owned());
    let mut headers = off_thread(move || header::all(&wanted, &volume)).await?;
    let client = server.client().await?;
    let mut request = client.request(method(hook.method), hook.url.clone());
    if hook.body == HookBody::Changes {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        request = request.body(changes::json(call));
    }
    server.ask(request.headers(headers), &hook.expect).await
}

const fn method(method: HookMethod) -> Method {
    match method {
        HookMethod::Get => Method::GET,
        HookMethod::Post => Method::POST,
        HookMethod::Put => Method::PUT,
    }
}

#[cfg(test)]
mod tests;
