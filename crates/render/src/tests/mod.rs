//! Certificates as PEM, notices and failures here; what else a certificate becomes in `forms`, secrets in `secret`,
//! public keys in `key`, metadata in `metadata`.

mod forms;
mod key;
mod metadata;
mod secret;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding::pem::{PemError, PemProblem};
use keystore::certificate::CertificateError;
use testing::certificates::{Authority, pem as block, self_signed};
use testing::pfx::MODERN;

use super::*;
use domain::desired::{BundleOrder, CertificateContent, KeyForm, KeyFormat, SecretEncoding, SecretForm};
use domain::failure::{Failure, Reason};
use domain::fetched::{Attributes, PublicKey, SecretContent};
use domain::mode::FileMode;
use domain::object::{ObjectId, ObjectKind, ObjectName, VaultId, VersionId};

const MARKER: &str = "cGFzc3dvcmQhISEh";

fn specs(wanted: &[Content]) -> Vec<FileSpec> {
    let file = |(index, content): (usize, &Content)| FileSpec {
        path: RelativePath::parse(&format!("dir/file-{index}")).expect("a path"),
        content: content.clone(),
        mode: FileMode::from_bits(0o440),
    };
    wanted.iter().enumerate().map(file).collect()
}

fn object_id() -> ObjectId {
    ObjectId {
        vault: VaultId::named("app"),
        kind: ObjectKind::Secret,
        name: ObjectName::parse("thing").expect("a name"),
    }
}

fn render_all(content: FetchedContent, wanted: &[Content]) -> Result<Rendered, RenderError> {
    render_with(content, wanted, &Passwords::new())
}

fn render_with(
    content: FetchedContent,
    wanted: &[Content],
    passwords: &Passwords,
) -> Result<Rendered, RenderError> {
    let version = VersionId::parse(&"0".repeat(32)).expect("a version");
    let object = FetchedObject {
        object: object_id(),
        version,
        id: "https://contoso.vault.azure.net/secrets/thing/0".to_owned(),
        attributes: Attributes::default(),
        content,
    };
    render_object(&specs(wanted), &object, passwords)
}

fn secret_with(value: impl Into<Vec<u8>>, content_type: Option<&str>) -> FetchedContent {
    FetchedContent::Secret(SecretContent {
        value: SecretBytes::new(value.into()),
        content_type: content_type.map(str::to_owned),
        backs_certificate: false,
    })
}

#[test]
fn a_certificate_has_the_bytes_that_the_documentation_shows() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let (key, certificate) = (block("PRIVATE KEY", &leaf.key), block("CERTIFICATE", &leaf.der));
    let issuer = block("CERTIFICATE", &middle.der);
    let value = [&block("CERTIFICATE", &root.der), &issuer, &key, &certificate]
        .map(String::as_str)
        .concat();

    let wanted = [
        CertificateContent::FullChain { root: false },
        CertificateContent::Leaf,
        CertificateContent::Chain { root: false },
        CertificateContent::PrivateKey {
            form: KeyForm::Pkcs8,
            password: None,
        },
        CertificateContent::Bundle {
            order: BundleOrder::KeyFirst,
            form: KeyForm::Pkcs8,
            root: false,
        },
        CertificateContent::Bundle {
            order: BundleOrder::KeyLast,
            form: KeyForm::Pkcs8,
            root: false,
        },
        CertificateContent::Der,
    ];
    let rendered = render_all(
        secret_with(value, None),
        &wanted.clone().map(Content::Certificate),
    )
    .expect("renderable");
    let full_chain = certificate.clone() + &issuer;
    let expected = [
        full_chain.clone().into_bytes(),
        certificate.into_bytes(),
        issuer.into_bytes(),
        key.clone().into_bytes(),
        (key.clone() + &full_chain).into_bytes(),
        (full_chain + &key).into_bytes(),
        leaf.der,
    ];
    for (index, expected) in expected.iter().enumerate() {
        let (path, bytes) = &rendered.files[index];
        assert_eq!(path.as_str(), format!("dir/file-{index}"));
        assert!(bytes.expose() == expected, "{:?}", wanted[index]);
    }
    assert_eq!(rendered.notices, []);
}

