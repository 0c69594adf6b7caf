//! Methods, paths, hosts, origins and tokens.

use super::Served;
use super::client::At;
use crate::support::eventually;

#[test]
fn a_path_is_answered_as_it_is_written_and_in_no_other_way() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let host = served.at.host();
    let absolute = format!("http://{host}/livez");
    for (target, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/startupz", 200),
        ("/status", 200),
        ("/status?x", 200),
        (absolute.as_str(), 200),
        ("http://example.com/status", 421),
        ("//status", 404),
        ("/status/", 404),
        ("/status/../livez", 404),
        ("/livez/../status", 404),
        ("/%73tatus", 404),
        ("/status%00", 404),
        ("/STATUS", 404),
        ("/", 200),
        ("/?x", 200),
        ("/index.html", 404),
        ("*", 404),
    ] {
        let reply = served.at.ask("GET", target);
        assert_eq!(reply.status, status, "{target}: {reply:?}");
        assert!(
            status == 400 || reply.head.contains("\r\nconnection: close"),
            "{reply:?}"
        );
    }
}

#[test]
fn each_path_has_its_methods() {
    let served = Served::at_socket();
    let _running = served.ready();
    for (method, target, status) in [
        ("HEAD", "/readyz", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 405),
        ("POST", "/readyz", 405),
        ("DELETE", "/status", 405),
        ("OPTIONS", "/status", 405),
        ("GET", "/sync", 405),
        ("PUT", "/sync", 405),
    ] {
        let reply = served.at.ask(method, target);
        assert_eq!(reply.status, status, "{method} {target}: {reply:?}");
        assert_eq!(status == 405, reply.head.contains("\r\nallow: "), "{reply:?}");
        assert!(method != "HEAD" || reply.body.is_empty(), "{reply:?}");
    }
}

#[test]
fn the_status_page_is_the_same_through_every_listener_and_may_be_kept_or_framed_by_nobody() {
    let served = [
        Served::at_socket(),
        Served::at_loopback(),
        Served::at_all_addresses("token"),
    ];
    let pages = served.map(|served| {
        let _running = served.ready();
        let page = served.at.ask("GET", "/");
        assert_eq!(page.status, 200, "{page:?}");
        for header in [
            "content-type: text/html; charset=utf-8",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "content-security-policy: default-src 'none'; ",
            "frame-ancestors 'none'",
        ] {
            assert!(page.head.contains(header), "{header}: {}", page.head);
        }
        assert!(!page.head.contains("set-cookie"), "{}", page.head);
        page.body
    });
    assert!(pages[0].starts_with("<!doctype html>") && pages.iter().all(|page| *page == pages[0]));
}

#[test]
fn a_foreign_host_or_page_gets_nothing_from_a_listener_on_loopback() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let host = served.at.host();
    for (headers, status) in [
        (format!("Host: {host}\r\n"), 200),
        ("Host: localhost\r\n".to_owned(), 200),
        ("Host: example.com\r\n".to_owned(), 421),
        (String::new(), 421),
        (format!("Host: {host}\r\nHost: example.com\r\n"), 421),
        (format!("Host: {host}\r\nOrigin: http://{host}\r\n"), 200),
        (format!("Host: {host}\r\nOrigin: https://example.com\r\n"), 403),
        (format!("Host: {host}\r\nOrigin: null\r\n"), 403),
    ] {
        for path in ["/status", "/"] {
            let reply = served.at.send(&format!("GET {path} HTTP/1.1\r\n{headers}\r\n"));
            assert_eq!(reply.status, status, "{path} {headers:?}: {reply:?}");
            assert!(status == 200 || !reply.body.contains("db"), "{reply:?}");
        }
    }
}

#[test]
fn strangers_get_probes_and_need_the_token_that_is_in_the_file_now_for_the_rest() {
    let served = Served::at_all_addresses("first");
    let _running = served.ready();
    let at = &served.at;
    let with = |token: &str, method: &str, path: &str| {
        at.ask_with(method, path, &format!("Authorization: Bearer {token}\r\n"))
            .status
    };
    for path in ["/livez", "/readyz", "/startupz"] {
        let reply = at.ask("GET", path);
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.body.contains("db"), "words only: {reply:?}");
    }
    let page = at.ask("GET", "/");
    assert_eq!(page.status, 200, "it has a place for the token");
    assert!(!page.body.contains("db"), "and nothing of this process: {page:?}");
    for (method, path) in [("GET", "/status"), ("POST", "/sync")] {
        let refused = at.ask(method, path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(
            refused.head.contains("www-authenticate: bearer") && !refused.body.contains("db"),
            "{refused:?}"
        );
        assert_eq!(with("second", method, path), 401);
    }
    assert_eq!(with("first", "GET", "/status"), 200);
    std::fs::write(served.world.path("admin-token"), "second\n").expect("written");
    assert_eq!(with("first", "GET", "/status"), 401);
    assert_eq!(with("second", "GET", "/status"), 200);
    assert_eq!(with("second", "POST", "/sync"), 200);
}

#[test]
fn a_token_file_that_is_gone_lets_nobody_in_and_is_told_once() {
    let served = Served::at_all_addresses("first");
    let mut running = served.ready();
    std::fs::remove_file(served.world.path("admin-token")).expect("removed");
    for _ in 0..3 {
        let reply = served
            .at
            .ask_with("GET", "/status", "Authorization: Bearer first\r\n");
        assert_eq!(reply.status, 401, "{reply:?}");
    }
    let told = running.event("Admin token not read");
    assert!(
        told["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("admin-token")),
        "{told}"
    );
    let (_, lines) = running.stop();
    assert_eq!(crate::support::events(&lines, "Admin token not read").len(), 1);
}

#[test]
fn without_ipv6_or_with_it_all_addresses_are_those_of_ipv4_too() {
    let served = Served::at_all_addresses("token");
    let manifest = served.world.path("manifest.yaml");
    let text = std::fs::read_to_string(&manifest).expect("readable");
    std::fs::write(&manifest, text.replace("\"0.0.0.0:", "\"[::]:")).expect("written");
    let _running = served.ready();
    assert!(matches!(served.at, At::Port(address) if address.is_ipv4()));
    eventually("it answers", || served.at.ask("GET", "/readyz").status == 200);
}
