//! Secrets, certificates and keys, and the files made of them.

use super::paths::Paths;
use super::vaults::Vaults;
use crate::domain::mode::FileMode;
use crate::domain::object::{ObjectId, ObjectKind, ObjectName, Source, VaultName, VersionSelector};
use crate::domain::path::RelativePath;
use crate::domain::spec::{
    BundleOrder, CertificateContent, Content, FileSpec, KeyFormat, ObjectSpec, SecretEncoding,
};
use crate::manifest::field::{Located, Optional, Required, Text};
use crate::manifest::problem::{Code, Mark, Problem, Sink};
use crate::manifest::wire::{
    self, CertificateEntry, CertificateFile, CertificatePart, KeyEntry, SecretEntry,
};

/// Resolves the object lists of one manifest.
pub(super) struct Objects<'r> {
    vaults: &'r Vaults,
    file_mode: FileMode,
    sink: &'r Sink,
    paths: Paths,
}

/// The fields that every sort of entry has.
struct Common<'w> {
    kind: ObjectKind,
    entry: Mark,
    vault: &'w Optional<Text<VaultName>>,
    name: &'w Required<Text<ObjectName>>,
    version: &'w Optional<Text<VersionSelector>>,
}

impl<'r> Objects<'r> {
    pub(super) fn new(vaults: &'r Vaults, file_mode: FileMode, sink: &'r Sink) -> Self {
        Self {
            vaults,
            file_mode,
            sink,
            paths: Paths::default(),
        }
    }

    /// The usable objects, in manifest order.
    pub(super) fn resolve(mut self, wire: &wire::Manifest) -> Vec<ObjectSpec> {
        let mut objects = Vec::new();
        objects.extend(wire.secrets.elements().filter_map(|entry| self.secret(entry)));
        objects.extend(
            wire.certificates
                .elements()
                .filter_map(|entry| self.certificate(entry)),
        );
        objects.extend(wire.keys.elements().filter_map(|entry| self.key(entry)));
        self.paths.refuse_conflicts(self.sink);
        objects
    }

    fn secret(&mut self, entry: &Located<SecretEntry>) -> Option<ObjectSpec> {
        let SecretEntry {
            name,
            vault,
            path,
            encoding,
            version,
            required,
            mode,
        } = &entry.value;
        let source = self.source(&Common {
            kind: ObjectKind::Secret,
            entry: entry.mark,
            vault,
            name,
            version,
        });
        let encoding = match encoding.value() {
            Some(wire::Encoding::Utf8) | None => SecretEncoding::Utf8,
            Some(wire::Encoding::Base64) => SecretEncoding::Base64,
            Some(wire::Encoding::Hex) => SecretEncoding::Hex,
        };
        let file = self.named_file(path, name, mode, Content::Secret(encoding));
        Some(ObjectSpec {
            source: source?,
            required: required.value().unwrap_or(true),
            files: vec![file?],
        })
    }

    fn key(&mut self, entry: &Located<KeyEntry>) -> Option<ObjectSpec> {
        let KeyEntry {
            name,
            vault,
            path,
            format,
            version,
            required,
            mode,
        } = &entry.value;
        let source = self.source(&Common {
            kind: ObjectKind::Key,
            entry: entry.mark,
            vault,
            name,
            version,
        });
        let format = match format.value() {
            Some(wire::KeyFormat::Pem) | None => KeyFormat::Pem,
            Some(wire::KeyFormat::Der) => KeyFormat::Der,
            Some(wire::KeyFormat::Jwk) => KeyFormat::Jwk,
        };
        let file = self.named_file(path, name, mode, Content::Key(format));
        Some(ObjectSpec {
            source: source?,
            required: required.value().unwrap_or(true),
            files: vec![file?],
        })
    }