#[test]
fn a_pfx_in_a_plain_secret_is_a_certificate_where_the_manifest_says_so() {
    // App Service Certificates are stored so: with this content type or none, and without `kid`.
    let alone = self_signed("alone");
    let value = STANDARD.encode(MODERN.pfx_of(&alone.key, &[&alone.der]));
    for content_type in [
        Some("application/x-pkcs12"),
        None,
        Some("certificate of the web site"),
    ] {
        let wanted = [
            Content::Certificate(CertificateContent::PrivateKey {
                form: KeyForm::Pkcs8,
                password: None,
            }),
            Content::Secret(SecretForm::default()),
        ];
        let rendered = render_all(secret_with(value.clone(), content_type), &wanted).expect("renderable");
        assert!(rendered.files[0].1.expose() == block("PRIVATE KEY", &alone.key).as_bytes());
        assert!(
            rendered.files[1].1.expose() == value.as_bytes(),
            "a secret stays as it is"
        );
    }
}

#[test]
fn a_self_signed_certificate_has_an_empty_chain() {
    let alone = self_signed("alone");
    let value = block("CERTIFICATE", &alone.der) + &block("PRIVATE KEY", &alone.key);
    let wanted = [
        CertificateContent::Chain { root: false },
        CertificateContent::FullChain { root: false },
    ]
    .map(Content::Certificate);
    let rendered = render_all(secret_with(value, None), &wanted).expect("renderable");
    assert_eq!(rendered.files[0].1.expose(), b"");
    assert_eq!(
        rendered.files[1].1.expose(),
        block("CERTIFICATE", &alone.der).as_bytes()
    );
    assert_eq!(rendered.notices, []);
}

#[test]
fn what_a_chain_lacks_is_noticed_where_a_chain_is_written() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let notices = |certificates: &[&[u8]], wanted| {
        let value: String = certificates.iter().map(|der| block("CERTIFICATE", der)).collect();
        let value = value + &block("PRIVATE KEY", &leaf.key);
        render_all(secret_with(value, None), &[Content::Certificate(wanted)])
            .expect("renderable")
            .notices
    };
    let alone = notices(
        &[&leaf.der, &root.der],
        CertificateContent::FullChain { root: false },
    );
    let missing = Notice::MissingIssuer {
        subject: "CN=middle".to_owned(),
        intermediates: 0,
    };
    assert!(missing.is_warning());
    assert_eq!(alone, [missing, Notice::UnrelatedCertificates { count: 1 }]);

    let rootless = notices(
        &[&leaf.der, &middle.der],
        CertificateContent::Chain { root: false },
    );
    assert_eq!(
        rootless,
        [Notice::MissingIssuer {
            subject: "CN=root".to_owned(),
            intermediates: 1
        }]
    );
    assert!(
        !rootless[0].is_warning(),
        "a chain is commonly stored without its root"
    );

    assert_eq!(notices(&[&leaf.der, &root.der], CertificateContent::Leaf), []);
}

#[test]
fn an_authority_that_is_served_as_a_leaf_without_a_key_is_a_warning() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let notices = |keys: &[&[u8]], wanted| {
        let certificates = [&middle.der, &root.der]
            .map(|der| block("CERTIFICATE", der))
            .concat();
        let keys: String = keys.iter().map(|der| block("PRIVATE KEY", der)).collect();
        render_all(
            secret_with(certificates + &keys, None),
            &[Content::Certificate(wanted)],
        )
        .expect("renderable")
        .notices
    };
    let full_chain = CertificateContent::FullChain { root: true };
    for wanted in [CertificateContent::Leaf, CertificateContent::Der, full_chain] {
        assert_eq!(notices(&[], wanted), [Notice::AuthorityAsLeaf]);
    }
    assert!(Notice::AuthorityAsLeaf.is_warning());
    assert_eq!(
        notices(&[], CertificateContent::Ca),
        [],
        "an authority is what is wanted"
    );
    assert_eq!(
        notices(&[middle.key().serialized_der()], CertificateContent::Leaf),
        []
    );
}

