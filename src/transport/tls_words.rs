//! What the TLS library says, in words and dates that people read. Its own are names of its code and seconds since 1970.

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error, InvalidMessage, OtherError};
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
            plain(&format!("{why:?}"))
        ),
        Error::PeerMisbehaved(why) => {
            format!(
                "the server breaks the rules of TLS: {}",
                plain(&format!("{why:?}"))
            )
        }
        Error::AlertReceived(alert) => {
            format!(
                "the server broke off with the alert {}",
                plain(&format!("{alert:?}"))
            )
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the answer is not TLS: does this port speak plain HTTP?".to_owned()
        }
        Error::InvalidMessage(why) => format!("the answer is not valid TLS: {}", plain(&format!("{why:?}"))),
        other => other.to_string(),
    }
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
            "the signature of the server's certificate is not by the key of the trusted authority that it names"
                .to_owned()
        }
        C::Revoked => "the server's certificate was revoked".to_owned(),
        C::BadEncoding => "the server's certificate is damaged".to_owned(),
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            "the server's certificate is not one for servers".to_owned()
        }
        C::Other(other) if is_authority(other) => {
            "the server shows the certificate of an authority as its own".to_owned()
        }
        other => format!(
            "the server's certificate is refused: {}",
            plain(&format!("{other:?}"))
        ),
    }
}

/// Whether the certificate is an authority's own. The library has no public word for it.
pub(super) fn is_authority(other: &OtherError) -> bool {
    format!("{other:?}").contains("CaUsedAsEndEntity")
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

/// `NoCipherSuitesInCommon` is `no cipher suites in common`, and `OtherError(BadThing)` is `bad thing`: what is innermost is
/// the cause, and what follows a brace is data.
fn plain(code: &str) -> String {
    let name = code.split([' ', '{']).next().unwrap_or_default();
    let name = name.rsplit('(').next().unwrap_or_default().trim_end_matches(')');
    let mut words = String::new();
    for c in name.chars() {
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

    use rustls::{AlertDescription, PeerIncompatible};

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
                "the server and akv-sync have no way of TLS in common: no cipher suites in common",
            ),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "the server broke off with the alert handshake failure",
            ),
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "the answer is not TLS: does this port speak plain HTTP?",
            ),
            (
                CertificateError::UnhandledCriticalExtension.into(),
                "the server's certificate is refused: unhandled critical extension",
            ),
            (
                CertificateError::UnknownIssuer.into(),
                "nobody who is trusted here signed the server's certificate",
            ),
            (
                CertificateError::BadSignature.into(),
                "the signature of the server's certificate is not by the key of the trusted authority that it names",
            ),
            (Error::NoCertificatesPresented, "the server shows no certificate"),
        ] {
            assert_eq!(of(&error), said);
        }
        assert_eq!(plain("OtherError(CaUsedAsEndEntity)"), "ca used as end entity");
        assert_eq!(
            plain("ExpiredRevocationListContext { time: 1 }"),
            "expired revocation list context"
        );
    }
}