    fn certificate(&mut self, entry: &Located<CertificateEntry>) -> Option<ObjectSpec> {
        let CertificateEntry {
            name,
            vault,
            version,
            required,
            files,
        } = &entry.value;
        let source = self.source(&Common {
            kind: ObjectKind::Certificate,
            entry: entry.mark,
            vault,
            name,
            version,
        });
        let files = files.given()?;
        if files.value.is_empty() {
            super::refuse_empty_list(files.mark, "files", self.sink);
        }
        let given = files.value.iter().filter_map(Required::given);
        let files = given
            .filter_map(|file| self.certificate_file(&file.value))
            .collect();
        Some(ObjectSpec {
            source: source?,
            required: required.value().unwrap_or(true),
            files,
        })
    }

    fn source(&self, common: &Common<'_>) -> Option<Source> {
        let name = common.name.parse(self.sink);
        let vault = self.vaults.choose(common.vault, common.entry, self.sink);
        let version = common.version.parse(self.sink);
        if common.kind != ObjectKind::Key
            && vault
                .as_ref()
                .is_some_and(|vault| self.vaults.is_managed_hsm(vault))
        {
            let problem = Problem::new(
                Code::KeysOnly,
                "this vault is a managed HSM, which holds keys only",
            );
            self.sink.push(
                problem
                    .at(common.entry)
                    .hint("keep secrets and certificates in a key vault, `https://NAME.vault.azure.net`"),
            );
        }
        Some(Source {
            object: ObjectId {
                vault: vault?,
                kind: common.kind,
                name: name?,
            },
            version: version.unwrap_or(VersionSelector::Latest),
        })
    }

    /// A file whose path is the object's name when none is given.
    fn named_file(
        &mut self,
        path: &Optional<Text<RelativePath>>,
        name: &Required<Text<ObjectName>>,
        mode: &Optional<Text<FileMode>>,
        content: Content,
    ) -> Option<FileSpec> {
        let located = match path {
            Optional::Given(text) => text.parse(self.sink).map(|path| (path, text.mark)),
            Optional::Invalid => None,
            // A name that is a problem has been recorded with the source.
            Optional::Absent => name.given().and_then(|text| Some((text.parse_as()?, text.mark))),
        };
        self.file(located, mode, Some(content))
    }

    fn certificate_file(&mut self, file: &CertificateFile) -> Option<FileSpec> {
        let located = file
            .path
            .given()
            .and_then(|text| Some((text.parse(self.sink)?, text.mark)));
        let content = file.content.given().map(|content| content.value);
        if let (Some(order), Some(content)) = (file.order.given(), content)
            && content != CertificatePart::Bundle
        {
            let problem = Problem::new(Code::OrderWithoutBundle, "`order` is for `content: bundle` only");
            self.sink.push(
                problem
                    .at(order.mark)
                    .hint("remove it, or write `content: bundle`"),
            );
        }
        let content = content.map(|content| Content::Certificate(part_of(content, file.order.value())));
        self.file(located, &file.mode, content)
    }

    fn file(
        &mut self,
        path: Option<(RelativePath, Mark)>,
        mode: &Optional<Text<FileMode>>,
        content: Option<Content>,
    ) -> Option<FileSpec> {
        let mode = mode.parse(self.sink).unwrap_or(self.file_mode);
        let (path, mark) = path?;
        self.paths.claim(&path, mark, self.sink);
        Some(FileSpec {
            path,
            content: content?,
            mode,
        })
    }
}

const fn part_of(part: CertificatePart, order: Option<wire::Order>) -> CertificateContent {
    match part {
        CertificatePart::FullChain => CertificateContent::FullChain,
        CertificatePart::Leaf => CertificateContent::Leaf,
        CertificatePart::Chain => CertificateContent::Chain,
        CertificatePart::PrivateKey => CertificateContent::PrivateKey,
        CertificatePart::Der => CertificateContent::Der,
        CertificatePart::Bundle => CertificateContent::Bundle(match order {
            Some(wire::Order::KeyFirst) | None => BundleOrder::KeyFirst,
            Some(wire::Order::KeyLast) => BundleOrder::KeyLast,
        }),
    }
}
