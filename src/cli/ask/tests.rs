use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use socket2::{Domain, SockAddr, Socket, Type};

use super::*;

const LONG: Duration = Duration::from_secs(20);
const STATUS: Request<'static> = Request {
    method: "GET",
    target: "/status",
    private: true,
};

/// Takes one connection, reads a head, answers so, and gives what was read.
fn server(listener: TcpListener, answer: &'static [u8]) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut read = Vec::new();
        let mut part = [0; 1024];
        while !read.ends_with(b"\r\n\r\n") {
            let count = stream.read(&mut part).expect("readable");
            read.extend_from_slice(&part[..count]);
        }
        stream.write_all(answer).expect("writable");
        String::from_utf8(read).expect("text")
    })
}

fn local() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn at(address: SocketAddr) -> Program {
    let listen = Some(address);
    Program::of(&AdminSpec {
        listen,
        ..AdminSpec::default()
    })
    .expect("somewhere")
}

fn answered(answer: &'static [u8]) -> Result<Answer, String> {
    let (listener, address) = local();
    let server = server(listener, answer);
    let answer = at(address).ask(&STATUS, LONG).map_err(|error| error.to_string());
    server.join().expect("no panic");
    answer
}

#[test]
fn an_answer_has_a_status_a_wait_and_a_body_of_the_length_that_it_says() {
    let answer = answered(b"HTTP/1.1 503 No\r\nRetry-After: 7\r\ncontent-length: 4\r\n\r\nbusy and more")
        .expect("read");
    assert_eq!(
        (answer.status, answer.retry_after),
        (503, Some(Duration::from_secs(7)))
    );
    assert_eq!(answer.body, b"busy");
    let answer = answered(b"HTTP/1.1 200 OK\r\n\r\nto the end").expect("read");
    assert_eq!(answer.body, b"to the end");
}

#[test]
fn what_is_no_answer_of_ours_is_told_and_not_waited_for() {
    for (answer, told) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n"[..], "what answers is no HTTP server"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
            "ended before the answer did",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "is no number"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "does not end",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "comes in pieces",
        ),
        (b"", "ended before the answer did"),
    ] {
        let error = answered(answer).expect_err("no answer");
        assert!(error.contains(told), "{told}: {error}");
    }
}

#[test]
fn who_takes_a_connection_and_says_nothing_is_not_waited_for_longer_than_told() {
    let (_listener, address) = local();
    let error = at(address)
        .ask(&STATUS, Duration::from_millis(50))
        .expect_err("silence");
    assert!(error.to_string().ends_with("it took too long"), "{error}");
    let failure = CommandFailure::from(error);
    assert_eq!(failure.exit, Exit::Unavailable);
}

#[test]
fn a_socket_at_which_too_many_wait_is_not_waited_for_longer_than_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("admin.sock");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    let name = SockAddr::unix(&path).expect("a name");
    listener
        .bind(&name)
        .and_then(|()| listener.listen(1))
        .expect("bound");
    let patience = Duration::from_millis(20);
    let mut waiting = Vec::new();
    let full = loop {
        let deadline = Instant::now() + patience;
        match Door::Socket(path.clone()).open(deadline) {
            Ok(stream) => waiting.push(stream),
            Err(error) => break error,
        }
        assert!(waiting.len() < 100, "it takes any number");
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn the_socket_is_asked_first_then_the_address_and_each_that_fails_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("admin.sock");
    let (listener, address) = local();
    let spec = AdminSpec {
        listen: Some(address),
        socket: Some(path.clone()),
        token_file: None,
    };
    let program = Program::of(&spec).expect("somewhere");
    let asked = server(listener, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(
        program.ask(&STATUS, LONG).map(|answer| answer.status).ok(),
        Some(200)
    );
    let asked = asked.join().expect("no panic");
    assert!(
        asked.starts_with("GET /status HTTP/1.1\r\n") && asked.contains(&format!("host: {address}\r\n")),
        "{asked}"
    );
    let error = program.ask(&STATUS, LONG).expect_err("nobody");
    let told = error.to_string();
    let expected = format!("nobody answers at {} (", path.display());
    assert!(
        told.starts_with(&expected) && told.contains(&format!("; nobody answers at {address} (")),
        "{told}"
    );
}

#[test]
fn what_listens_at_all_addresses_is_asked_on_loopback_with_the_token() {
    let shown = |listen: &str| -> Vec<String> {
        let doors = ports(listen.parse().expect("an address"));
        let doors = doors.iter().map(|door| match door {
            Door::Port(address, token) => format!("{address} {token}"),
            Door::Socket(_) => unreachable!("it has no path"),
        });
        doors.collect()
    };
    assert_eq!(shown("0.0.0.0:81"), ["127.0.0.1:81 true"]);
    assert_eq!(shown("[::]:81"), ["[::1]:81 true", "127.0.0.1:81 true"]);
    assert_eq!(shown("127.0.0.1:81"), ["127.0.0.1:81 false"]);
    assert_eq!(shown("[::ffff:127.0.0.1]:81"), ["[::ffff:127.0.0.1]:81 false"]);
    assert_eq!(shown("10.0.0.1:81"), ["10.0.0.1:81 true"]);
}

#[test]
fn a_token_is_sent_only_where_it_is_asked_for_and_only_if_it_can_be() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let program = Program {
        doors: Vec::new(),
        token_file: Some(file.path().to_owned()),
    };
    let written = |request: &Request<'_>, token| {
        let door = Door::Port(SocketAddr::from(([127, 0, 0, 1], 81)), token);
        program.written(request, &door)
    };
    let probe = Request {
        target: "/readyz",
        private: false,
        ..STATUS
    };
    std::fs::write(file.path(), "the-token\n").expect("writable");
    for (request, token, sent) in [
        (&STATUS, true, true),
        (&STATUS, false, false),
        (&probe, true, false),
    ] {
        let text = written(request, token).expect("written");
        assert_eq!(
            text.contains("authorization: Bearer the-token\r\n"),
            sent,
            "{text}"
        );
    }
    for bad in ["", "a\r\nhost: b", "\u{7f}"] {
        std::fs::write(file.path(), bad).expect("writable");
        let error = written(&STATUS, true).expect_err("no token");
        assert!(
            error.to_string().contains("(admin.tokenFile) cannot be read"),
            "{error}"
        );
        assert_eq!(CommandFailure::from(error).exit, Exit::Usage);
    }
}

#[test]
fn a_socket_of_another_user_is_not_taken_for_one_on_which_nobody_answers() {
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    let error = Unanswered::Nobody(vec![("/a".to_owned(), denied), ("[::1]:81".to_owned(), refused)]);
    assert_eq!(
        error.to_string(),
        "this user may not open /a (permission denied); nobody answers at [::1]:81 (connection refused)"
    );
    let text = CommandFailure::from(error).render(false);
    assert!(
        text.contains("\nhint: who may open the socket may ask: run this as the user of akv-sync"),
        "{text}"
    );
}
