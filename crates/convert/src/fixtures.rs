//! The configurations under `fixtures`: the exact manifest and remarks that each gives.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Conversion, Fate, Tool, convert, detect};

const TOOLS: [Tool; 3] = [Tool::SecretProviderClass, Tool::Akva, Tool::AcsKeyvaultAgent];

fn folder(tool: Tool) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(tool.as_str())
}

/// Name and text of each configuration of a tool, in order.
pub(super) fn cases(tool: Tool) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(tool)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml" || extension == "env")
    });
    paths.sort();
    let stem = |path: &Path| {
        path.file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a UTF-8 name")
            .to_owned()
    };
    let cases: Vec<_> = paths
        .iter()
        .map(|path| (stem(path), fs::read_to_string(path).expect("readable")))
        .collect();
    assert!(!cases.is_empty());
    cases
}

fn all_cases() -> impl Iterator<Item = (Tool, String, String)> {
    TOOLS.into_iter().flat_map(|tool| {
        cases(tool)
            .into_iter()
            .map(move |(name, text)| (tool, name, text))
    })
}

/// Both outputs, as a person sees them.
fn report(text: &str, tool: Tool) -> String {
    let (head, notes) = match convert(text, Some(tool)) {
        Ok(Conversion { manifest, notes }) => (manifest, notes),
        Err(error) => (
            format!("error: {error}\nhint: {}\n", error.hint()),
            error.notes().to_vec(),
        ),
    };
    let list = |fate: Fate| {
        let lines = notes
            .iter()
            .filter(move |note| note.fate == fate)
            .map(|note| format!("  - {note}\n"));
        lines.collect::<String>()
    };
    let (assumed, not_carried) = (list(Fate::Assumed), list(Fate::NotCarried));
    format!("{head}\n=== carried with an assumption\n{assumed}=== not carried\n{not_carried}")
}

#[test]
fn every_configuration_gives_the_recorded_manifest_and_remarks() {
    for (tool, name, text) in all_cases() {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(folder(tool));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.as_str(), report(&text, tool)));
    }
}

#[test]
fn every_record_belongs_to_a_configuration() {
    for tool in TOOLS {
        let names: Vec<String> = cases(tool).into_iter().map(|(name, _)| name).collect();
        for entry in fs::read_dir(folder(tool)).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("a UTF-8 name");
            assert!(
                names.iter().any(|known| known == name),
                "{} belongs to nothing",
                path.display()
            );
        }
    }
}

#[test]
fn every_manifest_passes_check() {
    let no_variables: &[(&str, &str)] = &[];
    let mut refused = Vec::new();
    for (tool, name, text) in all_cases() {
        let Ok(conversion) = convert(&text, Some(tool)) else {
            continue;
        };
        if let Err(problems) = manifest::load(&conversion.manifest, &name, &no_variables) {
            refused.push(format!("{tool}/{}", problems.render(false)));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_configuration_tells_its_tool() {
    for (tool, name, text) in all_cases() {
        let told = detect::tool(&text);
        // What cannot be read at all, or is of another tool, says so in its record.
        if convert(&text, Some(tool)).is_ok() {
            assert_eq!(told, Ok(tool), "{name}");
        }
    }
}

#[test]
fn no_output_holds_a_client_secret() {
    let mut secrets = 0;
    for (tool, name, text) in all_cases() {
        secrets += text.matches("marker-of-a-client-secret").count();
        let report = report(&text, tool);
        assert!(!report.contains("marker-of"), "{name}: {report}");
        let error = convert(&format!("{text}\n: [ marker-of-a-client-secret"), Some(tool));
        assert!(!format!("{error:?}").contains("marker-of"), "{name}");
    }
    assert!(secrets >= 3, "{secrets} secrets");
}

#[test]
fn the_same_input_gives_the_same_output() {
    for (tool, name, text) in all_cases() {
        assert_eq!(convert(&text, Some(tool)), convert(&text, Some(tool)), "{name}");
        let windows = text.replace('\n', "\r\n");
        if tool == Tool::AcsKeyvaultAgent {
            assert_eq!(
                convert(&windows, Some(tool)),
                convert(&text, Some(tool)),
                "{name}"
            );
        }
    }
}
