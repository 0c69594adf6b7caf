//! Paths that files have, and which further ones would be in their way.

use std::collections::BTreeSet;

use super::path::RelativePath;

/// Paths of files, none of which is a directory of another.
#[derive(Debug, Clone, Default)]
pub struct PathSet(BTreeSet<String>);

impl PathSet {
    /// Paths of which none is a directory of another.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p &'p RelativePath>) -> Self {
        Self(paths.into_iter().map(|path| path.as_str().to_owned()).collect())
    }

    /// Adds a path, or gives the path in the set that it conflicts with: the same, one that it would have to be below,
    /// or one that would have to be below it.
    pub fn claim(&mut self, path: &RelativePath) -> Result<(), String> {
        if let Some(taken) = self.in_the_way(path) {
            return Err(taken.to_owned());
        }
        self.0.insert(path.as_str().to_owned());
        Ok(())
    }

    /// The path in the set that another one conflicts with, if there is one; see [`PathSet::claim`].
    pub fn in_the_way(&self, path: &RelativePath) -> Option<&str> {
        let text = path.as_str();
        let above = text.match_indices('/').map(|(end, _)| &text[..end]);
        let same_or_above = above.chain([text]).find_map(|path| self.0.get(path));
        let directory = format!("{text}/");
        let found = same_or_above.or_else(|| {
            let next = self.0.range(directory.clone()..).next();
            next.filter(|next| next.starts_with(&directory))
        });
        found.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_claimed_once_and_neither_above_nor_below_another() {
        let mut set = PathSet::default();
        let mut claim = |text: &str| set.claim(&RelativePath::parse(text).expect("valid"));
        assert_eq!(claim("a/b"), Ok(()));
        assert_eq!(claim("a-b"), Ok(()));
        assert_eq!(claim("a/c"), Ok(()));
        assert_eq!(claim("a/b"), Err("a/b".to_owned()));
        assert_eq!(claim("a/b/c"), Err("a/b".to_owned()));
        assert_eq!(claim("a"), Err("a/b".to_owned()));
        assert_eq!(claim("ab"), Ok(()));
    }
}
