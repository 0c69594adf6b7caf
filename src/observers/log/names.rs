//! Several objects on one line.

use crate::domain::entry::EntryId;

/// No line names more.
const LONGEST: usize = 100;

/// The objects that a line is about.
pub(super) struct Names<'e>(pub(super) &'e [EntryId]);

impl Names<'_> {
    /// The first, for `object`, and all of them when there are several, for `names`.
    pub(super) fn fields(&self) -> [Option<String>; 2] {
        [self.0.first().map(ToString::to_string), self.all()]
    }

    fn all(&self) -> Option<String> {
        if self.0.len() < 2 {
            return None;
        }
        let shown: Vec<_> = self.0.iter().take(LONGEST).map(ToString::to_string).collect();
        let all = shown.join(", ");
        Some(match self.0.len() - shown.len() {
            0 => all,
            more => format!("{all} and {more} more"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::RelativePath;

    fn templates(count: usize) -> Vec<EntryId> {
        let paths = (0..count).map(|number| RelativePath::parse(&number.to_string()).expect("valid"));
        paths.map(EntryId::Template).collect()
    }

    #[test]
    fn one_object_is_named_once_and_several_all() {
        assert_eq!(Names(&templates(0)).fields(), [None, None]);
        assert_eq!(
            Names(&templates(1)).fields(),
            [Some("template 0".to_owned()), None]
        );
        let [first, all] = Names(&templates(3)).fields();
        assert_eq!(first.as_deref(), Some("template 0"));
        assert_eq!(all.as_deref(), Some("template 0, template 1, template 2"));
    }

    #[test]
    fn a_thousand_objects_do_not_make_a_line_of_their_length() {
        let [_, all] = Names(&templates(1_000)).fields();
        let all = all.expect("several");
        assert!(all.ends_with("template 99 and 900 more"), "{all}");
    }
}
