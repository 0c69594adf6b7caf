//! What is wrong with a manifest: one value per mistake, with its place and the way out.
//!
//! Invariant: messages and hints are made of keys, rules and allowed values, and never hold a value of the manifest,
//! so that they can go to a log. Of a template they name what it names: variables, filters, keys. Only the source line that [`super::Problems::render`]
//! adds shows one, and only where no secret can stand (`excerpt`).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use domain::placeholder::Placeholder;

/// A stretch of one line: where a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters; 0 marks the column alone, and it may reach beyond the end of the line.
    pub width: u32,
    /// Of a literal block (`|`), the line of the manifest that is its first one; it may be an empty line before the mark. 0 of
    /// everything else.
    pub block: u32,
}

impl Mark {
    /// The first character of the manifest.
    pub const START: Self = Self {
        line: 1,
        column: 1,
        width: 1,
        block: 0,
    };

    /// A line of the text that stands here, counted from 1; `None` where lines of it and of the manifest need not agree.
    pub(super) fn line_of_text(self, line: u32) -> Option<Self> {
        (self.block > 0).then_some(Self {
            line: self.block.saturating_add(line).saturating_sub(1),
            ..self
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// The sort of a problem. A closed set; its text is stable, so that scripts can match on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as it is printed, for example `unknown-key`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What the code means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),+ }
            }
        }
    };
}

codes! {
    /// The file cannot be opened or read.
    UnreadableFile = "unreadable-file",
    /// The file is larger than 1 MiB.
    FileTooLarge = "file-too-large",
    /// The file is not UTF-8 text.
    NotUtf8 = "not-utf-8",
    /// The text is not YAML.
    YamlSyntax = "yaml-syntax",
    /// The YAML is nested deeper, or is larger, than any manifest needs.
    YamlLimit = "yaml-limit",
    /// A YAML tag, such as `!!binary`, stands before a value.
    YamlTag = "yaml-tag",
    /// A merge key (`<<`) is used.
    MergeKey = "merge-key",
    /// An alias stands inside the value that it repeats.
    RecursiveAlias = "recursive-alias",
    /// The file holds more than one YAML document.
    SeveralDocuments = "several-documents",
    /// The file holds no YAML document.
    EmptyManifest = "empty-manifest",
    /// The file is another document, such as a `ConfigMap`, a `SecretProviderClass`, a pod or an env file.
    WrongDocument = "wrong-document",
    /// A placeholder, such as `{{ … }}` or `${…}`, was not filled in.
    Placeholder = "placeholder",
    /// A typographic quote, a long dash, a full-width colon, a no-break space or a character that cannot be seen stands where YAML
    /// knows none of them.
    TypographicCharacter = "typographic-character",
    /// A warning: every user may change the file or directory.
    OpenToAll = "open-to-all",
    /// A warning: the database `PostgreSQL` refuses a private key of this owner with this mode.
    KeyMode = "key-mode",
    /// A warning: the volume is a directory of the system, such as `/etc`, `/var/lib`, or `/usr/bin` with all that is below it.
    SystemDirectory = "system-directory",
    /// A warning: it works in a cluster with a certain feature gate only.
    NeedsFeatureGate = "needs-feature-gate",
    /// A warning: what is asked for can have no effect beside what else is asked for.
    WithoutEffect = "without-effect",
    /// `AKV_SYNC_ADMIN_LISTEN` or `AKV_SYNC_ADMIN_SOCKET` cannot be used.
    EnvironmentAdmin = "environment-admin",
    /// A key is a list or a mapping.
    KeyNotText = "key-not-text",
    /// A mapping has the same key twice.
    DuplicateKey = "duplicate-key",
    /// The key does not exist.
    UnknownKey = "unknown-key",
    /// A warning: the key has another name now, and is read all the same.
    OldKey = "old-key",
    /// The key is reserved for a later version.
    UnsupportedKey = "unsupported-key",
    /// A required key is not there.
    MissingKey = "missing-key",
    /// A list, a mapping or a single value stands where another of the three is expected.
    WrongType = "wrong-type",
    /// A key is there, but has no value.
    NoValue = "no-value",
    /// The value is none of the allowed ones.
    UnknownValue = "unknown-value",
    /// A list that needs an entry has none.
    EmptyList = "empty-list",
    /// The manifest names no secret, certificate, key or template.
    NoObjects = "no-objects",
    /// The name of a vault or of an object has a character or a length that names do not have.
    InvalidName = "invalid-name",
    /// The version is neither a policy nor a version identifier.
    InvalidVersion = "invalid-version",
    /// The mode is not one of octal permission bits.
    InvalidMode = "invalid-mode",
    /// The owner or group is neither a number nor a name.
    InvalidOwner = "invalid-owner",
    /// The duration is not a number followed by `s`, `m` or `h`.
    InvalidDuration = "invalid-duration",
    /// The value is outside of its range.
    OutOfRange = "out-of-range",
    /// The path of a file would leave the volume, or cannot be a path.
    InvalidPath = "invalid-path",
    /// The path is not absolute, or not normalised.
    InvalidAbsolutePath = "invalid-absolute-path",
    /// Two files have the same path.
    PathTaken = "path-taken",
    /// One file is at the path of a directory that another file needs.
    PathConflict = "path-conflict",
    /// The URL breaks a rule for URLs of vaults and authorities.
    InvalidUrl = "invalid-url",
    /// The host of a vault is not one of Key Vault, and is not listed as trusted.
    UntrustedHost = "untrusted-host",
    /// The entry of `trustedHosts` is not a host name or an IP address.
    InvalidHost = "invalid-host",
    /// The manifest names no URL for a vault, and the environment does not either.
    MissingVaultUrl = "missing-vault-url",
    /// The vault's URL from the environment breaks a rule.
    EnvironmentUrl = "environment-url",
    /// Two vaults have the same name.
    DuplicateVault = "duplicate-vault",
    /// An object names a vault that the manifest does not list.
    UnknownVault = "unknown-vault",
    /// An object names no vault where there are several.
    AmbiguousVault = "ambiguous-vault",
    /// A secret or a certificate is asked of a managed HSM, which holds keys only.
    KeysOnly = "keys-only",
    /// The key does not belong to this type of identity.
    IdentityKey = "identity-key",
    /// A managed identity is named in more than one way.
    IdentityConflict = "identity-conflict",
    /// The tenant, client, object or resource ID cannot be one.
    InvalidIdentifier = "invalid-identifier",
    /// The key does not belong to this content.
    ContentKey = "content-key",
    /// An entry has both or neither of two keys of which it needs one.
    EitherKey = "either-key",
    /// The key does not belong to an entry with `select`, or to one without.
    SelectKey = "select-key",
    /// A history is asked for, and one version is named.
    HistoryVersion = "history-version",
    /// The time is not one of RFC 3339.
    InvalidTime = "invalid-time",
    /// The JSON pointer is none.
    InvalidPointer = "invalid-pointer",
    /// The prefix, glob, tag or path template cannot be one.
    InvalidPattern = "invalid-pattern",
    /// The alias of a key store's entry cannot be one.
    InvalidAlias = "invalid-alias",
    /// The template has a mistake.
    InvalidTemplate = "invalid-template",
    /// A header or variable has a name that the hook sets itself.
    ReservedName = "reserved-name",
    /// Two hooks have the same name.
    DuplicateHook = "duplicate-hook",
    /// A filter of `when` is neither a name, nor `together:NAME`, nor a path.
    InvalidFilter = "invalid-filter",
    /// No file of the manifest can be one that a filter of `when` fits.
    UnmatchedFilter = "unmatched-filter",
    /// A hook sends a secret to where it can be read on the way.
    SecretInClear = "secret-in-clear",
    /// The header of a hook asks for a secret that has no file.
    SecretWithoutFile = "secret-without-file",
    /// A hook, or the admin socket, would write into the volume.
    InsideVolume = "inside-volume",
    /// The address to listen at is not an IP address and a port.
    InvalidListen = "invalid-listen",
    /// An object that is needed for another file is listed with several versions.
    SeveralVersions = "several-versions",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a problem leaves the manifest without a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The manifest is refused.
    Error,
    /// The manifest is taken, and does perhaps not what was meant.
    Warning,
}

