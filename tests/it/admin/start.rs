//! Start and end of the server.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use fake_azure::{Effect, Fault, Service};
use nix::sys::signal::Signal;

use super::Served;
use super::client::{At, reply};
use crate::support::{events, eventually};

#[test]
fn a_port_that_is_taken_ends_it_with_2_and_is_named() {
    let served = Served::at_loopback();
    let At::Port(address) = served.at else {
        panic!("a port")
    };
    let _other = TcpListener::bind(address).expect("free");
    let (status, lines) = served.world.run().finish();
    assert_eq!(status.code(), Some(2));
    let ended = &events(&lines, "Ended")[0];
    let error = ended["error"].as_str().expect("text");
    assert!(
        error.starts_with(&format!("cannot listen at {address} (admin.listen)")),
        "{ended}"
    );
    assert!(
        ended["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("another program has this port"))
    );
}

#[test]
fn a_socket_that_another_run_answers_is_taken_and_one_that_a_killed_run_left_is_replaced() {
    let served = Served::at_socket();
    let first = served.ready();
    // Another volume, so that nothing but the socket stands between them.
    let manifest = served.world.path("manifest.yaml");
    let text = std::fs::read_to_string(&manifest).expect("readable");
    std::fs::create_dir(served.world.path("another")).expect("created");
    let another = text.replace("/volume\"", "/another\"");
    assert_ne!(text, another);
    std::fs::write(&manifest, another).expect("written");
    let (status, lines) = served.world.run().finish();
    assert_eq!(status.code(), Some(2), "{lines:#?}");
    let ended = &events(&lines, "Ended")[0];
    assert!(
        ended["error"]
            .as_str()
            .is_some_and(|error| error.contains("(admin.socket)")),
        "{ended}"
    );
    assert_eq!(
        served.at.ask("GET", "/readyz").status,
        200,
        "the first still answers"
    );
    first.signal(Signal::SIGKILL);
    drop(first);
    assert!(served.socket().exists(), "it is left");
    let running = served.ready();
    assert_eq!(served.at.ask("GET", "/readyz").status, 200);
    let mode = std::fs::metadata(served.socket())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(running.stop().0.code(), Some(0));
    assert!(!served.socket().exists(), "an orderly end removes it");
}

#[test]
fn sigterm_with_open_connections_ends_it_within_a_second() {
    let served = Served::at_loopback();
    let running = served.ready();
    let _idle = served.at.connect().expect("connected");
    let mut half = served.at.connect().expect("connected");
    half.write_all(b"GET /status HTTP/1.1\r\nHos").expect("written");
    served
        .world
        .fake
        .faults()
        .inject(Fault::new(Service::Vault, Effect::Hang));
    let mut waits = served.at.connect().expect("connected");
    let host = served.at.host();
    write!(waits, "POST /sync HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("written");
    eventually("the vault is asked", || {
        served.world.fake.calls().of_object("db") == 2
    });
    let told = Instant::now();
    assert_eq!(running.stop().0.code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    // Who waits for a sync gets an answer, or sees the end.
    let answer = reply(&mut *waits);
    assert!([0, 504].contains(&answer.status), "{answer:?}");
}
