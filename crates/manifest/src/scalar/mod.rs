//! What the single values of a manifest mean: each a type that parses its text once and describes it in the schema.
//!
//! A rule that a domain type has is the domain type's; here it gets its code, its hint and its pattern.

mod hook;
mod identifier;
mod listen;
mod location;
mod mode;
mod pattern;
mod quantity;
mod text;
mod version;

#[cfg(test)]
use schemars::{Schema, json_schema};

pub(super) use self::hook::{HeaderName, HeaderText, HookExitCode, HookUrl, HttpStatus, ProcessName};
pub(super) use self::identifier::{ClientId, ResourceId, TenantId};
pub(super) use self::listen::ListenAddress;
pub(super) use self::location::{
    AbsoluteDirectory, AbsolutePath, AuthorityUrl, HostName, SocketPath, VaultUrl, is_vault_name,
};
pub(super) use self::mode::DirectoryMode;
pub(super) use self::pattern::{NameGlob, NamePrefix, TagRule};
pub(super) use self::quantity::{HistoryCount, Interval, Pause, SelectLimit, TimeLimit};
pub(super) use self::text::{AnyText, ProgramText};
pub(super) use self::version::{Timestamp, VersionWord};
use super::field::Scalar;
use super::problem::{Code, Problem};
use domain::mode::Principal;
use domain::object::{GroupName, ObjectName, VaultName};
use domain::path::RelativePath;

impl Scalar for ObjectName {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            let is_part_of_a_url = text.contains(['/', ':']);
            Problem::new(Code::InvalidName, error.to_string()).hint(if is_part_of_a_url {
                "write the name alone, without vault, collection or version"
            } else {
                "write the name as the vault lists it; `path` may be another one"
            })
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of 1 to 127 letters, digits or dashes", "pattern": "^[0-9A-Za-z-]{1,127}$" })
    }
}

impl Scalar for VaultName {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidName, error.to_string())
                .hint("choose any such name; the host of the vault goes to `url`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of 1 to 64 letters, digits or dashes", "pattern": "^[0-9A-Za-z-]{1,64}$" })
    }
}

impl Scalar for GroupName {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidName, error.to_string())
                .hint("choose any such name, the same in each entry")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of 1 to 64 letters, digits or dashes", "pattern": "^[0-9A-Za-z-]{1,64}$" })
    }
}

impl Scalar for Principal {
    fn parse(text: &str) -> Result<Self, Problem> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        // The system reads the highest number as "leave it as it is".
        let id = text.parse().ok().filter(|id| digits && *id != u32::MAX);
        let name = text.strip_suffix('$').unwrap_or(text);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.len() <= 64
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        match id {
            Some(id) => Ok(Self::Id(id)),
            None if is_name => Ok(Self::Name(text.to_owned())),
            None => {
                let error = "an owner or group must be a name, or a number from 0 to 4294967294";
                let hint = if text.contains(':') {
                    "`owner` and `group` are keys of their own"
                } else {
                    "write the number (`runAsUser`, `fsGroup`), or a name of `/etc/passwd` or `/etc/group`"
                };
                Err(Problem::new(Code::InvalidOwner, error).hint(hint))
            }
        }
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({
            "title": "number or name",
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": u32::MAX - 1,
            "pattern": "^([0-9]+|[A-Za-z_][A-Za-z0-9_.-]*\\$?)$",
        })
    }
}

impl Scalar for RelativePath {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidPath, error.to_string())
                .hint("a path is relative to `volume.path`, such as `db/password`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "title": "relative path",
            "maxLength": 4096,
            // Without look-ahead, which not every regular expression engine has.
            "pattern": r"^([^./\\\x00-\x1f]|\.[^./\\\x00-\x1f])[^/\\\x00-\x1f]*(/[^/\\\x00-\x1f]+)*$",
        })
    }
}