/// One mistake, or what looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it leaves the manifest without a meaning.
    pub severity: Severity,
    /// Its sort.
    pub code: Code,
    /// Where; `None` when the file as a whole is meant.
    pub at: Option<Mark>,
    /// What is wrong: lower case, no full stop.
    pub message: Cow<'static, str>,
    /// What to do.
    pub hint: Option<Cow<'static, str>>,
    /// Another place that has to do with it, and what is there.
    pub related: Option<(Mark, &'static str)>,
    /// Whether what follows `at` on its line may be a credential and stays hidden.
    pub hides_rest: bool,
}

impl Problem {
    /// A problem that has no place yet.
    pub(super) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            at: None,
            message: message.into(),
            hint: None,
            related: None,
            hides_rest: false,
        }
    }

    /// A placeholder in `subject`, without a place.
    pub(super) fn placeholder(found: &Placeholder, subject: &impl fmt::Display) -> Self {
        Self::new(Code::Placeholder, found.told_of(subject)).hint(found.hint())
    }

    pub(super) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A hint, unless it has one.
    pub(super) fn or_hint(self, hint: &'static str) -> Self {
        if self.hint.is_some() {
            self
        } else {
            self.hint(hint)
        }
    }

    pub(super) fn at(mut self, mark: Mark) -> Self {
        self.at = Some(mark);
        self
    }

    /// Places it at `mark`; one that hides its value marks no character of it.
    pub(super) fn within(self, mark: Mark) -> Self {
        let width = if self.hides_rest { 0 } else { mark.width };
        self.at(Mark { width, ..mark })
    }

    pub(super) fn related(mut self, mark: Mark, what: &'static str) -> Self {
        self.related = Some((mark, what));
        self
    }

    pub(super) fn hiding_rest(mut self) -> Self {
        self.hides_rest = true;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// Collects problems while a manifest is read; shared by reference, because reading goes on after each.
#[derive(Debug, Default)]
pub struct Sink(RefCell<Vec<Problem>>);

impl Sink {
    pub(super) fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Records what is no reason to refuse the manifest.
    pub(super) fn warn(&self, problem: Problem) {
        self.push(Problem {
            severity: Severity::Warning,
            ..problem
        });
    }

    /// Whether nothing but warnings was recorded.
    pub(super) fn has_no_error(&self) -> bool {
        let problems = self.0.borrow();
        problems
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    }

    /// The problems in the order of their places. One behind an alias is there once, however often it is used.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| (a.at, a.code, &a.message).cmp(&(b.at, b.code, &b.message)));
        problems.dedup();
        // A line of which a placeholder makes something else has no other problem.
        let line = |problem: &Problem| problem.at.map(|mark| mark.line);
        let explained: BTreeSet<_> = problems
            .iter()
            .filter(|problem| problem.code == Code::Placeholder)
            .map(line)
            .collect();
        problems.retain(|problem| problem.code == Code::Placeholder || !explained.contains(&line(problem)));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}
