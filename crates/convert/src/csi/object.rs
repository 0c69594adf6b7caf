//! One element of `objects`: `KeyVaultObject` of `pkg/provider/types/types.go`.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::input::Value;
use crate::note::{other_case, quoted};
use crate::scalar;
use domain::desired::VersionPolicy;
use domain::mode::FileMode;
use domain::object::ObjectName;
use domain::path::RelativePath;

const KEYS: [&str; 9] = [
    "objectName",
    "objectAlias",
    "objectType",
    "objectVersion",
    "objectVersionHistory",
    "objectNotAfter",
    "objectFormat",
    "objectEncoding",
    "filePermission",
];

/// The collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Secret,
    Key,
    Cert,
}

/// `objectFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pem,
    Pfx,
}

/// An element, of which the values have not been judged yet.
pub(super) struct KeyVaultObject(Vec<(String, String)>);

impl KeyVaultObject {
    /// `None` when it is no mapping.
    pub(super) fn of(value: Value<'_>) -> Option<Self> {
        let texts = value
            .entries()
            .filter_map(|(key, value)| Some((key.to_owned(), value.text()?.to_owned())));
        value.is_mapping().then(|| Self(texts.collect()))
    }

    /// The value of a key, unless it is empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a key, in whatever case it is written.
    fn text_of_any_case(&self, key: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.as_str())
    }

    /// What remarks call it.
    pub(super) fn label(&self) -> String {
        let kind = self.text("objectType").unwrap_or("object");
        let name = self.text_of_any_case("objectName").unwrap_or_default();
        let shown = if matches!(kind, "secret" | "key" | "cert") {
            kind
        } else {
            "object"
        };
        match self.text("objectAlias") {
            Some(alias) if alias != name => format!("{shown} {} at {}", quoted(name), quoted(alias)),
            _ => format!("{shown} {}", quoted(name)),
        }
    }

    /// Keys that the provider does not have.
    pub(super) fn unknown_keys(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .map(|(key, _)| key.as_str())
            .filter(|key| !KEYS.contains(key))
    }

    /// Why a key that the provider does not have has no effect.
    pub(super) fn why_unknown(key: &str) -> String {
        other_case("the provider", key, &KEYS)
            .unwrap_or_else(|| "the provider has no such parameter of an object".to_owned())
    }

    /// The value of a key that must be there; says whether another is nearly it.
    fn needed(&self, key: &'static str) -> Result<&str, String> {
        let near = || {
            self.0
                .iter()
                .find_map(|(name, _)| other_case("the provider", name, &[key]))
        };
        self.text(key).ok_or_else(|| match near() {
            Some(near) => format!("it has no {key}: {near}"),
            None => format!("it has no {key}"),
        })
    }

    pub(super) fn name(&self) -> Result<ObjectName, String> {
        let name = self.needed("objectName")?;
        ObjectName::parse(name).map_err(|error| error.to_string())
    }

    pub(super) fn kind(&self) -> Result<Kind, String> {
        let kind = self.needed("objectType")?;
        match kind.to_ascii_lowercase().as_str() {
            "secret" => Ok(Kind::Secret),
            "key" => Ok(Kind::Key),
            "cert" => Ok(Kind::Cert),
            _ => Err(format!(
                "its objectType is {}, none of `secret`, `key` and `cert`",
                quoted(kind)
            )),
        }
    }

    pub(super) fn format(&self) -> Result<Option<Format>, String> {
        match self.text("objectFormat") {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("pem") => Ok(Some(Format::Pem)),
            Some(text) if text.eq_ignore_ascii_case("pfx") => Ok(Some(Format::Pfx)),
            Some(text) => Err(format!(
                "its objectFormat is {}, neither `pem` nor `pfx`",
                quoted(text)
            )),
        }
    }

    /// The alias, or the name, as the driver joins it to its volume: empty and `.` elements fall away.
    pub(super) fn path(&self, name: &ObjectName) -> Result<RelativePath, String> {
        let path = self.text("objectAlias").unwrap_or(name.as_str());
        let start = if path.starts_with('/') { "/" } else { "" };
        let elements: Vec<&str> = path
            .split('/')
            .filter(|element| !matches!(*element, "" | "."))
            .collect();
        RelativePath::parse(&format!("{start}{}", elements.join("/"))).map_err(|error| error.to_string())
    }

    pub(super) fn version(&self) -> Result<VersionPolicy, String> {
        let not_after = self.text("objectNotAfter");
        match self.text("objectVersion") {
            Some(_) if not_after.is_some() => {
                Err("objectVersion and objectNotAfter exclude each other".to_owned())
            }
            None | Some("latest") => not_after.map_or(Ok(VersionPolicy::Latest), created_until),
            Some(version) => scalar::version(version, "objectVersion"),
        }
    }

    /// How many versions the provider writes to a directory; `None` when it writes one file.
    ///
    /// It counts from 0 up to and with `objectVersionHistory` (`pkg/provider/provider.go`).
    pub(super) fn history(&self) -> Result<Option<u32>, String> {
        let Some(text) = self.text("objectVersionHistory") else {
            return Ok(None);
        };
        let count: i32 = text
            .parse()
            .map_err(|_| format!("its objectVersionHistory is {}, not a number", quoted(text)))?;
        Ok(u32::try_from(count)
            .ok()
            .filter(|count| *count > 1)
            .map(|count| count + 1))
    }

    /// The mode, and a remark on it.
    pub(super) fn mode(&self) -> (Option<FileMode>, Option<String>) {
        match self.text("filePermission") {
            None => (None, None),
            Some(text) => {
                let (mode, remark) = scalar::mode(text, "filePermission");
                (Some(mode), remark)
            }
        }
    }
}

/// `objectNotAfter` includes its second, `createdBefore` does not; Key Vault keeps times in whole seconds.
fn created_until(text: &str) -> Result<VersionPolicy, String> {
    let bad = || {
        format!(
            "its objectNotAfter is {}, not a time such as `2026-01-31T12:00:00Z`",
            quoted(text)
        )
    };
    // The documented form has no seconds.
    let with_seconds = match (text.get(..16), text.get(16..)) {
        (Some(start), Some(zone)) if !zone.starts_with(':') => format!("{start}:00{zone}"),
        _ => text.to_owned(),
    };
    let time = OffsetDateTime::parse(&with_seconds, &Rfc3339).map_err(|_| bad())?;
    let time = time
        .replace_nanosecond(0)
        .ok()
        .and_then(|time| time.checked_add(Duration::SECOND));
    let time = time.filter(|time| (0..=9999).contains(&time.year()));
    time.map(VersionPolicy::CreatedBefore).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_taken_with_and_without_seconds_and_moved_to_the_next_second() {
        let until = |text| match created_until(text) {
            Ok(VersionPolicy::CreatedBefore(time)) => time.format(&Rfc3339).expect("a time"),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(until("2026-06-05T19:41Z"), "2026-06-05T19:41:01Z");
        assert_eq!(until("2026-06-05T19:41:59.9+02:00"), "2026-06-05T19:42:00+02:00");
        for bad in [
            "",
            "soon",
            "2026-06-05",
            "9999-12-31T23:59:59Z",
            "2026-06-05T19:4äZ",
        ] {
            assert!(created_until(bad).is_err(), "{bad}");
        }
    }
}
