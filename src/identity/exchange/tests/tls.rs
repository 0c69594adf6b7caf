//! TLS with an identity endpoint that has an https URL.

use rustls::{CertificateError, Error, PeerIncompatible};

use super::*;

#[tokio::test]
async fn tls_that_fails_with_an_identity_endpoint_names_its_own_setting_and_not_entras() {
    for error in [
        Error::NoCertificatesPresented,
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        Error::InvalidCertificate(CertificateError::UnknownIssuer),
        Error::DecryptError,
    ] {
        let wire = FakeWire::new([Reply::Tls(error.clone())]);
        let mut exchange = managed(&wire, ManagedId::System);
        exchange.identity.platform = Platform::AppService;
        let hint = refusal(&exchange).await.failure.hint.to_string();
        assert!(!hint.contains("AUTHORITY_HOST"), "{error:?}: {hint}");
        let is_certificate = matches!(error, Error::InvalidCertificate(_));
        assert_eq!(
            hint.contains("IDENTITY_ENDPOINT"),
            !is_certificate,
            "{error:?}: {hint}"
        );
    }
}
