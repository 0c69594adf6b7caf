//! The files of a certificate.

use std::collections::BTreeMap;

use encoding::TextEncoding;
use keystore::certificate::{self, Form, IssuedCertificate};
use keystore::key::{self, OtherAlgorithm};
use keystore::{KeyEntry, PasswordProblem, StorePassword, Strength, jks, pem, pkcs12};

use super::Passwords;
use super::error::RenderFault;
use domain::desired::{
    Alias, BundleOrder, CertificateContent, FILE_ENCODING, KeyForm, PasswordSource, StoreFormat,
};
use domain::fetched::SecretContent;
use domain::notice::Notice;
use domain::path::RelativePath;
use domain::plain_text;
use domain::secret::SecretBytes;
use domain::validity::Validity;

/// A certificate that was read once, for all its files.
pub(super) struct CertificateFiles {
    parts: IssuedCertificate,
    /// Whether it is a certificate of the vault, whose policy decides on its key, or a plain secret.
    is_of_vault: bool,
    /// Whether a file has the chain in it; if none has, what the chain lacks is nobody's concern.
    chain_used: bool,
    /// Whether a file presents the leaf as one; an authority's certificate for clients (`ca`) does not.
    leaf_used: bool,
}

impl CertificateFiles {
    /// Takes the secret behind a certificate, or a plain secret that holds one, and its tags.
    pub(super) fn read(secret: &SecretContent, tags: &BTreeMap<String, String>) -> Result<Self, RenderFault> {
        let file_encoding = tags.get(FILE_ENCODING).and_then(|tag| TextEncoding::of_name(tag));
        let form = secret.content_type.as_deref().and_then(Form::of_media_type);
        let parts = certificate::read_encoded(secret.value.expose(), form, file_encoding)?;
        Ok(Self {
            parts,
            is_of_vault: secret.backs_certificate,
            chain_used: false,
            leaf_used: false,
        })
    }

    /// When the leaf is valid.
    pub(super) fn validity(&self) -> Validity {
        Validity::new(Some(self.parts.not_before), Some(self.parts.not_after))
    }

    /// Gives the bytes of the file at `path`.
    pub(super) fn render(
        &mut self,
        content: &CertificateContent,
        path: &RelativePath,
        passwords: &Passwords,
    ) -> Result<SecretBytes, RenderFault> {
        self.chain_used |= !matches!(
            content,
            CertificateContent::Leaf | CertificateContent::Der | CertificateContent::PrivateKey { .. }
        );
        self.leaf_used |= matches!(
            content,
            CertificateContent::Leaf | CertificateContent::Der | CertificateContent::FullChain { .. }
        );
        File {
            parts: &self.parts,
            is_of_vault: self.is_of_vault,
            path,
            passwords,
        }
        .render(content)
    }

    /// What is odd about the certificate, given the files that were rendered.
    pub(super) fn into_notices(self) -> Vec<Notice> {
        let has_key = self.parts.private_key.is_some();
        let authority = self.leaf_used && self.parts.leaf_is_authority && !has_key;
        let authority = authority.then_some(Notice::AuthorityAsLeaf);
        if !self.chain_used {
            return authority.into_iter().collect();
        }
        let intermediates = self.parts.intermediates.len();
        let missing = self.parts.missing_issuer.map(|subject| Notice::MissingIssuer {
            subject: plain_text::with_marks(&subject),
            intermediates,
        });
        let count = self.parts.left_out;
        let unrelated = (count > 0).then_some(Notice::UnrelatedCertificates { count });
        authority.into_iter().chain(missing).chain(unrelated).collect()
    }
}

/// One file and all that its bytes depend on.
struct File<'a> {
    parts: &'a IssuedCertificate,
    is_of_vault: bool,
    path: &'a RelativePath,
    passwords: &'a Passwords,
}

