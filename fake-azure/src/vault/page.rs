//! Pages of lists: at most 25 items and a link to the rest, which may turn out to be empty.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::http::Call;

/// The most items that the service puts on a page.
const MOST: usize = 25;

/// A page on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    pub(crate) next_link: Option<String>,
}

/// What the opaque `$skiptoken` holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Marker {
    skip: usize,
    /// The empty page before this one was served.
    served_empty: bool,
}

/// Cuts the page that the request asks for out of all items.
///
/// A full page links to the next one even when that is empty, as the service does. With `with_empty_pages` an empty
/// page with a link comes before each page with items.
pub(crate) fn cut<T>(items: Vec<T>, call: &Call, base_url: &str, with_empty_pages: bool) -> Page<T> {
    let most = call
        .parameter("maxresults")
        .and_then(|text| text.parse().ok())
        .map_or(MOST, |wanted: usize| wanted.clamp(1, MOST));
    let marker = call
        .parameter("$skiptoken")
        .and_then(|token| URL_SAFE_NO_PAD.decode(token).ok())
        .and_then(|json| serde_json::from_slice::<Marker>(&json).ok())
        .unwrap_or_default();
    if with_empty_pages && !marker.served_empty {
        let again = Marker {
            served_empty: true,
            ..marker
        };
        return Page {
            value: Vec::new(),
            next_link: Some(link(call, base_url, &again)),
        };
    }
    let value: Vec<T> = items.into_iter().skip(marker.skip).take(most).collect();
    let next = Marker {
        skip: marker.skip + value.len(),
        served_empty: false,
    };
    let next_link = (value.len() == most).then(|| link(call, base_url, &next));
    Page { value, next_link }
}

/// The address of the next page. It names the port, also where it is the usual one.
fn link(call: &Call, base_url: &str, marker: &Marker) -> String {
    let host = base_url.strip_prefix("https://").unwrap_or(base_url);
    let port = if host.contains(':') { "" } else { ":443" };
    let version = call.parameter("api-version").unwrap_or_default();
    let token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(marker).expect("a marker is JSON"));
    let most = call
        .parameter("maxresults")
        .map(|most| format!("&maxresults={most}"))
        .unwrap_or_default();
    let path = call.path.trim_end_matches('/');
    format!("{base_url}{port}{path}?api-version={version}&$skiptoken={token}{most}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(query: &str) -> Call {
        Call {
            method: hyper::Method::GET,
            host: String::new(),
            path: "/secrets".to_owned(),
            query: query.to_owned(),
            headers: hyper::HeaderMap::new(),
            body: bytes::Bytes::new(),
        }
    }

    /// The sizes of all pages of a list of `items` items, following links.
    fn sizes(items: usize, with_empty_pages: bool) -> Vec<usize> {
        let mut sizes = Vec::new();
        let mut query = "api-version=7.4".to_owned();
        for _ in 0..20 {
            let page = cut(
                (0..items).collect(),
                &call(&query),
                "https://app.vault.azure.net",
                with_empty_pages,
            );
            sizes.push(page.value.len());
            let Some(link) = page.next_link else { break };
            assert!(link.starts_with("https://app.vault.azure.net:443/secrets?api-version=7.4&$skiptoken="));
            query = link.split_once('?').expect("a link has a query").1.to_owned();
        }
        sizes
    }

    #[test]
    fn a_full_last_page_is_followed_by_an_empty_one() {
        assert_eq!(sizes(24, false), [24]);
        assert_eq!(sizes(25, false), [25, 0]);
        assert_eq!(sizes(60, false), [25, 25, 10]);
    }

    #[test]
    fn empty_pages_come_before_each_page_on_request() {
        assert_eq!(sizes(30, true), [0, 25, 0, 5]);
    }
}
