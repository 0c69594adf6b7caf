//! Certificates, and what belongs to which form of them.

use super::objects::{Asked, Objects};
use crate::field::{Located, Optional, Required};
use crate::problem::{Code, Mark, Problem};
use crate::wire::{self, CertificateEntry, CertificateFile, CertificatePart, PasswordFrom};
use domain::desired::{
    Alias, BundleOrder, CertificateContent, Content, FileSpec, KeyForm, ObjectSpec, PasswordSource,
    StoreFormat,
};
use domain::mode::FileMode;
use domain::object::{ObjectId, ObjectKind, ObjectName, VaultId};

/// What the files of an entry need to know of it.
struct Owner<'o> {
    name: Option<&'o ObjectName>,
    vault: Option<&'o VaultId>,
    history: Option<std::num::NonZeroU16>,
}

impl Objects<'_> {
    pub(super) fn certificate(&mut self, entry: &Located<CertificateEntry>) -> Option<ObjectSpec> {
        let wire = &entry.value;
        let asked = self.wanted(Asked {
            kind: ObjectKind::Certificate,
            entry: entry.mark,
            vault: &wire.vault,
            name: wire.name.parse(self.sink),
            version: &wire.version,
            history: &wire.history,
        });
        let files = wire.files.given()?;
        if files.value.is_empty() {
            super::refuse_empty_list(files.mark, "files", self.sink);
        }
        let object = asked.as_ref().map(|(wanted, _)| &wanted.object);
        let owner = Owner {
            name: object.map(|object| &object.name),
            vault: object.map(|object| &object.vault),
            history: asked.as_ref().and_then(|(_, history)| *history),
        };
        let given = files.value.iter().filter_map(Required::given);
        let files = given
            .filter_map(|file| self.certificate_file(&file.value, &owner))
            .collect();
        let (group, interval) = (
            self.together(&wire.together, &wire.group),
            self.interval(&wire.interval),
        );
        let (wanted, history) = asked?;
        Some(ObjectSpec {
            wanted,
            history,
            required: wire.required.value().unwrap_or(true),
            group,
            interval,
            files,
        })
    }

    fn certificate_file(&mut self, file: &CertificateFile, owner: &Owner<'_>) -> Option<FileSpec> {
        let placed = self.path(&file.path);
        let part = file.content.given().map(|content| content.value);
        if let Some(part) = part {
            self.refuse_foreign_keys(file, part);
            self.refuse_encrypted_form(file, part);
        }
        let password = self.password(&file.password_from, owner);
        let alias = match &file.alias {
            Optional::Absent => owner.name.and_then(|name| Alias::parse(name.as_str()).ok()),
            alias => alias.parse(self.sink),
        };
        let content = part.and_then(|part| content_of(part, file, password, alias));
        let spec = self.file(placed, &file.mode, content, owner.history)?;
        if part == Some(CertificatePart::PrivateKey) {
            self.warn_of_key_mode(file, spec.mode);
        }
        Some(spec)
    }

    /// Warns of a private key that libpq and the server of `PostgreSQL` refuse: others may read it, or its group may and its owner is
    /// not root. Without `volume.owner` the owner is whoever runs the program, so nothing is said of the group.
    fn warn_of_key_mode(&self, file: &CertificateFile, mode: FileMode) {
        const GROUP: u32 = 0o070;
        const OTHERS: u32 = 0o007;
        let (message, hint) = if mode.bits() & OTHERS != 0 {
            (
                "every user may use this private key, and PostgreSQL refuses it",
                "write `mode: \"0400\"` for a program that runs as the owner of the file, or `0440` for its group",
            )
        } else if self.defaults.owner_is_not_root && mode.bits() & GROUP != 0 {
            (
                "PostgreSQL refuses this private key: its group may use it, and its owner is not root",
                "write `mode: \"0400\"` if the program runs as `volume.owner`; other programs than PostgreSQL accept it as it is",
            )
        } else {
            return;
        };
        let content = file.content.given().map(|content| content.mark);
        let Some(mark) = file.mode.mark().or(content) else {
            return;
        };
        self.sink
            .warn(Problem::new(Code::KeyMode, message).at(mark).hint(hint));
    }

    /// Records the keys that do not belong to this content.
    fn refuse_foreign_keys(&self, file: &CertificateFile, part: CertificatePart) {
        use CertificatePart as Part;
        let stores = [Part::Pkcs12, Part::Jks, Part::Truststore].as_slice();
        let keys: [(Option<Mark>, &[Part], &'static str); 7] = [
            (
                file.order.mark(),
                &[Part::Bundle],
                "`order` is for `content: bundle` only",
            ),
            (
                file.legacy.mark(),
                &[Part::Pkcs12],
                "`legacy` is for `content: pkcs12` only",
            ),
            (
                file.format.mark(),
                &[Part::Truststore],
                "`format` is for `content: truststore` only",
            ),
            (
                file.key_format.mark(),
                &[Part::PrivateKey, Part::Bundle],
                "`keyFormat` is for `content: privateKey` and `bundle` only",
            ),
            (
                file.alias.mark(),
                stores,
                "`alias` is for `content: pkcs12`, `jks` and `truststore` only",
            ),
            (
                file.password_from.mark(),
                &[Part::PrivateKey, Part::Pkcs12, Part::Jks, Part::Truststore],
                "`passwordFrom` is for `content: privateKey`, `pkcs12`, `jks` and `truststore` only",
            ),
            (
                file.include_root.mark(),
                &[Part::FullChain, Part::Chain, Part::Bundle, Part::Pkcs12],
                "`includeRoot` is for `content: fullChain`, `chain`, `bundle` and `pkcs12` only",
            ),
        ];
        for (mark, parts, message) in keys {
            if !parts.contains(&part) {
                let is_format = mark.is_some() && mark == file.format.mark();
                let hint = match (part, file.format.value()) {
                    (Part::Pkcs12, Some(wire::StoreFormat::Jks)) if is_format => {
                        "remove it, and write `content: jks` for a Java key store"
                    }
                    (Part::Jks, Some(wire::StoreFormat::Pkcs12)) if is_format => {
                        "remove it, and write `content: pkcs12` for a PFX"
                    }
                    (Part::Pkcs12 | Part::Jks, _) if is_format => {
                        "remove it: `content` says the format already; `legacy: true` writes PKCS#12 for older readers"
                    }
                    (Part::PrivateKey | Part::Bundle, _) if is_format => "did you mean `keyFormat`?",
                    _ => "remove it, or choose another `content`",
                };
                self.refuse_key(Code::ContentKey, mark, message, hint);
            }
        }
    }

    /// Records a form that has no encrypted variant.
    fn refuse_encrypted_form(&self, file: &CertificateFile, part: CertificatePart) {
        let encrypts = part == CertificatePart::PrivateKey && !file.password_from.is_absent();
        let form = file.key_format.value();
        if encrypts && matches!(form, Some(wire::KeyForm::Pkcs1 | wire::KeyForm::Sec1)) {
            self.refuse_key(
                Code::ContentKey,
                file.key_format.mark(),
                "only a key in the format `pkcs8` can be encrypted",
                "remove `keyFormat`, or `passwordFrom`",
            );
        }
    }

    fn password(&self, from: &Optional<PasswordFrom>, owner: &Owner<'_>) -> Option<PasswordSource> {
        let from = from.given()?;
        let PasswordFrom { secret, vault, file } = &from.value;
        match (secret, file) {
            (Optional::Absent, Optional::Absent) | (Optional::Given(_), Optional::Given(_)) => {
                let problem = Problem::new(Code::EitherKey, "`passwordFrom` has either `secret` or `file`");
                let hint = "write `{ secret: NAME }` or `{ file: /path }`";
                self.sink.push(problem.at(from.mark).hint(hint));
                None
            }
            (Optional::Absent, file) => {
                self.refuse_key(
                    Code::EitherKey,
                    vault.mark(),
                    "`vault` is for passwords from a `secret` only",
                    "remove it, or write `secret` in place of `file`",
                );
                file.parse(self.sink).map(|path| PasswordSource::File(path.0))
            }
            (secret, _) => {
                let vault = match vault {
                    Optional::Absent => owner.vault.cloned(),
                    given => self.vaults.choose(given, from.mark, self.sink),
                };
                self.refuse_hsm(ObjectKind::Secret, vault.as_ref(), from.mark);
                let object = ObjectId {
                    name: secret.parse(self.sink)?,
                    kind: ObjectKind::Secret,
                    vault: vault?,
                };
                self.needed(object, from.mark).map(PasswordSource::Secret)
            }
        }
    }
}