impl File<'_> {
    fn render(&self, content: &CertificateContent) -> Result<SecretBytes, RenderFault> {
        Ok(match content {
            CertificateContent::Leaf => certificates([self.parts.leaf.as_slice()]).into(),
            CertificateContent::Der => SecretBytes::new(self.parts.leaf.clone()),
            CertificateContent::Chain { root } => certificates(self.chain(*root)).into(),
            CertificateContent::FullChain { root } => self.full_chain(*root).into(),
            CertificateContent::Ca => certificates([self.authority()?]).into(),
            CertificateContent::PrivateKey { form, password } => {
                self.private_key(*form, password.as_ref())?
            }
            CertificateContent::Bundle { order, form, root } => self.bundle(*order, *form, *root)?,
            CertificateContent::Pkcs12 {
                password,
                alias,
                legacy,
                root,
            } => {
                let strength = if *legacy {
                    Strength::Legacy
                } else {
                    Strength::Modern
                };
                let chain: Vec<_> = self.chain(*root).collect();
                let password = self.password(password.as_ref())?;
                pkcs12::key_store(&self.key_entry(&chain, alias)?, &password, strength)
            }
            CertificateContent::Jks { password, alias } => {
                let chain: Vec<_> = self.chain(true).collect();
                let password = self.password(password.as_ref())?;
                let entry = self.key_entry(&chain, alias)?;
                jks::key_store(&entry, &password, self.parts.not_before)
            }
            CertificateContent::Truststore {
                format,
                password,
                alias,
            } => self.trust_store(*format, password.as_ref(), alias)?,
        })
    }

    /// The intermediates, nearest to the leaf first; then the root if it is wanted and there.
    fn chain(&self, root: bool) -> impl Iterator<Item = &[u8]> {
        let root = self.parts.root.iter().filter(move |_| root);
        self.parts.intermediates.iter().chain(root).map(Vec::as_slice)
    }

    fn full_chain(&self, root: bool) -> String {
        certificates([self.parts.leaf.as_slice()].into_iter().chain(self.chain(root)))
    }

    fn authority(&self) -> Result<&[u8], RenderFault> {
        let authority = self.parts.authority();
        authority.ok_or_else(|| RenderFault::NoAuthority {
            path: self.path.clone(),
            issuer: plain_text::with_marks(self.parts.missing_issuer.as_deref().unwrap_or_default()),
        })
    }

    fn pkcs8(&self) -> Result<&SecretBytes, RenderFault> {
        let key = self.parts.private_key.as_ref();
        let path = || self.path.clone();
        key.ok_or_else(|| {
            if self.is_of_vault {
                RenderFault::KeyNotExportable { path: path() }
            } else {
                RenderFault::NoPrivateKey { path: path() }
            }
        })
    }

    fn private_key(
        &self,
        form: KeyForm,
        password: Option<&PasswordSource>,
    ) -> Result<SecretBytes, RenderFault> {
        let Some(password) = password else {
            return self.plain_private_key(form);
        };
        if form != KeyForm::Pkcs8 {
            return Err(RenderFault::EncryptedKeyForm {
                path: self.path.clone(),
                form: name_of(form),
            });
        }
        let password = self.password(Some(password))?;
        if password.is_empty() {
            return Err(self.password_fault(PasswordProblem::Empty));
        }
        let encrypted = key::encrypted(self.pkcs8()?, &password);
        Ok(pem::block(pem::ENCRYPTED_PRIVATE_KEY, &encrypted).into())
    }

    fn plain_private_key(&self, form: KeyForm) -> Result<SecretBytes, RenderFault> {
        let pkcs8 = self.pkcs8()?;
        let (label, der) = match form {
            KeyForm::Pkcs8 => return Ok(pem::block(pem::PRIVATE_KEY, pkcs8.expose()).into()),
            KeyForm::Pkcs1 => (pem::RSA_PRIVATE_KEY, key::pkcs1(pkcs8)),
            KeyForm::Sec1 => (pem::EC_PRIVATE_KEY, key::sec1(pkcs8, &self.parts.leaf)),
        };
        let der = der.map_err(|found: OtherAlgorithm| RenderFault::KeyForm {
            path: self.path.clone(),
            form: name_of(form),
            found,
        })?;
        Ok(pem::block(label, der.expose()).into())
    }

    fn bundle(&self, order: BundleOrder, form: KeyForm, root: bool) -> Result<SecretBytes, RenderFault> {
        let key = self.plain_private_key(form)?;
        let certificates = self.full_chain(root);
        let (first, last) = match order {
            BundleOrder::KeyFirst => (key.expose(), certificates.as_bytes()),
            BundleOrder::KeyLast => (certificates.as_bytes(), key.expose()),
        };
        // Allocated in one piece: growing would leave a copy of the key behind.
        let mut bundle = Vec::with_capacity(first.len() + last.len());
        bundle.extend_from_slice(first);
        bundle.extend_from_slice(last);
        Ok(SecretBytes::new(bundle))
    }

    fn key_entry<'a>(&'a self, chain: &'a [&'a [u8]], alias: &'a Alias) -> Result<KeyEntry<'a>, RenderFault> {
        Ok(KeyEntry {
            key: self.pkcs8()?,
            leaf: &self.parts.leaf,
            chain,
            alias: alias.as_str(),
        })
    }

    fn trust_store(
        &self,
        format: StoreFormat,
        password: Option<&PasswordSource>,
        alias: &Alias,
    ) -> Result<SecretBytes, RenderFault> {
        let (authority, alias) = (self.authority()?, alias.as_str());
        let password = self.password(password)?;
        Ok(match format {
            // Only Java reads certificates out of it.
            StoreFormat::Pkcs12 if !password.is_for_java() => {
                return Err(self.password_fault(PasswordProblem::NotForJava));
            }
            StoreFormat::Pkcs12 => pkcs12::trust_store(authority, alias, &password),
            StoreFormat::Jks => jks::trust_store(authority, alias, &password, self.parts.top_not_before),
        })
    }

    /// The empty one when the file has none.
    fn password(&self, source: Option<&PasswordSource>) -> Result<StorePassword, RenderFault> {
        let Some(source) = source else {
            return Ok(StorePassword::empty());
        };
        let value = self.passwords.get(source);
        let value = value.ok_or_else(|| RenderFault::PasswordAbsent {
            path: self.path.clone(),
        })?;
        StorePassword::parse(value).map_err(|problem| self.password_fault(problem))
    }

    fn password_fault(&self, problem: PasswordProblem) -> RenderFault {
        RenderFault::Password {
            path: self.path.clone(),
            problem,
        }
    }
}

/// Empty when there are none.
fn certificates<'a>(ders: impl IntoIterator<Item = &'a [u8]>) -> String {
    ders.into_iter()
        .map(|der| pem::block(pem::CERTIFICATE, der))
        .collect()
}

/// As the manifest writes it.
const fn name_of(form: KeyForm) -> &'static str {
    match form {
        KeyForm::Pkcs8 => "pkcs8",
        KeyForm::Pkcs1 => "pkcs1",
        KeyForm::Sec1 => "sec1",
    }
}
