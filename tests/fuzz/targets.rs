//! The readers, each as a function of bytes.

use std::collections::BTreeMap;

use akv_sync::convert::{ConvertError, Tool, convert as convert_text};
use akv_sync::domain::desired::{Content, FileSpec, JsonPointer, SecretEncoding, SecretForm, SyncSpec};
use akv_sync::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{ObjectId, ObjectKind, ObjectName, VaultHost, VaultId, VaultName, VersionId};
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::secret::SecretBytes;
use akv_sync::inject::{Defaults, Injection, inject as inject_text};
use akv_sync::manifest::{self, Problems};
use akv_sync::ports::Environment;
use akv_sync::render::template;
use akv_sync::render::{Passwords, render_object};

pub(crate) fn object(value: &[u8], content_type: Option<&str>) -> FetchedObject {
    FetchedObject {
        object: ObjectId {
            vault: VaultId {
                name: VaultName::parse("app").expect("a name"),
                host: VaultHost::parse("app.vault.azure.net").expect("a host"),
            },
            kind: ObjectKind::Secret,
            name: ObjectName::parse("a").expect("a name"),
        },
        version: version(),
        id: "https://contoso.vault.azure.net/secrets/a".to_owned(),
        attributes: Attributes::default(),
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::new(value.to_vec()),
            content_type: content_type.map(str::to_owned),
            backs_certificate: true,
        }),
    }
}

pub(crate) fn version() -> VersionId {
    VersionId::parse(&"0".repeat(32)).expect("a version")
}

fn file(content: Content) -> FileSpec {
    FileSpec {
        path: RelativePath::parse("file").expect("a path"),
        content,
        mode: FileMode::from_bits(0o440),
    }
}

/// Encodings and JSON pointers.
pub(crate) fn secret(value: &[u8]) {
    let pointers = ["", "/a", "/a/b/0", "/0/0", "/a~1b"];
    let encodings = [None, Some(SecretEncoding::Base64), Some(SecretEncoding::Hex)];
    for encoding in encodings {
        for pointer in pointers {
            let form = SecretForm {
                encoding,
                property: JsonPointer::parse(pointer).ok(),
                trim: true,
                newline: true,
            };
            // Refusing is as good as rendering.
            let _ = render_object(
                &[file(Content::Secret(form))],
                &object(value, None),
                &Passwords::new(),
            );
        }
    }
}

/// A manifest, from text to specification, and its problems as a person and a log see them.
pub(crate) fn manifest(bytes: &[u8]) {
    if let Err(problems) = load(&String::from_utf8_lossy(bytes)) {
        assert!(!problems.render(true).is_empty() && !problems.to_string().is_empty());
    }
}

fn load(text: &str) -> Result<SyncSpec, Problems> {
    const NO_VARIABLES: &[(&str, &str)] = &[];
    manifest::load(text, "manifest.yaml", &NO_VARIABLES as &dyn Environment).map(|loaded| loaded.spec)
}

/// A template, and what it makes of objects that fit nothing in particular.
pub(crate) fn template(bytes: &[u8]) {
    let Ok(template) = template::text(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    let value = object(b"{\"a\": [\"text\", 1.5, null]}", None);
    let objects: BTreeMap<_, _> = template
        .references()
        .iter()
        .map(|reference| (reference.clone(), &value))
        .collect();
    if let Ok(filled) = template::fill(&template, &objects) {
        let length = filled.bytes.len();
        assert!(length <= 1 << 20, "{length} bytes");
    }
}

/// The configuration of another tool; when a manifest comes out, it passes `check`.
pub(crate) fn convert(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for tool in [
        None,
        Some(Tool::SecretProviderClass),
        Some(Tool::Akva),
        Some(Tool::AcsKeyvaultAgent),
    ] {
        match convert_text(&text, tool) {
            Ok(conversion) => {
                let problems = load(&conversion.manifest).err();
                assert_eq!(problems.map(|problems| problems.render(false)), None, "{tool:?}");
            }
            Err(error) => assert!(
                !matches!(error, ConvertError::Refused { .. }),
                "{tool:?}: {error}"
            ),
        }
    }
}

/// Workloads; what comes out may go in again, and comes out the same.
pub(crate) fn inject(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let defaults = Defaults::from([("image", "a".to_owned())]);
    if let Ok(Injection { text: once, .. }) = inject_text(&text, &defaults) {
        let twice = inject_text(&once, &defaults).map(|injection| injection.text);
        assert_eq!(twice, Ok(once), "{text}");
    }
}
