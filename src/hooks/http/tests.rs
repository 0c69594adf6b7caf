//! Against servers on loopback that give prepared answers.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use url::Url;

use super::*;
use crate::domain::desired::{HookAction, HookHeader, HookHeaderValue};
use crate::domain::path::RelativePath;
use crate::hooks::testing::{Script, answer, call, run, serve, serve_on_socket, serve_tls, test_apart};

fn post(url: &Url) -> HttpHook {
    HttpHook {
        url: url.clone(),
        unix_socket: None,
        ca_file: None,
        method: HookMethod::Post,
        expect: BTreeSet::new(),
        headers: Vec::new(),
        body: HookBody::Nothing,
    }
}

async fn done(hook: HttpHook) -> Result<(), HookFailure> {
    run("/vol".as_ref(), HookAction::Http(hook)).await
}

fn served(file: &str) -> HookHeader {
    HookHeader {
        name: "Authorization".to_owned(),
        value: HookHeaderValue::Served {
            prefix: "Bearer ".to_owned(),
            file: RelativePath::parse(file).expect("valid"),
        },
    }
}

#[tokio::test]
async fn a_request_is_made_as_the_hook_says_and_tells_what_changed() {
    let (url, asked) = serve(vec![answer(204), answer(200)]);
    assert_eq!(done(post(&url)).await, Ok(()));
    let request = asked.recv().expect("asked");
    assert!(request.starts_with("POST /-/reload HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n"), "{request}");
    let hook = HttpHook {
        method: HookMethod::Put,
        body: HookBody::Changes,
        headers: vec![HookHeader {
            name: "X-Level".to_owned(),
            value: HookHeaderValue::Text("info".to_owned()),
        }],
        ..post(&url)
    };
    assert_eq!(done(hook.clone()).await, Ok(()));
    let request = asked.recv().expect("asked");
    assert!(request.starts_with("PUT /-/reload HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("\r\ncontent-type: application/json\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\nx-level: info\r\n"), "{request}");
    let told = changes::json(&call(HookAction::Http(hook), &["db"]));
    assert!(request.ends_with(&told), "{request}");
}

#[test]
fn no_proxy_of_the_environment_takes_the_request() {
    let nobody = "http://127.0.0.1:1";
    let variables = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let mut variables = variables.map(|variable| (variable, nobody)).to_vec();
    variables.extend([("NO_PROXY", ""), ("no_proxy", "")]);
    let test = "a_request_is_made_as_the_hook_says_and_tells_what_changed";
    test_apart(Some(test), &variables);
}

#[tokio::test]
async fn only_the_expected_answers_are_a_success_and_a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    let location = format!(
        "Location: http://{}/\r\nConnection",
        elsewhere.local_addr().expect("bound")
    );
    let moved = answer(307).replace("Connection", &location);
    let none: &[u16] = &[];
    for (given, expect, said) in [
        (answer(299), none, Ok(())),
        (
            answer(500),
            none,
            Err((
                "answered 500 Internal Server Error, not 200 to 299",
                "the server's log",
            )),
        ),
        (
            answer(200),
            &[202, 204],
            Err(("answered 200 OK, not 202 or 204", "`expect`")),
        ),
        (answer(404), &[404], Ok(())),
        (answer(401), none, Err(("answered 401 Unauthorized", "`headers`"))),
        (answer(404), none, Err(("answered 404 Not Found", "`url`"))),
        (
            answer(405),
            none,
            Err(("answered 405 Method Not Allowed", "`method`")),
        ),
        (
            moved.clone(),
            none,
            Err(("answered 307 Temporary Redirect", "redirects are not followed")),
        ),
        (moved, &[307], Ok(())),
    ] {
        let (url, _asked) = serve(vec![given]);
        let hook = HttpHook {
            expect: expect.iter().copied().collect(),
            ..post(&url)
        };
        match (done(hook).await, said) {
            (Ok(()), Ok(())) => {}
            (Err(failure), Err((error, hint))) => {
                assert!(failure.error.contains(error), "{failure:?}");
                assert!(failure.hint.contains(hint), "{failure:?}");
            }
            (got, said) => panic!("{got:?}, not {said:?}"),
        }
    }
    elsewhere.set_nonblocking(true).expect("set");
    elsewhere.accept().expect_err("nobody came");
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_told_without_what_is_secret_in_its_url() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let url = Url::parse(&format!(
        "http://user:marker-1@127.0.0.1:{port}/reload?key=marker-2"
    ))
    .expect("a URL");
    let failure = done(post(&url)).await.expect_err("refused");
    assert_eq!(
        failure.error,
        format!("http://127.0.0.1:{port}/reload refuses connections")
    );
    assert!(
        failure.hint.starts_with("nothing, while the application starts"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_request_through_a_socket_reaches_who_listens_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("app.sock");
    let url = Url::parse("http://localhost/v1/reload").expect("a URL");
    let hook = HttpHook {
        unix_socket: Some(socket.clone()),
        ..post(&url)
    };
    let failure = done(hook.clone()).await.expect_err("nobody is there");
    let shown = socket.display();
    assert_eq!(
        failure.error,
        format!("the socket of /v1/reload at {shown} is not there")
    );
    let asked = serve_on_socket(&socket, vec![answer(200)]);
    assert_eq!(done(hook).await, Ok(()));
    let request = asked.recv().expect("asked");
    assert!(
        request.starts_with("POST /v1/reload HTTP/1.1\r\n") && request.contains("\r\nhost: localhost\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn the_authorities_of_a_file_are_read_again_for_each_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("ca.pem");
    let (url, authority, asked) = serve_tls(vec![answer(200), answer(200)]);
    let hook = HttpHook {
        ca_file: Some(bundle.clone()),
        ..post(&url)
    };
    let failure = done(hook.clone()).await.expect_err("no file");
    assert!(
        failure.error.contains("cannot be read from") && failure.error.contains("No such file"),
        "{failure:?}"
    );
    let (_, another, _) = serve_tls(Vec::new());
    fs::write(&bundle, another).expect("written");
    let failure = done(hook.clone()).await.expect_err("another authority");
    assert!(
        failure
            .error
            .starts_with("the TLS handshake with https://localhost:"),
        "{failure:?}"
    );
    assert!(failure.hint.contains("`caFile`"), "{failure:?}");
    fs::write(&bundle, authority).expect("written");
    assert_eq!(done(hook).await, Ok(()));
    assert_eq!(asked.try_iter().count(), 1);
}

#[tokio::test]
async fn a_header_has_the_value_that_is_served_now() {
    let volume = tempfile::tempdir().expect("a folder");
    let (url, asked) = serve(vec![answer(200), answer(200)]);
    let hook = HttpHook {
        headers: vec![served("api-key")],
        ..post(&url)
    };
    for value in ["first", "second\n"] {
        fs::write(volume.path().join("api-key"), value).expect("written");
        let done = run(volume.path(), HookAction::Http(hook.clone())).await;
        assert_eq!(done, Ok(()));
        let request = asked.recv().expect("asked");
        let line = format!("\r\nauthorization: Bearer {}\r\n", value.trim_end());
        assert!(request.contains(&line), "{request}");
    }
}

/// While there is one subscriber in the process, `tracing` remembers a no of a thread of another test.
static SECOND_SUBSCRIBER: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));

#[tokio::test]
async fn neither_an_error_nor_the_log_shows_what_a_header_holds() {
    LazyLock::force(&SECOND_SUBSCRIBER);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(Arc::new(log.reopen().expect("opened")))
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let volume = tempfile::tempdir().expect("a folder");
    let write = |value: &str| fs::write(volume.path().join("api-key"), value).expect("written");
    let echo =
        "HTTP/1.1 500 marker\r\nX-Echo: marker\r\nContent-Length: 6\r\nConnection: close\r\n\r\nmarker";
    let (url, asked) = serve(vec![echo.to_owned(), "marker is no HTTP".to_owned(), answer(200)]);
    let hook = HttpHook {
        headers: vec![served("api-key")],
        ..post(&url)
    };
    let mut told = Vec::new();
    for value in [
        "marker",
        "marker",
        "marker\nX-Other: marker",
        "marker\r",
        "mar\0ker",
        "marker\n\n",
    ] {
        write(value);
        let failure = run(volume.path(), HookAction::Http(hook.clone())).await;
        told.push(failure.expect_err("it cannot succeed"));
    }
    assert!(
        told[2..]
            .iter()
            .all(|failure| failure.error.contains("holds a character")),
        "{told:?}"
    );
    write(&"marker".repeat(4096));
    told.push(
        run(volume.path(), HookAction::Http(hook.clone()))
            .await
            .expect_err("too long"),
    );
    fs::remove_file(volume.path().join("api-key")).expect("removed");
    told.push(
        run(volume.path(), HookAction::Http(hook.clone()))
            .await
            .expect_err("missing"),
    );
    write("marker");
    assert_eq!(run(volume.path(), HookAction::Http(hook)).await, Ok(()));
    assert_eq!(
        asked
            .try_iter()
            .filter(|request| request.contains("Bearer marker"))
            .count(),
        3
    );
    run(volume.path(), Script::new("echo heard").action())
        .await
        .expect("a success");
    let log = fs::read_to_string(log.path()).expect("read");
    assert!(log.contains("Hook output") && log.contains("heard"), "{log}");
    let told = format!("{told:?}{log}");
    assert!(!told.contains("marker") && !told.contains("ker"), "{told}");
}
