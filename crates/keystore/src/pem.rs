//! PEM as RFC 7468 writes it strictly: 64 columns, `\n` line ends, one after the last line too.

use der::pem::{LineEnding, encode_string};

/// Label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// Label of a PKCS#8 private key.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// Label of a PKCS#8 private key under a password.
pub const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
/// Label of a PKCS#1 private key.
pub const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
/// Label of a SEC 1 private key.
pub const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// Label of a `SubjectPublicKeyInfo`.
pub const PUBLIC_KEY: &str = "PUBLIC KEY";

/// Takes a label and DER; gives one block. The caller wipes it if it is a private key.
pub fn block(label: &'static str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der)
        .expect("the labels above are valid, and a key or certificate is smaller than memory")
}
