//! What the TLS library says, in words and dates that people read. Its own are names of its code and seconds since 1970.

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Names of a certificate that are told.
const NAMES: usize = 5;

/// Of an error of a handshake, or of the connection that it made.
pub(super) fn of(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::NoCertificatesPresented => "the server shows no certificate".to_owned(),
        Error::PeerIncompatible(why) => format!(
            "the server and akv-sync have no way of TLS in common: {}",
            incompatible(why)
        ),
        Error::PeerMisbehaved(why) => {
            format!(
                "the server breaks the rules of TLS: {}",
                plain(&format!("{why:?}"))
            )
        }
        Error::AlertReceived(alert) => received(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the answer is not TLS: does this port speak plain HTTP?".to_owned()
        }
        Error::InvalidMessage(why) => format!("the answer is not valid TLS: {}", plain(&format!("{why:?}"))),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the server sent a message of TLS where another one belongs".to_owned()
        }
        Error::DecryptError => {
            "what the server sent cannot be decrypted: something on the way changed it".to_owned()
        }
        Error::PeerSentOversizedRecord => "the server sent more in one record than TLS allows".to_owned(),
        other => other.to_string(),
    }
}

/// The alert by its name, which others know it by, and what it means from a server to a client that shows no certificate.
fn received(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let meaning = match alert {
        A::HandshakeFailure | A::InsufficientSecurity => {
            "it takes none of akv-sync's ciphers, or wants a certificate of its client"
        }
        A::ProtocolVersion => "it has neither TLS 1.2 nor TLS 1.3",
        A::UnrecognisedName => "it does not know this host name",
        A::CertificateRequired
        | A::NoCertificate
        | A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateUnknown
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::UnknownCA => "it wants a certificate of its client, and akv-sync shows none",
        A::AccessDenied => "it does not let this client in",
        A::InternalError => "it has an error of its own",
        A::NoApplicationProtocol => "it speaks neither HTTP/2 nor HTTP/1.1",
        A::CloseNotify | A::UserCanceled => "it closed the connection",
        A::DecodeError | A::DecryptError | A::IllegalParameter | A::UnexpectedMessage | A::BadRecordMac => {
            "it could not read what reached it, which something on the way may have changed"
        }
        _ => {
            return format!(
                "the server broke off with the alert {}",
                plain(&format!("{alert:?}"))
            );
        }
    };
    format!(
        "the server broke off with the alert {}: {meaning}",
        plain(&format!("{alert:?}"))
    )
}

fn incompatible(why: &PeerIncompatible) -> String {
    use PeerIncompatible as P;
    let words = match why {
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig => {
            "it has neither TLS 1.2 nor TLS 1.3"
        }
        P::NoCipherSuitesInCommon => "it has none of akv-sync's cipher suites",
        P::NoKxGroupsInCommon => "it has none of akv-sync's key exchanges (X25519, P-256, P-384)",
        P::NoSignatureSchemesInCommon => "it signs with no algorithm that akv-sync takes",
        other => return plain(&format!("{other:?}")),
    };
    words.to_owned()
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as C;
    match error {
        C::ExpiredContext { time, not_after } => format!(
            "the server's certificate expired at {}, and here it is {}",
            date(*not_after),
            date(*time)
        ),
        C::Expired => "the server's certificate has expired, or its dates are wrong".to_owned(),
        C::NotValidYetContext { time, not_before } => format!(
            "the server's certificate is not valid before {}, and here it is {}",
            date(*not_before),
            date(*time)
        ),
        C::NotValidYet => "the server's certificate is not valid yet".to_owned(),
        C::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for {}, but for {}",
            expected.to_str(),
            names(presented)
        ),
        C::NotValidForName => "the server's certificate is for another name".to_owned(),
        C::UnknownIssuer => "nobody who is trusted here signed the server's certificate".to_owned(),
        C::BadSignature => {
            "the signature of the server's certificate is not by the key of the trusted authority that it names, or \
             that is an RSA key of less than 2048 bits"
                .to_owned()
        }
        C::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => format!(
            "the server's certificate, or one of its authorities, is signed with {}, which is not trusted",
            signature_algorithm(signature_algorithm_id)
        ),
        C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the server's certificate, or one of its authorities, has a key of a sort that is not supported, such as P-521"
                .to_owned()
        }
        C::UnhandledCriticalExtension => {
            "the server's certificate has a critical extension that akv-sync does not know".to_owned()
        }
        C::Revoked => "the server's certificate was revoked".to_owned(),
        C::BadEncoding => "the server's certificate is damaged".to_owned(),
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            "the server's certificate is not one for servers (extended key usage)".to_owned()
        }
        C::Other(other) if is_authority(other) => {
            "the server shows the certificate of an authority as its own".to_owned()
        }
        C::Other(other) => of_chain(&format!("{other:?}")),
        other => refused(&format!("{other:?}")),
    }
}