/// The content, when what it needs is usable.
fn content_of(
    part: CertificatePart,
    file: &CertificateFile,
    password: Option<PasswordSource>,
    alias: Option<Alias>,
) -> Option<Content> {
    let root = file.include_root.value().unwrap_or(false);
    let form = match file.key_format.value() {
        Some(wire::KeyForm::Pkcs8) | None => KeyForm::Pkcs8,
        Some(wire::KeyForm::Pkcs1) => KeyForm::Pkcs1,
        Some(wire::KeyForm::Sec1) => KeyForm::Sec1,
    };
    Some(Content::Certificate(match part {
        CertificatePart::Metadata => return Some(Content::Metadata),
        CertificatePart::FullChain => CertificateContent::FullChain { root },
        CertificatePart::Leaf => CertificateContent::Leaf,
        CertificatePart::Chain => CertificateContent::Chain { root },
        CertificatePart::Ca => CertificateContent::Ca,
        CertificatePart::Der => CertificateContent::Der,
        CertificatePart::PrivateKey => CertificateContent::PrivateKey { form, password },
        CertificatePart::Bundle => CertificateContent::Bundle {
            order: match file.order.value() {
                Some(wire::Order::KeyFirst) | None => BundleOrder::KeyFirst,
                Some(wire::Order::KeyLast) => BundleOrder::KeyLast,
            },
            form,
            root,
        },
        CertificatePart::Pkcs12 => CertificateContent::Pkcs12 {
            password,
            alias: alias?,
            legacy: file.legacy.value().unwrap_or(false),
            root,
        },
        CertificatePart::Jks => CertificateContent::Jks {
            password,
            alias: alias?,
        },
        CertificatePart::Truststore => CertificateContent::Truststore {
            format: match file.format.value() {
                Some(wire::StoreFormat::Pkcs12) | None => StoreFormat::Pkcs12,
                Some(wire::StoreFormat::Jks) => StoreFormat::Jks,
            },
            password,
            alias: alias?,
        },
    }))
}
