//! Who holds connections, or sends too much, keeps nobody else out.

use std::io::{Read as _, Write as _};
use std::thread;

use super::Served;
use crate::support::eventually;

#[test]
fn who_sends_a_header_byte_by_byte_loses_the_connection_while_probes_are_answered() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let mut slow = served.at.connect().expect("connected");
    slow.write_all(b"GET /status HTTP/1.1\r\nX-Slow: ")
        .expect("written");
    eventually("the slow one loses its connection", || {
        assert_eq!(served.at.ask("GET", "/livez").status, 200);
        slow.write_all(b"a").is_err()
    });
}

#[test]
fn three_hundred_connections_that_say_nothing_keep_no_probe_out() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let mut held: Vec<_> = (0..300)
        .map(|_| served.at.connect().expect("connected"))
        .collect();
    for path in ["/livez", "/readyz", "/status"] {
        assert_eq!(served.at.ask("GET", path).status, 200, "{path}");
    }
    // The oldest made room.
    let first = &mut held[0];
    assert_eq!(first.read(&mut [0; 16]).unwrap_or_default(), 0);
}

#[test]
fn two_hundred_requests_at_once_are_all_answered() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let asked: Vec<_> = (0..200)
        .map(|number| {
            let at = served.at.clone();
            thread::spawn(move || at.ask("GET", ["/status", "/readyz"][number % 2]).status)
        })
        .collect();
    let answers = asked.into_iter().map(|asked| asked.join().expect("no panic"));
    let answers: Vec<_> = answers.filter(|status| *status != 200).collect();
    assert_eq!(answers, Vec::<u16>::new());
}

#[test]
fn a_head_that_is_too_large_is_refused_as_such() {
    let served = Served::at_loopback();
    let _running = served.ready();
    let many: Vec<_> = (0..100).map(|number| format!("X-{number}: a\r\n")).collect();
    for (what, headers) in [
        ("a long header", format!("X-Long: {}\r\n", "a".repeat(20_000))),
        ("many headers", many.concat()),
    ] {
        let reply = served.at.ask_with("GET", "/readyz", &headers);
        assert_eq!(reply.status, 431, "{what}: {reply:?}");
    }
    let long = format!("/{}", "a".repeat(20_000));
    let reply = served.at.ask("GET", &long);
    assert!([414, 431].contains(&reply.status), "{reply:?}");
    assert_eq!(served.at.ask("GET", "/readyz").status, 200);
}

#[test]
fn what_is_no_request_is_refused_and_a_body_that_is_not_wanted_is_not_read() {
    let served = Served::at_loopback();
    let _running = served.ready();
    for request in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let status = served.at.send(request).status;
        assert!([0, 400, 404, 421, 505].contains(&status), "{request:?}: {status}");
    }
    let reply = served
        .at
        .ask_with("POST", "/sync", "Content-Length: 99999999\r\n");
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(served.at.ask("GET", "/livez").status, 200);
}
