//! Fuzzing of what reads bytes from outside; `testing::fuzz` says how. What the crates below `crates` read is fuzzed there.

mod state_files;
mod targets;

use testing::fuzz::{fuzz, seeds};

/// The kept seeds of a target, and every file of other folders of the repository.
fn of(target: &str, folders: &[&str]) -> Vec<Vec<u8>> {
    let own = format!("tests/fuzz/seeds/{target}");
    let folders: Vec<_> = folders.iter().copied().chain([own.as_str()]).collect();
    seeds(env!("CARGO_MANIFEST_DIR"), &folders)
}

#[test]
fn a_secret_of_any_bytes_is_decoded_or_refused() {
    fuzz("json", &of("json", &[]), targets::secret);
}

#[test]
fn a_manifest_of_any_bytes_is_decided() {
    let folders = [
        "tests/manifests/valid",
        "tests/manifests/warned",
        "tests/manifests/invalid",
    ];
    fuzz("manifest", &of("manifest", &folders), targets::manifest);
}

#[test]
fn a_template_of_any_bytes_is_decided_and_rendered_within_bounds() {
    fuzz("template", &of("template", &[]), targets::template);
}

#[test]
fn a_configuration_of_another_tool_of_any_bytes_is_converted_or_refused() {
    let folders = [
        "tests/convert/secretProviderClass",
        "tests/convert/akva",
        "tests/convert/acsKeyvaultAgent",
    ];
    fuzz("convert", &of("convert", &folders), targets::convert);
}

#[test]
fn workloads_of_any_bytes_get_the_sidecar_once_or_are_refused() {
    fuzz("inject", &of("inject", &[]), targets::inject);
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