/// What `convert` makes of an object without a format, when it is the secret of a certificate.
#[test]
fn the_base64_text_of_a_certificates_pfx_under_secrets_is_one_warning_with_the_line_to_write() {
    let leaf = self_signed("leaf");
    let value = STANDARD.encode(MODERN.pfx_of(&leaf.key, &[&leaf.der]));
    let notices = |backs_certificate, content_type: &str, forms: &[SecretForm]| {
        let content = FetchedContent::Secret(SecretContent {
            value: SecretBytes::from(value.clone()),
            content_type: Some(content_type.to_owned()),
            backs_certificate,
        });
        let wanted: Vec<_> = forms.iter().cloned().map(Content::Secret).collect();
        render_all(content, &wanted).expect("renderable").notices
    };
    let (plain, as_it_is) = (SecretForm::default(), SecretForm::from(SecretEncoding::Utf8));
    for forms in [&[plain.clone(), as_it_is.clone()][..], &[as_it_is]] {
        let told = notices(true, "application/x-pkcs12", forms);
        assert!(matches!(&told[..], [told] if told.is_warning()), "{told:?}");
        let line = "`- { name: thing, files: [{ path: dir/file-0, content: bundle }] }`";
        let hint = told[0].hint().expect("a hint");
        assert!(hint.contains(line), "{hint}");
    }
    assert_eq!(
        notices(true, "application/x-pkcs12", &[SecretEncoding::Base64.into()]),
        []
    );
    assert_eq!(
        notices(true, "application/x-pem-file", std::slice::from_ref(&plain)),
        []
    );
    assert_eq!(notices(false, "application/x-pkcs12", &[plain]), []);
}

#[test]
fn the_tag_of_a_base64_pem_is_heeded_under_certificates() {
    let leaf = self_signed("leaf");
    let pem = block("CERTIFICATE", &leaf.der);
    let mut object = FetchedObject {
        object: object_id(),
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: String::new(),
        attributes: Attributes::default(),
        content: secret_with(STANDARD.encode(&pem), None),
    };
    let specs = specs(&[Content::Certificate(CertificateContent::Leaf)]);
    let untagged = render_object(&specs, &object, &Passwords::new()).expect_err("base64");
    assert!(
        untagged.to_string().contains("the base64 text of a PEM text"),
        "{untagged}"
    );
    assert!(untagged.hint().contains("file-encoding: base64"));
    let tags = &mut object.attributes.tags;
    tags.insert("file-encoding".to_owned(), "base64".to_owned());
    let tagged = render_object(&specs, &object, &Passwords::new()).expect("heeded");
    assert_eq!(tagged.files[0].1.expose(), pem.as_bytes());
}

#[test]
fn content_of_another_kind_is_refused() {
    let rsa = PublicKey::Rsa {
        n: vec![1],
        e: vec![3],
    };
    for (content, wanted) in [
        (
            FetchedContent::Key(rsa.clone()),
            Content::Secret(SecretForm::default()),
        ),
        (
            FetchedContent::Key(rsa),
            Content::Certificate(CertificateContent::Leaf),
        ),
        (secret_with("x", None), Content::Key(KeyFormat::Pem)),
    ] {
        let error = render_all(content, &[wanted]).expect_err("of another kind");
        assert!(matches!(*error.fault, RenderFault::KindMismatch { .. }));
    }
}

#[test]
fn a_failure_names_object_version_and_next_action_and_no_byte_of_the_value() {
    let pem =
        format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{MARKER}\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let bad_line = format!("-----BEGIN CERTIFICATE {MARKER}\n-----BEGIN {MARKER}");
    let certificate = Content::Certificate(CertificateContent::Leaf);
    for (value, wanted) in [
        (
            format!("{MARKER}\u{e4}"),
            Content::Secret(SecretEncoding::Base64.into()),
        ),
        (MARKER.to_owned(), Content::Secret(SecretEncoding::Hex.into())),
        (MARKER.to_owned(), certificate.clone()),
        (pem, certificate.clone()),
        (bad_line, certificate),
    ] {
        let error = render_all(secret_with(value, None), &[wanted]).expect_err("not renderable");
        let debug = format!("{error:?}");
        let failure = Failure::from(error);
        assert_eq!(failure.reason, Reason::Unrenderable);
        assert!(
            failure.detail.starts_with("app/secrets/thing version 0000"),
            "{failure}"
        );
        for text in [&debug, &failure.detail, &failure.hint.to_string()] {
            assert!(
                !text.is_empty() && !text.contains(MARKER) && !text.contains("cGFz"),
                "{text}"
            );
        }
    }
    let encrypted = RenderFault::from(CertificateError::Pem(PemError {
        line: 1,
        problem: PemProblem::EncryptedKey,
    }));
    assert!(encrypted.hint().contains("openssl pkey -in KEY -out NEWKEY"));
}
