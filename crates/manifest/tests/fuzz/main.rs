//! Fuzzing of the manifest; `testing::fuzz` says how.

use ports::Environment;
use testing::fuzz::{fuzz, seeds};

#[test]
fn a_manifest_of_any_bytes_is_decided() {
    let folders = [
        "fixtures/valid",
        "fixtures/warned",
        "fixtures/invalid",
        "tests/fuzz/seeds/manifest",
    ];
    fuzz("manifest", &seeds(env!("CARGO_MANIFEST_DIR"), &folders), load);
}

/// From text to specification; the problems as a person and as a log see them.
fn load(bytes: &[u8]) {
    const NO_VARIABLES: &[(&str, &str)] = &[];
    let text = String::from_utf8_lossy(bytes);
    if let Err(problems) = manifest::load(&text, "manifest.yaml", &NO_VARIABLES as &dyn Environment) {
        assert!(!problems.render(true).is_empty() && !problems.to_string().is_empty());
    }
}
