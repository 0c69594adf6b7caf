//! What kept a call from getting through a proxy. The client's own type is private, so its words are read.

use std::error::Error;

use super::{ThroughProxy, chain};
use crate::domain::plain_text::one_line;

/// What all of the client's words begin with.
const START: &str = "tunnel error: ";

/// Says what the proxy did instead of opening a way to the host; `None` of a call that failed elsewhere.
pub fn blocked_by_proxy(error: &(dyn Error + 'static)) -> Option<String> {
    let said = chain(error).find_map(|cause| cause.to_string().strip_prefix(START).map(str::to_owned))?;
    let proxy = ThroughProxy::of(error).map_or("of this network", |through| through.proxy.as_str());
    let did = match said.as_str() {
        "failed to create underlying connection" => format!("cannot be reached: {}", innermost(error)),
        "proxy authorization required" => "refused: it wants a user and password (407)".to_owned(),
        // The client drops the status.
        "unsuccessful" => {
            "did not connect to the host: its answer to CONNECT was an error, such as 403 when it forbids the host, and 502, 503 or 504 when it cannot reach it"
                .to_owned()
        }
        _ => format!("did not connect to the host: {}", one_line(&said, 120)),
    };
    Some(format!("the proxy {proxy} {did}"))
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let last = chain(error).last().map(|cause| one_line(&cause.to_string(), 120));
    last.unwrap_or_default()
}
