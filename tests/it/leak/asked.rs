//! What a running program answers, and the commands that ask it.

use super::search::{Marker, Search};
use super::sources::assertion;
use super::stock::stock;
use crate::admin::Served;

#[test]
fn nothing_shows_a_value_to_who_asks_a_running_program() {
    let served = Served::at_all_addresses("another token");
    let token = Marker::plain("the admin token");
    std::fs::write(served.world.path("admin-token"), token.text()).expect("written");
    let mut markers = vec![assertion(&served.world), token.clone()];
    markers.extend(stock(&served.world));
    add_admin(&served);
    let running = served.ready();
    shows_nothing(&served, &markers, token.text(), "all goes well");
    // Another version of everything, one of which cannot be rendered, and one that is gone.
    markers.extend(stock(&served.world));
    add_admin(&served);
    let broken = Marker::plain("what is no base64");
    let vault = served.world.fake.vault("app");
    vault.set_secret("base64", &format!("!{}!", broken.text()));
    vault.delete_secret("hex");
    markers.push(broken);
    shows_nothing(&served, &markers, token.text(), "something fails");
    let status = served.tells(&["status"]);
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        told.contains("unrenderable") && told.contains("notFound"),
        "{told}"
    );
    assert_eq!(running.stop().0.code(), Some(0));
    shows_nothing(&served, &markers, token.text(), "nobody answers");
}

/// Puts the server into the manifest that the stock has, in place of its own.
fn add_admin(served: &Served) {
    let path = served.world.path("manifest.yaml");
    let text = std::fs::read_to_string(&path).expect("readable");
    let admin = std::fs::read_to_string(served.world.path("admin-part")).expect("readable");
    let others: Vec<_> = text.lines().filter(|line| !line.starts_with("admin:")).collect();
    let text = others.join("\n");
    std::fs::write(&path, format!("{text}\nadmin: {{ {admin} }}\n")).expect("written");
}

fn shows_nothing(served: &Served, markers: &[Marker], token: &str, situation: &str) {
    let search = Search::new(markers);
    for arguments in [
        &["sync", "-o", "json"][..],
        &["status"],
        &["status", "-o", "json"],
        &["health"],
    ] {
        let output = served.tells(arguments);
        let shown = [output.stdout, output.stderr].concat();
        assert!(
            !shown.is_empty() || arguments[0] == "health",
            "{arguments:?}: nothing was written"
        );
        assert_eq!(search.find(&shown), None, "{situation}: {arguments:?}");
    }
    if served.at.connect().is_err() {
        return;
    }
    let authorization = format!("Authorization: Bearer {token}\r\n");
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/status"),
        ("POST", "/sync"),
        ("GET", "/readyz"),
        ("GET", "/nothing"),
    ] {
        for headers in [authorization.as_str(), ""] {
            let reply = served.at.ask_with(method, target, headers);
            assert_ne!(reply.status, 0, "{situation}: {method} {target}");
            let shown = [reply.head, reply.body].concat();
            assert_eq!(
                search.find(shown.as_bytes()),
                None,
                "{situation}: {method} {target}"
            );
        }
    }
}
