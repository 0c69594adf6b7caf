//! Fuzzing of what reads the configurations of other tools; `testing::fuzz` says how.

use convert::{ConvertError, Tool};
use ports::Environment;
use testing::fuzz::{fuzz, seeds};

#[test]
fn a_configuration_of_another_tool_of_any_bytes_is_converted_or_refused() {
    let folders = [
        "fixtures/secretProviderClass",
        "fixtures/akva",
        "fixtures/acsKeyvaultAgent",
        "tests/fuzz/seeds/convert",
    ];
    fuzz("convert", &seeds(env!("CARGO_MANIFEST_DIR"), &folders), check);
}

/// The configuration of another tool; when a manifest comes out, it passes `check`.
fn check(bytes: &[u8]) {
    const NO_VARIABLES: &[(&str, &str)] = &[];
    let text = String::from_utf8_lossy(bytes);
    for tool in [
        None,
        Some(Tool::SecretProviderClass),
        Some(Tool::Akva),
        Some(Tool::AcsKeyvaultAgent),
    ] {
        match convert::convert(&text, tool) {
            Ok(conversion) => {
                let problems = manifest::load(
                    &conversion.manifest,
                    "manifest.yaml",
                    &NO_VARIABLES as &dyn Environment,
                )
                .err();
                assert_eq!(problems.map(|problems| problems.render(false)), None, "{tool:?}");
            }
            Err(error) => assert!(
                !matches!(error, ConvertError::Refused { .. }),
                "{tool:?}: {error}"
            ),
        }
    }
}
