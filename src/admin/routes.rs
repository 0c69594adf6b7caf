//! What is answered to which path.

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use super::Admin;
use super::answer::{Answer, json, text, wrong_method};
use super::guard::{Via, refuse_foreign, refuse_stranger};
use super::{metrics, page};
use crate::domain::status::{Status, lacking};

/// Answers a request. Its body is not read: no path needs one.
pub(super) async fn answer(admin: &Admin, via: Via, request: &Request<Incoming>) -> Answer {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if let Some(refused) = refuse_foreign(via, uri, headers) {
        return refused;
    }
    let reads = method == Method::GET || method == Method::HEAD;
    match uri.path() {
        "/" | "/livez" | "/readyz" | "/startupz" | "/metrics" | "/status" if !reads => wrong_method("GET"),
        "/sync" if method != Method::POST => wrong_method("POST"),
        "/" => page::answer(),
        "/livez" => live(admin),
        "/readyz" => ready(admin, Status::serves),
        "/startupz" => ready(admin, Status::is_ready),
        "/metrics" => metrics::answer(admin, headers),
        "/status" => match refuse_stranger(via, headers, admin.token.as_ref()).await {
            Some(refused) => refused,
            None => status(admin),
        },
        "/sync" => match refuse_stranger(via, headers, admin.token.as_ref()).await {
            Some(refused) => refused,
            None => admin.syncs.answer(&admin.exposed, uri.query()).await,
        },
        _ => text(
            StatusCode::NOT_FOUND,
            "there are /, /livez, /readyz, /startupz, /metrics, /status and POST /sync",
        ),
    }
}

/// Whether its answer may take long.
pub(super) fn waits(request: &Request<Incoming>) -> bool {
    request.uri().path() == "/sync"
}

fn live(admin: &Admin) -> Answer {
    match admin.heartbeat.stuck_for() {
        None => text(StatusCode::OK, "alive"),
        Some(quiet) => {
            let line = format!("the loop has been stuck for {} s", quiet.as_secs());
            text(StatusCode::SERVICE_UNAVAILABLE, &line)
        }
    }
}

/// `is_enough` says what the probe asks for. Names are for `/status`.
fn ready(admin: &Admin, is_enough: fn(&Status) -> bool) -> Answer {
    match admin.exposed.status() {
        Some(status) if is_enough(&status) => text(StatusCode::OK, how_ready(&status)),
        status => text(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("not ready: {}", why_not(status.as_deref())),
        ),
    }
}

fn how_ready(status: &Status) -> &'static str {
    match status.ready {
        Some(ready) if ready.last_known_good => "ready, began with last known good files",
        _ => "ready",
    }
}

fn why_not(status: Option<&Status>) -> String {
    let Some(status) = status else {
        return "starting".to_owned();
    };
    let was_ready = status.is_ready();
    let count = if was_ready {
        status.incomplete().count()
    } else {
        status.unserved().count()
    };
    match count {
        _ if status.volume.failure.is_some() => "the volume cannot be read or written".to_owned(),
        0 => "starting".to_owned(),
        count => lacking(count, was_ready),
    }
}

fn status(admin: &Admin) -> Answer {
    match admin.exposed.status() {
        Some(status) => json(StatusCode::OK, &*status),
        None => text(StatusCode::SERVICE_UNAVAILABLE, "starting"),
    }
}
