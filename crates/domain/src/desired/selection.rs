//! Many secrets by one rule.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::secret::SecretForm;
use crate::mode::FileMode;
use crate::object::{GroupName, ObjectId, ObjectKind, ObjectName, VaultId};
use crate::path::{PathError, RelativePath};

/// Secrets of one vault that a rule picks, each written to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionSpec {
    /// The vault.
    pub vault: VaultId,
    /// Which of its secrets.
    pub rule: SelectionRule,
    /// Most secrets that it may pick; more are an error, and none is added then.
    pub limit: usize,
    /// Whether all of its files may go when the vault says twice that all of its secrets are gone.
    pub may_be_empty: bool,
    /// Where the files go.
    pub path: PathTemplate,
    /// How their values become bytes.
    pub form: SecretForm,
    /// Mode of the files.
    pub mode: FileMode,
    /// Whether start-up waits for all of them.
    pub required: bool,
    /// The entries that all of them move together with.
    pub group: Option<GroupName>,
    /// Mean time after which the list and each secret of it is asked for again: the entry's own, or that of `refresh`.
    pub interval: Duration,
}

impl SelectionSpec {
    /// The path of a secret that it picks.
    pub fn path_of(&self, name: &ObjectName) -> Result<RelativePath, PathError> {
        self.path.path_of(name, self.rule.prefix.as_deref())
    }

    /// Whether it would put an object of its vault there, as far as a name tells.
    pub fn may_have(&self, object: &ObjectId, path: &RelativePath) -> bool {
        object.kind == ObjectKind::Secret
            && self.rule.fits_name(&object.name)
            && self.path_of(&object.name).as_ref() == Ok(path)
    }
}

/// Which secrets: all conditions that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelectionRule {
    /// The name begins with this. Names of Key Vault do not differ by case.
    pub prefix: Option<String>,
    /// The name fits: `*` is any number of characters, `?` one.
    pub glob: Option<String>,
    /// The current version has these tags; an empty value stands for any.
    pub tags: BTreeMap<String, String>,
}

/// Path of a selected secret: a text with `{name}` (its name) or `{suffix}` (its name after the prefix) in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathTemplate(String);

/// Why a text is not a template of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathTemplateError {
    /// Every secret would have the same path.
    #[error("a path template must contain `{{name}}` or `{{suffix}}`")]
    NoPlaceholder,
    /// Something else stands in braces.
    #[error("a path template knows `{{name}}` and `{{suffix}}` only")]
    UnknownPlaceholder,
    /// No path can come of it.
    #[error(transparent)]
    Path(#[from] PathError),
}

const NAME: &str = "{name}";
const SUFFIX: &str = "{suffix}";

impl PathTemplate {
    /// Takes a text with a placeholder; gives the rule that it breaks otherwise.
    pub fn parse(text: &str) -> Result<Self, PathTemplateError> {
        let filled = text.replace(NAME, "x").replace(SUFFIX, "x");
        if filled.contains(['{', '}']) {
            return Err(PathTemplateError::UnknownPlaceholder);
        }
        if !text.contains(NAME) && !text.contains(SUFFIX) {
            return Err(PathTemplateError::NoPlaceholder);
        }
        RelativePath::parse(&filled)?;
        Ok(Self(text.to_owned()))
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a secret whose name begins with `prefix`.
    pub fn path_of(&self, name: &ObjectName, prefix: Option<&str>) -> Result<RelativePath, PathError> {
        let name = name.as_str();
        let suffix = &name[prefix.map_or(0, str::len).min(name.len())..];
        RelativePath::parse(&self.0.replace(NAME, name).replace(SUFFIX, suffix))
    }
}

impl SelectionRule {
    /// Whether a name fits, as far as a name tells.
    pub fn fits_name(&self, name: &ObjectName) -> bool {
        let name = name.as_str().to_ascii_lowercase();
        self.prefix
            .as_ref()
            .is_none_or(|prefix| name.starts_with(&prefix.to_ascii_lowercase()))
            && self
                .glob
                .as_ref()
                .is_none_or(|glob| matches_glob(glob.to_ascii_lowercase().as_bytes(), name.as_bytes()))
    }

