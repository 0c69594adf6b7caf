//! What is under test: one object rendered to its files.

use akv_sync::domain::desired::{
    Alias, CertificateContent, Content, FileSpec, KeyForm, KeyFormat, PasswordSource,
};
use akv_sync::domain::fetched::{Attributes, FetchedContent, FetchedObject, PublicKey, SecretContent};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::object::{ObjectId, ObjectKind, ObjectName, VaultHost, VaultId, VaultName, VersionId};
use akv_sync::domain::path::RelativePath;
use akv_sync::render::{Passwords, RenderError, render_object};

/// The private key as it comes by default.
pub(crate) const PKCS8: CertificateContent = CertificateContent::PrivateKey {
    form: KeyForm::Pkcs8,
    password: None,
};

/// Renders the files of an object called `web`, all in one go: a PFX is opened once.
fn all(
    kind: ObjectKind,
    content: FetchedContent,
    wanted: Vec<Content>,
    passwords: &Passwords,
) -> Result<Vec<Vec<u8>>, RenderError> {
    let object = ObjectId {
        vault: VaultId {
            name: VaultName::parse("app").expect("a name"),
            host: VaultHost::parse("app.vault.azure.net").expect("a host"),
        },
        kind,
        name: ObjectName::parse("web").expect("a name"),
    };
    let files = wanted.into_iter().enumerate().map(|(index, content)| {
        let path = if index == 0 {
            "file".to_owned()
        } else {
            format!("file-{index}")
        };
        FileSpec {
            path: RelativePath::parse(&path).expect("a path"),
            content,
            mode: FileMode::parse("0440").expect("a mode"),
        }
    });
    let files: Vec<_> = files.collect();
    let fetched = FetchedObject {
        object,
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: "https://contoso.vault.azure.net/secrets/web/0".to_owned(),
        attributes: Attributes::default(),
        content,
    };
    let rendered = render_object(&files, &fetched, passwords)?;
    Ok(rendered
        .files
        .iter()
        .map(|(_, bytes)| bytes.expose().to_vec())
        .collect())
}

/// Renders one form of a public key.
pub(crate) fn key(key: PublicKey, format: KeyFormat) -> Result<Vec<u8>, RenderError> {
    let content = FetchedContent::Key(key);
    let files = all(
        ObjectKind::Key,
        content,
        vec![Content::Key(format)],
        &Passwords::new(),
    )?;
    Ok(files.concat())
}

/// Renders one file of a certificate.
pub(crate) fn certificate(
    value: String,
    content_type: &str,
    wanted: CertificateContent,
) -> Result<Vec<u8>, RenderError> {
    with_password(value, content_type, wanted, "")
}

/// The same; the password of the file, if it has one, is `password`.
pub(crate) fn with_password(
    value: String,
    content_type: &str,
    wanted: CertificateContent,
    password: &str,
) -> Result<Vec<u8>, RenderError> {
    Ok(parts(value, content_type, vec![wanted], password)?.concat())
}

/// Renders several files of a certificate.
pub(crate) fn parts(
    value: String,
    content_type: &str,
    wanted: Vec<CertificateContent>,
    password: &str,
) -> Result<Vec<Vec<u8>>, RenderError> {
    let content = SecretContent {
        value: value.into(),
        content_type: Some(content_type.to_owned()),
        backs_certificate: true,
    };
    all(
        ObjectKind::Certificate,
        FetchedContent::Secret(content),
        wanted.into_iter().map(Content::Certificate).collect(),
        &Passwords::from([(password_source(), password.to_owned().into())]),
    )
}

/// Where the password of [`with_password`] comes from.
pub(crate) fn password_source() -> PasswordSource {
    PasswordSource::File("/run/password".into())
}

pub(crate) fn alias(text: &str) -> Alias {
    Alias::parse(text).expect("an alias")
}
