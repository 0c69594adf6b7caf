//! Fuzzing of what reads bytes from outside; `testing::fuzz` says how. What the crates below `crates` read is fuzzed there.

mod state_files;

use akv_sync::inject::{Defaults, Injection, inject as inject_text};
use testing::fuzz::{fuzz, seeds};

#[test]
fn workloads_of_any_bytes_get_the_sidecar_once_or_are_refused() {
    fuzz(
        "inject",
        &seeds(env!("CARGO_MANIFEST_DIR"), &["tests/fuzz/seeds/inject"]),
        inject,
    );
}

#[test]
fn a_state_file_of_any_bytes_never_costs_a_file() {
    let volume = state_files::Atomic::publish();
    fuzz("state", &[volume.text()], |bytes| volume.observe_with(bytes));
}

#[test]
fn a_state_file_of_the_layout_flat_never_costs_somebody_elses_file() {
    let volume = state_files::Flat::stop_a_publish();
    fuzz("flat-state", &volume.texts(), |bytes| volume.go_on_with(bytes));
}

/// Workloads; what comes out may go in again, and comes out the same.
fn inject(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let defaults = Defaults::from([("image", "a".to_owned())]);
    if let Ok(Injection { text: once, .. }) = inject_text(&text, &defaults) {
        let twice = inject_text(&once, &defaults).map(|injection| injection.text);
        assert_eq!(twice, Ok(once), "{text}");
    }
}
