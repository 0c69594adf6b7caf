//! The manifests on the pages pass `check`, so that what people copy works.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The keys of a manifest by which a block that is a part of one is known.
const KEYS: [&str; 11] = [
    "identity",
    "vaults",
    "volume",
    "refresh",
    "secrets",
    "certificates",
    "keys",
    "templates",
    "hooks",
    "admin",
    "metrics",
];

/// The blocks of YAML on a page, each with the line that it begins in.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut block = None::<(usize, String)>;
    for (number, line) in page.lines().enumerate() {
        match &mut block {
            None if line == "```yaml" => block = Some((number + 2, String::new())),
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some((_, text)) => text.extend([line, "\n"]),
            None => {}
        }
    }
    blocks
}

fn has(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.starts_with(&format!("{key}:")))
}

/// A whole manifest, made of a part of one; nothing when the block is something else.
fn manifest(block: &str) -> Option<String> {
    if block.starts_with("apiVersion: akv-sync/v1\n") {
        return Some(block.to_owned());
    }
    let first = block.lines().find(|line| !line.starts_with('#'))?;
    if !KEYS.contains(&first.split(':').next()?) {
        return None;
    }
    let mut whole = format!("apiVersion: akv-sync/v1\nkind: SyncManifest\n{block}");
    let missing = [
        (
            "vaults",
            "[{ name: app, url: \"https://contoso-app.vault.azure.net\" }]",
        ),
        ("volume", "{ path: /mnt/akv }"),
    ];
    // What the `when` of hooks on the pages names.
    let for_hooks = [
        ("secrets", "[{ name: api-key, path: app/api-key }]"),
        (
            "certificates",
            "[{ name: web-tls, files: [{ path: tls/tls.crt, content: fullChain }] }]",
        ),
    ];
    let has_objects = ["secrets", "certificates", "keys", "templates"]
        .iter()
        .any(|key| has(block, key));
    let objects = (!has_objects).then_some(for_hooks).into_iter().flatten();
    for (key, value) in missing.into_iter().chain(objects) {
        if !has(block, key) {
            whole.extend([key, ": ", value, "\n"]);
        }
    }
    Some(whole)
}

/// What `check` says on stderr of a manifest that it refuses.
fn refusal(manifest: &str) -> Option<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_akv-sync"))
        .args(["check", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(manifest.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn every_manifest_on_a_page_passes_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("readable");
    let docs = docs.map(|entry| entry.expect("readable").path());
    let docs = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut seen = 0;
    for page in docs.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&page).expect("readable");
        for (line, block) in blocks(&text) {
            let Some(manifest) = manifest(&block) else {
                continue;
            };
            seen += 1;
            if let Some(said) = refusal(&manifest) {
                panic!("{}:{line}: {said}", page.display());
            }
        }
    }
    assert!(
        seen >= 20,
        "{seen} manifests are found; the pages are read wrongly"
    );
}
