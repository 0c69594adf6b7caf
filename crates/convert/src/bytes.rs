//! The promise of equal bytes: a converted manifest writes what the provider's rule gives, for every encoding.

use super::{Tool, convert};
use domain::desired::Content;
use domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use domain::object::VersionId;
use domain::secret::SecretBytes;
use render::{Passwords, render_object};

/// What `parseContent` of the provider gives for a plain secret: Go's `base64.StdEncoding.DecodeString`, which ignores CR
/// and LF, and `hex.DecodeString`, which ignores nothing; neither looks at bits that the last character has too many. A failure
/// fails the mount. Go 1 gave these results.
const RULE: [(&str, &str, Option<&[u8]>); 23] = [
    ("", "QUJD\n", Some(b"QUJD\n")),
    (
        "utf-8",
        "\u{feff}Gr\u{fc}\u{df}e\r\n",
        Some("\u{feff}Gr\u{fc}\u{df}e\r\n".as_bytes()),
    ),
    ("utf-8", "", Some(b"")),
    ("UTF-8", " QUJD ", Some(b" QUJD ")),
    ("base64", "", Some(b"")),
    ("base64", "QUJD", Some(b"ABC")),
    ("Base64", "QUI=", Some(b"AB")),
    ("base64", "QQ==", Some(b"A")),
    ("base64", "QUJD\n", Some(b"ABC")),
    ("base64", "QUJD\r\nREVG\r\n", Some(b"ABCDEF")),
    ("base64", "Q\nU\rJD", Some(b"ABC")),
    ("base64", "QUI\n=\n", Some(b"AB")),
    ("base64", "QUJ=", Some(b"AB")),
    ("base64", "+/8=", Some(&[0xfb, 0xff])),
    ("base64", "QUI", None),
    ("base64", "-_8=", None),
    ("base64", "QQ==QQ==", None),
    ("base64", "Q=QQ", None),
    ("hex", "", Some(b"")),
    ("hex", "00fFa9", Some(&[0, 0xff, 0xa9])),
    ("HEX", "414243", Some(b"ABC")),
    ("hex", "41424", None),
    ("hex", "41424z", None),
];

/// The manifest of a class with one plain secret.
fn manifest_for(encoding: &str) -> String {
    let encoding = match encoding {
        "" => String::new(),
        encoding => format!("          objectEncoding: {encoding}\n"),
    };
    let class = format!(
        "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata:\n  name: app\nspec:\n  \
         provider: azure\n  parameters:\n    keyvaultName: contoso-app\n    tenantId: contoso.example.com\n    objects: |\n      \
         array:\n        - |\n          objectName: thing\n          objectType: secret\n{encoding}"
    );
    convert(&class, Some(Tool::SecretProviderClass))
        .expect("a manifest")
        .manifest
}

/// The bytes of the file that the manifest asks for, when the secret has this value.
fn written(encoding: &str, value: &str) -> Option<Vec<u8>> {
    let no_variables: &[(&str, &str)] = &[];
    let loaded =
        manifest::load(&manifest_for(encoding), "converted", &no_variables).expect("it passes check");
    let [object] = loaded.spec.objects.as_slice() else {
        panic!("one object");
    };
    assert!(matches!(object.files[0].content, Content::Secret(_)));
    let mut attributes = Attributes::default();
    // The provider knows no tags.
    attributes
        .tags
        .insert("file-encoding".to_owned(), "hex".to_owned());
    let fetched = FetchedObject {
        object: object.wanted.object.clone(),
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: String::new(),
        attributes,
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::new(value.as_bytes().to_vec()),
            content_type: None,
            backs_certificate: false,
        }),
    };
    let rendered = render_object(&object.files, &fetched, &Passwords::new()).ok()?;
    Some(rendered.files[0].1.expose().to_vec())
}

#[test]
fn a_converted_class_writes_the_providers_bytes_for_every_encoding() {
    for (encoding, value, expected) in RULE {
        assert_eq!(
            written(encoding, value).as_deref(),
            expected,
            "objectEncoding {encoding:?}, value {value:?}"
        );
    }
}

/// Where the provider fails, so that no bytes can differ, more is read: as the Azure CLI's users indent and wrap.
#[test]
fn blanks_and_what_programs_print_with_digits_fail_the_provider_and_are_passed_over_here() {
    for value in ["4142\n", "0x4142", "41:42"] {
        assert_eq!(written("hex", value).as_deref(), Some(&b"AB"[..]), "{value:?}");
    }
    assert_eq!(written("base64", " QUJD\tREVG ").as_deref(), Some(&b"ABCDEF"[..]));
}
