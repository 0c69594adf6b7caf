//! What a block of another name holds, by how its DER begins: a certificate or a private key in it must not be passed over.

use super::error::PemProblem;

const SEQUENCE: u8 = 0x30;
/// `[0] { INTEGER`, with which a certificate gives its version (RFC 5280, section 4.1.2.1). Requests, revocation lists and
/// attribute certificates begin with a bare number.
const VERSION: [u8; 4] = [0xa0, 0x03, 0x02, 0x01];

/// What is wrong with the name of a block that holds these bytes. Certificates of version 1 say nothing that tells them
/// from a revocation list, and are not seen.
pub(super) fn problem(der: &[u8]) -> Option<PemProblem> {
    let body = sequence(der)?;
    if sequence(body).is_some_and(|inner| inner.starts_with(&VERSION)) {
        return Some(PemProblem::Misnamed {
            held: "a certificate",
            meant: "CERTIFICATE",
        });
    }
    let meant = match body {
        // A number, and then: the algorithm; the modulus; the key itself (RFC 5208, 8017, 5915).
        [0x02, 0x01, 0x00, SEQUENCE, ..] => "PRIVATE KEY",
        [0x02, 0x01, 0x00, 0x02, ..] => "RSA PRIVATE KEY",
        [0x02, 0x01, 0x01, 0x04, ..] => "EC PRIVATE KEY",
        _ => return None,
    };
    Some(PemProblem::Misnamed {
        held: "a private key",
        meant,
    })
}

/// What follows the head of a SEQUENCE.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    match der {
        [SEQUENCE, length, rest @ ..] if *length < 0x80 => Some(rest),
        [SEQUENCE, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..),
        _ => None,
    }
}