    /// Whether the tags fit.
    pub fn fits_tags(&self, tags: &BTreeMap<String, String>) -> bool {
        self.tags.iter().all(|(key, wanted)| {
            tags.get(key)
                .is_some_and(|value| wanted.is_empty() || value == wanted)
        })
    }
}

/// Linear in the product of the lengths: it goes back to the last `*` only.
fn matches_glob(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    g = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|&byte| byte == b'*')
}

impl fmt::Display for SelectionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/secrets?{}", self.vault, self.rule)
    }
}

impl fmt::Display for SelectionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix.iter().map(|prefix| format!("prefix={prefix}"));
        let glob = self.glob.iter().map(|glob| format!("glob={glob}"));
        let tags = self.tags.iter().map(|(key, value)| match value.as_str() {
            "" => format!("tag={key}"),
            value => format!("tag={key}:{value}"),
        });
        let parts: Vec<_> = prefix.chain(glob).chain(tags).collect();
        f.write_str(&parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ObjectName {
        ObjectName::parse(text).expect("valid")
    }

    #[test]
    fn names_fit_by_prefix_and_glob_whatever_their_case() {
        let rule = |prefix: Option<&str>, glob: Option<&str>| SelectionRule {
            prefix: prefix.map(str::to_owned),
            glob: glob.map(str::to_owned),
            tags: BTreeMap::new(),
        };
        assert!(rule(Some("APP-"), None).fits_name(&name("app-db")));
        assert!(!rule(Some("app-"), None).fits_name(&name("app")));
        for (glob, fits) in [
            ("*", true),
            ("app-*-password", true),
            ("app-?b-password", true),
            ("APP-DB*", true),
            ("*word", true),
            ("app", false),
            ("app-*-user", false),
            ("?", false),
        ] {
            assert_eq!(
                rule(None, Some(glob)).fits_name(&name("app-db-password")),
                fits,
                "{glob}"
            );
        }
    }

    #[test]
    fn a_glob_of_many_stars_is_decided_at_once() {
        let glob = "*a".repeat(40);
        assert!(!matches_glob(glob.as_bytes(), "a".repeat(39).as_bytes()));
        assert!(matches_glob(glob.as_bytes(), "a".repeat(127).as_bytes()));
    }

    #[test]
    fn tags_fit_by_value_or_by_being_there() {
        let tags = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let rule = |key: &str, value: &str| SelectionRule {
            tags: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            ..SelectionRule::default()
        };
        assert!(rule("env", "prod").fits_tags(&tags));
        assert!(rule("env", "").fits_tags(&tags));
        assert!(!rule("env", "test").fits_tags(&tags));
        assert!(!rule("team", "").fits_tags(&tags));
    }

    #[test]
    fn a_path_template_gives_each_name_a_path() {
        let template = PathTemplate::parse("app/{suffix}/{name}.txt").expect("valid");
        let path = template.path_of(&name("app-db"), Some("app-"));
        assert_eq!(
            path.map(|path| path.to_string()),
            Ok("app/db/app-db.txt".to_owned())
        );
        assert_eq!(PathTemplate::parse("app"), Err(PathTemplateError::NoPlaceholder));
        assert_eq!(
            PathTemplate::parse("{tag}"),
            Err(PathTemplateError::UnknownPlaceholder)
        );
        assert_eq!(
            PathTemplate::parse("../{name}"),
            Err(PathTemplateError::Path(PathError::Element))
        );
        let whole = PathTemplate::parse("{suffix}").expect("valid");
        assert_eq!(whole.path_of(&name("app-"), Some("app-")), Err(PathError::Empty));
    }
}
