//! The files of a certificate.

use super::error::RenderFault;
use super::{Notice, pem};
use crate::domain::certificate::{self, IssuedCertificate};
use crate::domain::fetched::SecretContent;
use crate::domain::path::RelativePath;
use crate::domain::secret::SecretBytes;
use crate::domain::spec::{BundleOrder, CertificateContent};

/// A certificate that was read once, for all its files.
pub(super) struct CertificateFiles {
    parts: IssuedCertificate,
    /// Whether a file has the chain in it; if none has, what the chain lacks is nobody's concern.
    chain_used: bool,
}

impl CertificateFiles {
    /// Takes the secret behind a certificate, or a plain secret that holds one.
    pub(super) fn read(secret: &SecretContent) -> Result<Self, RenderFault> {
        let parts = certificate::read(secret.value.expose(), secret.content_type.as_deref())?;
        Ok(Self {
            parts,
            chain_used: false,
        })
    }

    /// Gives the bytes of the file at `path`.
    pub(super) fn render(
        &mut self,
        content: CertificateContent,
        path: &RelativePath,
    ) -> Result<SecretBytes, RenderFault> {
        self.chain_used |= !matches!(
            content,
            CertificateContent::Leaf | CertificateContent::Der | CertificateContent::PrivateKey
        );
        Ok(match content {
            CertificateContent::Leaf => self.leaf().into(),
            CertificateContent::Der => SecretBytes::new(self.parts.leaf.clone()),
            CertificateContent::Chain => self.chain().into(),
            CertificateContent::FullChain => (self.leaf() + &self.chain()).into(),
            CertificateContent::PrivateKey => self.private_key(path)?,
            CertificateContent::Bundle(order) => self.bundle(order, path)?,
        })
    }

    /// What is odd about the certificate, given the files that were rendered.
    pub(super) fn into_notices(self) -> Vec<Notice> {
        if !self.chain_used {
            return Vec::new();
        }
        let intermediates = self.parts.intermediates.len();
        let missing = self.parts.missing_issuer.map(|subject| Notice::MissingIssuer {
            subject,
            intermediates,
        });
        let count = self.parts.left_out;
        let unrelated = (count > 0).then_some(Notice::UnrelatedCertificates { count });
        missing.into_iter().chain(unrelated).collect()
    }

    fn leaf(&self) -> String {
        pem::block(pem::CERTIFICATE, &self.parts.leaf)
    }

    /// Empty when there is no intermediate.
    fn chain(&self) -> String {
        self.parts
            .intermediates
            .iter()
            .map(|der| pem::block(pem::CERTIFICATE, der))
            .collect()
    }

    fn private_key(&self, path: &RelativePath) -> Result<SecretBytes, RenderFault> {
        let key = self.parts.private_key.as_ref();
        let key = key.ok_or_else(|| RenderFault::KeyNotExportable { path: path.clone() })?;
        Ok(pem::block(pem::PRIVATE_KEY, key).into())
    }

    fn bundle(&self, order: BundleOrder, path: &RelativePath) -> Result<SecretBytes, RenderFault> {
        let key = self.private_key(path)?;
        let certificates = self.leaf() + &self.chain();
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
}
