//! What to do about a certificate that was refused. The vault and Entra may stand behind the same proxy, so they share it.

use rustls::CertificateError;

use super::tls_words::is_authority;

/// It has expired or is not valid yet.
pub const CLOCK: &str = "compare the clock of this machine with the real time (`date -u`); if it is right, the server's certificate, or that of a proxy that intercepts TLS, must be renewed";

/// It is of another name.
pub const NAME: &str = "the certificate is another host's: check the URL, what its name resolves to here, and whether a proxy intercepts TLS";

/// Nobody here trusts who signed it.
pub const UNKNOWN: &str = "add the authority that signed the certificate with --ca-file or SSL_CERT_FILE, if it is that of your proxy or test vault; otherwise find out what intercepts TLS";

/// It is an authority's own.
pub const AUTHORITY: &str = "the server shows the certificate of an authority, such as `openssl req -x509` makes: make it with `-addext basicConstraints=critical,CA:FALSE` and the host's name as subjectAltName, or sign a server certificate by it, and name the authority with --ca-file";

/// It was made so that nothing here takes it, whoever signed it.
pub const ANEW: &str = "the certificate, or that of the authority above it, must be made anew: of X.509 version 3, for servers, signed with SHA-256 and an RSA key of 2048 bits or more, or P-256 or P-384; if it is not the server's own, find out what intercepts TLS";

/// By what was found wrong with it.
pub(super) fn of(error: &CertificateError) -> &'static str {
    use CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => CLOCK,
        C::NotValidForName | C::NotValidForNameContext { .. } => NAME,
        C::Other(other) if is_authority(other) => AUTHORITY,
        C::UnsupportedSignatureAlgorithmContext { .. }
        | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        | C::UnhandledCriticalExtension
        | C::InvalidPurpose
        | C::InvalidPurposeContext { .. }
        | C::BadEncoding
        | C::Revoked
        | C::Other(_) => ANEW,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType, date_time_ymd,
    };
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::UnixTime;

    use super::*;
    use crate::transport::WireCause;

    /// What the TLS library says of a certificate for `localhost` that was made so, in 2030.
    fn refused_by_rustls(change: impl Fn(&mut CertificateParams), trusted: bool) -> WireCause {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2036, 1, 1);
        change(&mut params);
        let shown = params.self_signed(&key).expect("a certificate");
        let other = CertificateParams::default().self_signed(&KeyPair::generate().expect("a key"));
        let mut roots = RootCertStore::empty();
        let root = if trusted {
            shown.der().clone()
        } else {
            other.expect("a certificate").der().clone()
        };
        roots.add(root).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let name = "localhost".try_into().expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_900_000_000));
        let verdict = verifier
            .expect("a verifier")
            .verify_server_cert(shown.der(), &[], &name, &[], now);
        WireCause::Tls(verdict.expect_err("refused"))
    }

    #[test]
    fn an_expired_a_foreign_an_unknown_an_authoritys_own_and_a_clients_certificate_have_a_hint_each() {
        let valid_until = |params: &mut CertificateParams| params.not_after = date_time_ymd(2028, 1, 1);
        let valid_from = |params: &mut CertificateParams| params.not_before = date_time_ymd(2034, 1, 1);
        let authority =
            |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let renamed = |params: &mut CertificateParams| {
            params.subject_alt_names = vec![SanType::DnsName("example.com".try_into().expect("a name"))];
        };
        let of_clients = |params: &mut CertificateParams| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        };
        for (cause, hint) in [
            (refused_by_rustls(valid_until, true), CLOCK),
            (refused_by_rustls(valid_from, true), CLOCK),
            (refused_by_rustls(renamed, true), NAME),
            (refused_by_rustls(|_| (), false), UNKNOWN),
            (refused_by_rustls(authority, true), AUTHORITY),
            (refused_by_rustls(of_clients, true), ANEW),
        ] {
            assert_eq!(cause.certificate_hint(), Some(hint), "{cause:?}");
            assert!(cause.refuses_the_server(), "{cause:?}");
        }
        assert!(CLOCK.starts_with("compare the clock"));
        assert_eq!(WireCause::System(111).certificate_hint(), None);
    }
}
