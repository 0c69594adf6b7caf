//! Texts of hooks: signals, statuses, headers, URLs, filters.

use std::net::IpAddr;

#[cfg(test)]
use schemars::{Schema, json_schema};
use url::{Host, Url};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use crate::vocabulary::listed;
use domain::desired::{HookFilter, HookSignal};
use domain::object::HookName;
use domain::plain_text::is_plain;

impl Scalar for HookName {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text)
            .map_err(|error| Problem::new(Code::InvalidName, error.to_string()).hint("choose any such name"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of 1 to 64 letters, digits or dashes", "pattern": "^[0-9A-Za-z-]{1,64}$" })
    }
}

impl Scalar for HookFilter {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidFilter, error.to_string())
                .hint("such as `web-tls`, `together:web` or `tls/**`; paths are relative to `volume.path`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name, `together:NAME`, or path with `*` and `**`", "minLength": 1, "pattern": "^[^/]" })
    }
}

impl Scalar for HookSignal {
    fn parse(text: &str) -> Result<Self, Problem> {
        let name = text.strip_prefix("SIG").unwrap_or(text);
        let known = Self::ALL.into_iter().find(|signal| signal.as_str() == name);
        known.ok_or_else(|| {
            let names = listed(Self::ALL.map(Self::as_str));
            Problem::new(Code::UnknownValue, "this is not a signal that a hook may send")
                .hint(format!("the signals are {names}, with or without `SIG`"))
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of a signal, such as `HUP`", "pattern": "^(SIG)?(HUP|INT|QUIT|USR1|USR2|TERM|WINCH)$" })
    }
}

/// Name of a process: what `comm` has of it, or the file name of its program.
#[derive(Debug, Clone)]
pub(crate) struct ProcessName(pub(crate) String);

impl Scalar for ProcessName {
    fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() || text.contains('/') || !text.chars().all(is_plain) {
            let message = "the name of a process must be a file name";
            return Err(Problem::new(Code::InvalidName, message)
                .hint("write the name of its program without directories, such as `nginx`"));
        }
        Ok(Self(text.to_owned()))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "file name of a program", "minLength": 1, "pattern": "^[^/]+$" })
    }
}

/// The status of an answer: 200 to 599. Those below are of what comes before the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpStatus(pub(crate) u16);

impl Scalar for HttpStatus {
    fn parse(text: &str) -> Result<Self, Problem> {
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let status = text
            .parse()
            .ok()
            .filter(|status| digits && (200..=599).contains(status));
        status.map(Self).ok_or_else(|| {
            Problem::new(Code::OutOfRange, "an answer cannot have this status")
                .hint("such as 200, from 200 to 599")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "integer", "title": "HTTP status, such as 200", "minimum": 200, "maximum": 599 })
    }
}

/// A code that a hook ends the program with: 64 to 113. Those of akv-sync are below, those of signals above.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HookExitCode(pub(crate) u8);

impl Scalar for HookExitCode {
    fn parse(text: &str) -> Result<Self, Problem> {
        let digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = text
            .parse()
            .ok()
            .filter(|code| digits && (64..=113).contains(code));
        code.map(Self).ok_or_else(|| {
            Problem::new(Code::OutOfRange, "this is not a code that a hook can end with")
                .hint("from 64 to 113, such as 88; the others have meanings of their own")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "integer", "title": "exit code, such as 88", "minimum": 64, "maximum": 113 })
    }
}

/// Name of a header: a token of RFC 9110.
#[derive(Debug, Clone)]
pub(crate) struct HeaderName(pub(crate) String);

impl Scalar for HeaderName {
    fn parse(text: &str) -> Result<Self, Problem> {
        /// What the request sets itself.
        const OWN: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
        let is_token = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if !is_token {
            let message = "the name of a header must be letters, digits and dashes";
            return Err(Problem::new(Code::InvalidName, message).hint("such as `Authorization`"));
        }
        if OWN.iter().any(|own| own.eq_ignore_ascii_case(text)) {
            let message = "this header is set by the request itself";
            return Err(Problem::new(Code::ReservedName, message).hint("remove it"));
        }
        Ok(Self(text.to_owned()))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "name of a header", "pattern": "^[0-9A-Za-z!#$%&'*+.^_`|~-]+$" })
    }
}

/// Text of a header: printable ASCII, blanks and tabs.
#[derive(Debug, Clone)]
pub(crate) struct HeaderText(pub(crate) String);

impl Scalar for HeaderText {
    fn parse(text: &str) -> Result<Self, Problem> {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return Ok(Self(text.to_owned()));
        }
        let message = "the value of a header must be printable ASCII characters";
        Err(Problem::new(Code::WrongType, message)
            .hint("write it in one line")
            .hiding_rest())
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "text of printable ASCII characters", "pattern": "^[ -~\\t]*$" })
    }
}

/// URL of a request: `http` or `https`, without user name, password and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookUrl(pub(crate) Url);

impl HookUrl {
    /// Whether what is sent there stays on this machine, or cannot be read on the way.
    pub(crate) fn keeps_secrets(&self) -> bool {
        self.0.scheme() == "https"
            || match self.0.host() {
                Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
                Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
                Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
                None => false,
            }
    }
}

impl Scalar for HookUrl {
    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = |message| {
            Problem::new(Code::InvalidUrl, message).hint("such as `http://127.0.0.1:8080/-/reload`")
        };
        let rest = text
            .strip_prefix("http://")
            .or_else(|| text.strip_prefix("https://"));
        let rest = rest.ok_or_else(|| bad("this URL must start with `http://` or `https://`"))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(bad("this URL must not have a user name or password")
                .hint("send them as a header, with `valueFrom`")
                .hiding_rest());
        }
        if text.contains(|c: char| c.is_whitespace() || !is_plain(c) || c == '\\' || c == '#') {
            return Err(bad(
                "this URL must not have white space, control characters, backslashes or a fragment",
            ));
        }
        Url::parse(text).map(Self).map_err(|_| bad("this is not a URL"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "URL", "format": "uri", "pattern": r"^https?://[^\\#\s]+$" })
    }
}