/// By the name that the library has for it, and no public type.
fn of_chain(code: &str) -> String {
    let words = match innermost(code) {
        "UnsupportedCertVersion" => "the server's certificate is not of version 3 of X.509",
        "EndEntityUsedAsCa" => {
            "what signed the server's certificate is no authority (basicConstraints CA:TRUE)"
        }
        "NameConstraintViolation" => {
            "an authority of the server's certificate may not sign for this name (nameConstraints)"
        }
        "PathLenConstraintViolated" => {
            "an authority of the server's certificate may not sign other authorities (pathlen)"
        }
        "MaximumPathDepthExceeded" => "too many authorities signed each other above the server's certificate",
        "MalformedExtensions" | "ExtensionValueInvalid" | "EmptyEkuExtension" | "InvalidSerialNumber" => {
            "the server's certificate, or one of its authorities, is malformed"
        }
        _ => return refused(code),
    };
    words.to_owned()
}

fn refused(code: &str) -> String {
    format!("the server's certificate is refused: {}", plain(code))
}

/// What an object identifier in DER, without its tag and length, is called; those of old certificates, and ones that are not
/// common enough to be supported.
fn signature_algorithm(id: &[u8]) -> &'static str {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
    // The parameters of the algorithm may follow the identifier.
    let id = match id {
        [0x06, length, rest @ ..] => rest.get(..usize::from(*length)).unwrap_or(rest),
        id => id,
    };
    match (id.strip_prefix(RSA), id.strip_prefix(ECDSA)) {
        (Some([0x04]), _) => "MD5",
        (Some([0x05]), _) | (_, Some([0x01])) => "SHA-1",
        (_, Some([0x03, 0x01])) => "ECDSA and SHA-224",
        (_, Some([0x03, 0x04])) => "ECDSA and SHA-512",
        _ => "an algorithm that is old or rare",
    }
}

/// Whether the certificate is an authority's own. The library has no public word for it.
pub(super) fn is_authority(other: &OtherError) -> bool {
    innermost(&format!("{other:?}")) == "CaUsedAsEndEntity"
}

/// `DnsName("a.example")` is `a.example`.
fn names(presented: &[String]) -> String {
    let shown = presented.iter().take(NAMES).map(|name| {
        let bare = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        bare.trim_end_matches(')').trim_matches('"').to_owned()
    });
    let mut shown: Vec<_> = shown.collect();
    if presented.len() > NAMES {
        shown.push(format!("{} more", presented.len() - NAMES));
    }
    match shown.as_slice() {
        [] => "no name at all (it has no subjectAltName)".to_owned(),
        _ => shown.join(", "),
    }
}

/// What is innermost is the cause, and what follows a brace is data: `BadThing` of `OtherError(BadThing { size: 1 })`.
fn innermost(code: &str) -> &str {
    let name = code.split([' ', '{']).next().unwrap_or_default();
    name.rsplit('(').next().unwrap_or_default().trim_end_matches(')')
}

