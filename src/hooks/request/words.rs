//! What went wrong with a request, and what to do.

use std::collections::BTreeSet;
use std::error::Error as _;

use nix::libc;
use reqwest::StatusCode;

use super::Server;
use crate::domain::hook::HookFailure;
use crate::domain::unread;
use crate::hooks::failure;
use crate::transport::certificate_hint::{ANEW, CLOCK, NAME};
use crate::transport::limits::CONNECT;
use crate::transport::{SetupError, WireCause};

const STARTING: &str =
    "nothing, while the application starts: the hook is tried again; else check that it listens there";

/// Nobody could be asked.
pub(super) fn no_client(error: &SetupError) -> HookFailure {
    let cause = error.source().map(|cause| format!(": {cause}"));
    failure(format!("{error}{}", cause.unwrap_or_default()), error.hint())
}

/// The request left, or could not, and nothing came back.
pub(super) fn no_answer(server: &Server<'_>, error: &reqwest::Error) -> HookFailure {
    let who = shown(server);
    let cause = WireCause::of(error);
    let system = match &cause {
        Some(WireCause::System(number)) => *number,
        _ => 0,
    };
    match (&cause, system) {
        (_, libc::ECONNREFUSED) => failure(format!("{who} refuses connections"), STARTING),
        (_, libc::ENOENT) if server.unix_socket.is_some() => {
            failure(format!("the socket of {who} is not there"), STARTING)
        }
        (_, libc::EACCES | libc::EPERM) if server.unix_socket.is_some() => failure(
            format!("akv-sync may not write to the socket of {who}"),
            unread::DENIED,
        ),
        (Some(WireCause::Tls(tls)), _) => failure(
            format!("the TLS handshake with {who} failed: {tls}"),
            tls_hint(cause.as_ref()),
        ),
        _ if error.is_timeout() && error.is_connect() => failure(
            format!("there was no connection to {who} within {} s", CONNECT.as_secs()),
            "check what its name resolves to here, and whether a NetworkPolicy or a firewall drops what goes there",
        ),
        _ if error.is_timeout() => failure(
            format!("{who} did not answer in time"),
            "make it quicker, or raise `timeout` of the hook",
        ),
        (Some(cause), _) => failure(format!("{who} gave no answer: {cause}"), STARTING),
        (None, _) if error.is_connect() => failure(
            format!("there is no connection to {who}"),
            "check that its name can be resolved here, and that it listens",
        ),
        (None, _) => failure(
            format!("{who} gave no answer that is HTTP"),
            "check `url` of the hook",
        ),
    }
}

fn tls_hint(cause: Option<&WireCause>) -> &'static str {
    match cause.and_then(WireCause::certificate_hint) {
        Some(hint @ (ANEW | CLOCK | NAME)) => hint,
        Some(_) => "name the authority that signed the server's certificate in `caFile` of the hook",
        None => "check that the server speaks TLS at this port",
    }
}

/// An answer came, with another status than was hoped for.
pub(super) fn not_expected(server: &Server<'_>, status: StatusCode, expect: &BTreeSet<u16>) -> HookFailure {
    let wanted = if expect.is_empty() {
        "200 to 299".to_owned()
    } else {
        let each: Vec<_> = expect.iter().map(u16::to_string).collect();
        each.join(" or ")
    };
    let hint = match status.as_u16() {
        300..=399 => "redirects are not followed: name in `url` where this one leads",
        401 | 403 => "correct `headers` of the hook: the server does not accept who asks",
        404 => "correct `url` of the hook",
        405 => "correct `method` of the hook",
        500.. => "find out from the server's log why; the hook is tried again",
        _ => "correct the hook, or its `expect` if this answer is a success",
    };
    failure(format!("{} answered {status}, not {wanted}", shown(server)), hint)
}

/// Who was asked, without what a URL may carry that is nobody's business.
fn shown(server: &Server<'_>) -> String {
    let url = server.url;
    if let Some(socket) = server.unix_socket {
        return format!("{} at {}", url.path(), socket.display());
    }
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!(
        "{}://{host}{}{}",
        url.scheme(),
        port.unwrap_or_default(),
        url.path()
    )
}
