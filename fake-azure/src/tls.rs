//! The certificate authority that is made at each start, and the TLS settings of the listeners.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::crypto::ring::{default_provider, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, version};

/// The names that the fake answers to.
const NAMES: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "*.vault.azure.net",
    "login.microsoftonline.com",
    "*.vault.localhost",
];

/// A certificate authority with the one certificate that it has issued.
#[derive(Debug)]
pub(crate) struct Authority {
    pem: String,
    leaf: Arc<CertifiedKey>,
}

impl Authority {
    /// Makes keys and certificates (ECDSA P-256).
    pub(crate) fn new(common_name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        Ok(Self {
            pem: issuer.pem(),
            leaf: Arc::new(leaf(&issuer)?),
        })
    }

    /// The certificate that clients have to trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }
}

fn leaf(issuer: &CertifiedIssuer<'_, KeyPair>) -> io::Result<CertifiedKey> {
    let names: Vec<String> = NAMES.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, "fake-azure");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.signed_by(&key, issuer).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing_key = any_supported_type(&key).map_err(io::Error::other)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signing_key))
}

/// TLS 1.2 and 1.3 with the authority's certificate; `protocols` is what ALPN offers.
pub(crate) fn server_config(authority: &Authority, http2: bool) -> io::Result<Arc<ServerConfig>> {
    let resolver = Arc::new(Always(Arc::clone(&authority.leaf)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    if http2 {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
