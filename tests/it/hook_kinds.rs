//! Each kind of hook with the real program: a signal, a request, a marker file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};

use crate::support::{Running, World, eventually};

/// A world with one secret, and these hooks; `{dir}` in them is the world's directory.
fn world(hooks: &str) -> World {
    let world = World::new();
    world.fake.vault("app").set_secret("api-key", "hunter2-one");
    let marker = world.path("x");
    let directory = marker.parent().expect("a directory").display().to_string();
    let middle = format!(
        "refresh: {{ interval: 24h }}\nhooks:\n{}",
        hooks.replace("{dir}", &directory)
    );
    world.manifest_with(&middle, "secrets: [{ name: api-key, path: app/key }]");
    world
}

fn rotated(world: &World, value: &str) -> Running {
    let mut running = world.run();
    running.event("Ready");
    world.fake.vault("app").set_secret("api-key", value);
    running.sync();
    running
}

/// A program of a name of its own that notes SIGHUP; killed when dropped.
struct Application(Child);

impl Application {
    fn start(world: &World) -> Self {
        let (pid, got) = (world.path("app.pid"), world.path("got"));
        let script = format!(
            "trap 'touch {}' HUP; echo $$ > {}; while :; do sleep 0.05; done",
            got.display(),
            pid.display()
        );
        // Of a test under `nohup` it would inherit that SIGHUP is ignored, which no shell can trap.
        let child = Command::new("env")
            .args(["--default-signal=HUP", "/bin/sh", "-c", &script])
            .spawn();
        let application = Self(child.expect("a shell"));
        eventually("it has written its number", || {
            fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n'))
        });
        application
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_signal_reaches_the_process_of_a_pid_file() {
    let world = world("  - { name: hup, signal: { pidFile: \"{dir}/app.pid\", signal: SIGHUP } }");
    let _application = Application::start(&world);
    let mut running = rotated(&world, "two");
    running.event("Hook succeeded");
    eventually("the application got it", || world.path("got").exists());
}

#[test]
fn a_marker_file_gets_a_new_time_with_each_change() {
    let world = world("  - { name: mark, touch: { path: \"{dir}/changed\" } }");
    let mut running = rotated(&world, "two");
    running.event("Hook succeeded");
    let first = fs::read_to_string(world.path("changed")).expect("marked");
    world.fake.vault("app").set_secret("api-key", "three");
    running.sync();
    running.event("Hook succeeded");
    assert_ne!(fs::read_to_string(world.path("changed")).expect("marked"), first);
}

/// A server that answers each request with 204; gives what came.
fn server() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut bytes = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("]}") {
                match stream.read(&mut bytes) {
                    Ok(count @ 1..) => request.extend_from_slice(&bytes[..count]),
                    _ => break,
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            if sender
                .send(String::from_utf8_lossy(&request).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
    (port, requests)
}

#[test]
fn a_request_carries_what_changed_and_the_secret_that_is_served_and_no_log_has_it() {
    let (port, requests) = server();
    let world = world(&format!(
        "  - name: post\n    http:\n      url: \"http://127.0.0.1:{port}/-/reload\"\n      expect: [204]\n      \
         headers: [{{ name: Authorization, valueFrom: {{ secret: api-key }}, prefix: \"Bearer \" }}]\n      \
         body: changes"
    ));
    let mut running = rotated(&world, "hunter2-two");
    running.event("Hook succeeded");
    let request = requests.recv().expect("a request");
    let head = request.to_ascii_lowercase();
    assert!(head.starts_with("post /-/reload http/1.1\r\n"), "{request}");
    assert!(
        head.contains("authorization: bearer hunter2-two\r\n"),
        "the served value"
    );
    let body = request.rsplit("\r\n\r\n").next().expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["hook"], "post");
    assert_eq!(body["changes"][0]["paths"], serde_json::json!(["app/key"]));
    assert!(!body.to_string().contains("hunter2"));
    let (_, lines) = running.stop();
    assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:#?}");
}

#[test]
fn a_program_that_is_not_there_is_told_with_what_to_do_and_files_follow() {
    let world = world("  - { name: gone, exec: { command: [/nowhere/reload] } }");
    let mut running = rotated(&world, "two");
    let failed = running.event("Hook failed");
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|error| error.contains("/nowhere/reload")),
        "{failed}"
    );
    assert!(
        failed["hint"].as_str().is_some_and(|hint| !hint.is_empty()),
        "{failed}"
    );
    assert_eq!(world.text("app/key").as_deref(), Some("two"));
}
