//! What the log says of something odd about an entry: one line for each sort, so that people and programs can search for it.

use crate::domain::entry::EntryId;
use crate::domain::notice::Notice;

/// A warning when clients are likely to refuse what is served, as [`Notice::is_warning`] says.
pub(super) fn remark(object: &EntryId, notice: &Notice) {
    let hint = notice.hint();
    match notice {
        Notice::MissingIssuer {
            subject: issuer,
            intermediates: 0,
        } => {
            tracing::warn!(%object, issuer, "The certificate of the leaf's issuer is missing");
        }
        Notice::MissingIssuer {
            subject: issuer,
            intermediates,
        } => {
            tracing::info!(%object, issuer, intermediates, "The chain ends before its root");
        }
        Notice::PfxAsText { name: secret, path } => {
            tracing::warn!(%object, %secret, %path, hint, "A file is the base64 text of a certificate's PFX");
        }
        Notice::PfxInTemplate { name: secret } => {
            tracing::warn!(%object, %secret, hint, "A template has the base64 text of a certificate's PFX");
        }
        Notice::PfxInValues { name: secret, .. } => {
            tracing::warn!(%object, %secret, hint, "A value is the base64 text of a certificate's PFX");
        }
        Notice::NothingSelected { looked_at } => {
            tracing::warn!(%object, looked_at, hint, "A selection picks no secret");
        }
        Notice::AuthorityAsLeaf => {
            tracing::warn!(%object, hint, "The certificate that is served as a leaf is an authority's");
        }
        Notice::UnrelatedCertificates { count: certificates } => {
            tracing::info!(%object, certificates, "Left out certificates that do not belong to the chain");
        }
    }
}
