//! Versions of objects.

#[cfg(test)]
use schemars::{Schema, json_schema};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::desired::VersionPolicy;
use domain::object::VersionId;

/// A version that one word says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionWord(pub(crate) VersionPolicy);

impl Scalar for VersionWord {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "latest" => return Ok(Self(VersionPolicy::Latest)),
            "latestEnabled" => return Ok(Self(VersionPolicy::LatestEnabled)),
            _ => {}
        }
        let error = "a version must be `latest`, `latestEnabled`, or 32 hexadecimal digits (0-9, a-f)";
        let version = VersionId::parse(text).map_err(|_| {
            let hint = if VersionId::parse(&text.to_ascii_lowercase()).is_ok() {
                "write its letters in lower case"
            } else if text.starts_with("createdBefore") {
                "write `version: { createdBefore: 2026-01-31T12:00:00Z }`"
            } else {
                "the identifier of a version is the last part of its URL"
            };
            Problem::new(Code::InvalidVersion, error).hint(hint)
        })?;
        Ok(Self(VersionPolicy::Exact(version)))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "`latest`, `latestEnabled`, or 32 hexadecimal digits", "pattern": "^(latest|latestEnabled|[0-9a-f]{32})$" })
    }
}

/// A point in time (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) OffsetDateTime);

impl Scalar for Timestamp {
    fn parse(text: &str) -> Result<Self, Problem> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok();
        // Times in the records of the volume are written as RFC 3339, which ends with the year 9999.
        let time = time.and_then(|time| time.checked_to_offset(time::UtcOffset::UTC));
        let time = time.filter(|time| (0..=9999).contains(&time.year()));
        time.map(Self).ok_or_else(|| {
            let problem = Problem::new(Code::InvalidTime, "a time must be written as RFC 3339 does");
            problem.hint("such as `2026-01-31T12:00:00Z`, or with an offset in the place of `Z`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "title": "time, such as `2026-01-31T12:00:00Z`",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_day_a_second_and_an_offset() {
        assert!(Timestamp::parse("2026-01-31T12:00:00Z").is_ok());
        let east = Timestamp::parse("2026-01-31T14:00:00+02:00").expect("valid");
        assert_eq!(Some(east), Timestamp::parse("2026-01-31T12:00:00Z").ok());
        for bad in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-02-30T12:00:00Z",
            "yesterday",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad:?}");
        }
    }
}
