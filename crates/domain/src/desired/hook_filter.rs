//! Which changes a hook is for.

use std::fmt;

use crate::object::GroupName;
use crate::plain_text::is_plain_text;

/// One of the changes that a hook is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookFilter {
    /// Those of entries that move together under this name.
    Together(GroupName),
    /// Those of entries whose name or path fits.
    Pattern(PathGlob),
}

/// A name or path in which `*` stands for any characters but `/`, `**` for any, and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathGlob(String);

/// Why a text is not a [`HookFilter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a filter must be the name of an entry, `together:NAME`, or a path in which `*` and `**` stand for any characters"
)]
pub struct HookFilterError;

const TOGETHER: &str = "together:";

impl HookFilter {
    /// Takes a text of `when`.
    pub fn parse(text: &str) -> Result<Self, HookFilterError> {
        if let Some(name) = text.strip_prefix(TOGETHER) {
            return GroupName::parse(name)
                .map(Self::Together)
                .map_err(|_| HookFilterError);
        }
        let usable = !text.is_empty() && !text.starts_with('/') && is_plain_text(text) && text.len() <= 4096;
        usable
            .then(|| Self::Pattern(PathGlob(text.to_owned())))
            .ok_or(HookFilterError)
    }

    /// Whether a change is one of those: of a file at `path`, made of an object of this `name` (none for a template),
    /// that moves together under `together`.
    pub fn fits(&self, path: &str, name: Option<&str>, together: Option<&GroupName>) -> bool {
        match self {
            Self::Together(wanted) => together == Some(wanted),
            Self::Pattern(glob) => {
                glob.fits(path) || name.is_some_and(|name| glob.0.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Whether it can fit a path of which only this much is known: `pattern` is a path with `*` in the place of what
    /// is not.
    pub fn may_fit(&self, pattern: &str) -> bool {
        match self {
            Self::Together(_) => false,
            Self::Pattern(glob) => meet(&parts(&glob.0), &parts(pattern)),
        }
    }
}

impl fmt::Display for HookFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Together(name) => write!(f, "{TOGETHER}{name}"),
            Self::Pattern(glob) => f.write_str(&glob.0),
        }
    }
}

impl PathGlob {
    /// Whether a path fits as a whole.
    pub fn fits(&self, path: &str) -> bool {
        meet(
            &parts(&self.0),
            &path.chars().map(Part::Character).collect::<Vec<_>>(),
        )
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Character(char),
    /// One character that is no slash.
    One,
    /// Any that are no slashes.
    Some,
    /// Any.
    All,
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        parts.push(match character {
            '*' if rest.next_if_eq(&'*').is_some() => Part::All,
            '*' => Part::Some,
            '?' => Part::One,
            other => Part::Character(other),
        });
    }
    parts
}

/// Whether some text fits both patterns. Row by row over all pairs of positions: the product of the lengths.
fn meet(left: &[Part], right: &[Part]) -> bool {
    let mut reached = vec![false; right.len() + 1];
    for l in 0..=left.len() {
        let mut row = vec![false; right.len() + 1];
        for r in 0..=right.len() {
            let skips_left = l > 0 && reached[r] && matches!(left[l - 1], Part::Some | Part::All);
            let skips_right = r > 0 && row[r - 1] && matches!(right[r - 1], Part::Some | Part::All);
            let takes = l > 0 && r > 0 && share(left[l - 1], right[r - 1]);
            let before = takes
                && (reached[r - 1]
                    || row[r - 1] && is_repeated(left[l - 1])
                    || reached[r] && is_repeated(right[r - 1]));
            row[r] = l == 0 && r == 0 || skips_left || skips_right || before;
        }
        reached = row;
    }
    reached[right.len()]
}

const fn is_repeated(part: Part) -> bool {
    matches!(part, Part::Some | Part::All)
}

/// Whether there is a character that both parts can stand for.
fn share(left: Part, right: Part) -> bool {
    match (left, right) {
        (Part::Character(left), Part::Character(right)) => left == right,
        (Part::Character(character), Part::One | Part::Some)
        | (Part::One | Part::Some, Part::Character(character)) => character != '/',
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> HookFilter {
        HookFilter::parse(text).expect("valid")
    }

    #[test]
    fn a_pattern_fits_paths_by_star_double_star_and_question_mark() {
        for (pattern, path, fits) in [
            ("tls/**", "tls/web.crt", true),
            ("tls/**", "tls/web/tls.crt", true),
            ("tls/*", "tls/web/tls.crt", false),
            ("tls/*", "tls/web.crt", true),
            ("**/tls.crt", "a/b/tls.crt", true),
            ("*.crt", "web.crt", true),
            ("*.crt", "tls/web.crt", false),
            ("app-?", "app-1", true),
            ("app-?", "app-10", false),
            ("a?b", "a/b", false),
            ("db/password", "db/password", true),
            ("db/password", "db/passwor", false),
            ("**", "anything/at/all", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
        ] {
            assert_eq!(filter(pattern).fits(path, None, None), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn a_name_fits_its_entry_whatever_its_case_and_path() {
        assert!(filter("web-tls").fits("tls/web.crt", Some("Web-TLS"), None));
        assert!(!filter("web-tls").fits("tls/web.crt", Some("web"), None));
        assert!(!filter("web-*").fits("tls/web.crt", Some("web-tls"), None));
    }

    #[test]
    fn what_moves_together_fits_by_the_name_of_that() {
        let web = GroupName::parse("web").expect("valid");
        assert!(filter("together:web").fits("a", None, Some(&web)));
        assert!(!filter("together:web").fits("web", Some("web"), None));
        assert_eq!(HookFilter::parse("together:"), Err(HookFilterError));
    }

    #[test]
    fn a_pattern_may_fit_paths_that_a_rule_makes() {
        for (pattern, paths, may) in [
            ("app/**", "app/*", true),
            ("app/db", "app/*", true),
            ("app/*.txt", "app/*", true),
            ("web/**", "app/*", false),
            ("app/*.txt", "app/*.pem", false),
            ("*/x/*", "a/*", false),
            ("**", "*", true),
        ] {
            assert_eq!(filter(pattern).may_fit(paths), may, "{pattern} {paths}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_decided_at_once() {
        let pattern = "*a".repeat(60);
        assert!(!filter(&pattern).fits(&"a".repeat(59), None, None));
        assert!(filter(&pattern).fits(&"a".repeat(200), None, None));
    }
}