/// `NoEcPointFormatsInCommon` is `no ec point formats in common`.
fn plain(code: &str) -> String {
    let mut words = String::new();
    for c in innermost(code).chars() {
        if c.is_ascii_uppercase() && words.ends_with(|before: char| before.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let date = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.and_then(|date| date.format(&Rfc3339).ok())
        .unwrap_or_else(|| "a time that no calendar has".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn a_certificate_out_of_its_time_is_told_with_dates() {
        let expired = CertificateError::ExpiredContext {
            time: time(1_900_000_000),
            not_after: time(1_800_000_000),
        };
        assert_eq!(
            of(&expired.into()),
            "the server's certificate expired at 2027-01-15T08:00:00Z, and here it is 2030-03-17T17:46:40Z"
        );
        let early = CertificateError::NotValidYetContext {
            time: time(u64::MAX),
            not_before: time(1_800_000_000),
        };
        assert_eq!(
            of(&early.into()),
            "the server's certificate is not valid before 2027-01-15T08:00:00Z, and here it is a time that no calendar has"
        );
    }

    #[test]
    fn a_certificate_of_another_name_is_told_with_the_names_as_people_write_them() {
        let of_names = |presented: &[&str]| {
            let error = CertificateError::NotValidForNameContext {
                expected: "app.vault.azure.net".try_into().expect("a name"),
                presented: presented.iter().map(|name| (*name).to_owned()).collect(),
            };
            of(&error.into())
        };
        let start = "the server's certificate is not for app.vault.azure.net, but for ";
        let one = r#"DnsName("proxy.example.com")"#;
        assert_eq!(of_names(&[one]), format!("{start}proxy.example.com"));
        assert_eq!(
            of_names(&[]),
            format!("{start}no name at all (it has no subjectAltName)")
        );
        assert!(of_names(&[one; 8]).ends_with("proxy.example.com, 3 more"));
    }

    #[test]
    fn no_name_of_the_librarys_code_reaches_a_person() {
        for (error, said) in [
            (
                Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                "the server and akv-sync have no way of TLS in common: it has none of akv-sync's cipher suites",
            ),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "the server broke off with the alert handshake failure: it takes none of akv-sync's ciphers, or wants a \
                 certificate of its client",
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "the server broke off with the alert protocol version: it has neither TLS 1.2 nor TLS 1.3",
            ),
            (
                Error::AlertReceived(AlertDescription::UnrecognisedName),
                "the server broke off with the alert unrecognised name: it does not know this host name",
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                "the server broke off with the alert certificate required: it wants a certificate of its client, and \
                 akv-sync shows none",
            ),
            (
                Error::AlertReceived(AlertDescription::UnsupportedExtension),
                "the server broke off with the alert unsupported extension",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                "the server and akv-sync have no way of TLS in common: it has neither TLS 1.2 nor TLS 1.3",
            ),
            (
                Error::DecryptError,
                "what the server sent cannot be decrypted: something on the way changed it",
            ),
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "the answer is not TLS: does this port speak plain HTTP?",
            ),
            (
                CertificateError::UnhandledCriticalExtension.into(),
                "the server's certificate has a critical extension that akv-sync does not know",
            ),
            (
                CertificateError::UnknownIssuer.into(),
                "nobody who is trusted here signed the server's certificate",
            ),
            (
                CertificateError::BadSignature.into(),
                "the signature of the server's certificate is not by the key of the trusted authority that it names, or \
                 that is an RSA key of less than 2048 bits",
            ),
            (
                CertificateError::UnknownRevocationStatus.into(),
                "the server's certificate is refused: unknown revocation status",
            ),
            (Error::NoCertificatesPresented, "the server shows no certificate"),
        ] {
            assert_eq!(of(&error), said);
        }
        for (code, said) in [
            (
                "OtherError(UnsupportedCertVersion)",
                "the server's certificate is not of version 3 of X.509",
            ),
            (
                "OtherError(EndEntityUsedAsCa)",
                "what signed the server's certificate is no authority (basicConstraints CA:TRUE)",
            ),
            (
                "OtherError(CertDistrusted)",
                "the server's certificate is refused: cert distrusted",
            ),
        ] {
            assert_eq!(of_chain(code), said);
        }
        assert_eq!(plain("OtherError(CaUsedAsEndEntity)"), "ca used as end entity");
        assert_eq!(
            plain("ExpiredRevocationListContext { time: 1 }"),
            "expired revocation list context"
        );
    }

    #[test]
    fn the_algorithm_of_an_old_signature_is_named() {
        const NULL: [u8; 2] = [0x05, 0x00];
        let rsa = |last| {
            [
                &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last][..],
                &NULL,
            ]
            .concat()
        };
        assert_eq!(signature_algorithm(&rsa(4)), "MD5");
        assert_eq!(signature_algorithm(&rsa(5)), "SHA-1");
        let ecdsa_sha1 = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
        assert_eq!(signature_algorithm(&ecdsa_sha1), "SHA-1");
        for other in [&[][..], &[0x06], &[0x06, 0xff, 0x2a], &rsa(99)] {
            assert_eq!(signature_algorithm(other), "an algorithm that is old or rare");
        }
    }
}
