//! What stays when a part of what should come does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::RelativePath;
use crate::path_set::PathSet;

/// Files that leave, and files that come in their stead.
#[derive(Debug, Default)]
pub struct Exchange<'p> {
    /// Published files that are no longer wanted, as published.
    pub leaving: BTreeSet<&'p RelativePath>,
    /// New files, each with the published file that its bytes are taken from.
    pub coming: BTreeMap<&'p RelativePath, Option<&'p RelativePath>>,
}

/// What an [`Exchange`] comes to when some of the new files do not come.
#[derive(Debug, Default)]
pub struct Standstill<'p> {
    /// Those that leave no more: what takes their bytes along, or their place, does not come.
    pub stays: BTreeSet<&'p RelativePath>,
    /// Those that do not come, also for what stays in their place.
    pub absent: BTreeSet<&'p RelativePath>,
}

impl<'p> Exchange<'p> {
    /// Finds out what stays when these do not come. What wants the place of what stays does not come either, and so on.
    pub fn without(&self, absent: BTreeSet<&'p RelativePath>) -> Standstill<'p> {
        let mut standstill = Standstill {
            absent,
            ..Standstill::default()
        };
        loop {
            let absent = PathSet::of(&standstill.absent);
            let coming = standstill.absent.iter();
            let sources: BTreeSet<_> = coming.filter_map(|path| *self.coming.get(path)?).collect();
            let stays = |path: &&RelativePath| sources.contains(path) || absent.in_the_way(path).is_some();
            standstill.stays = self.leaving.iter().copied().filter(stays).collect();
            if !self.block(&mut standstill) {
                return standstill;
            }
        }
    }

    /// The same when everything stays: it is not known what became of those that do not come.
    pub fn all_stay(&self, absent: BTreeSet<&'p RelativePath>) -> Standstill<'p> {
        let mut standstill = Standstill {
            stays: self.leaving.clone(),
            absent,
        };
        self.block(&mut standstill);
        standstill
    }

    /// Adds what cannot come where something stays; says whether there was any.
    fn block(&self, standstill: &mut Standstill<'p>) -> bool {
        let stays = PathSet::of(&standstill.stays);
        let before = standstill.absent.len();
        let coming = self.coming.keys().copied();
        standstill
            .absent
            .extend(coming.filter(|path| stays.in_the_way(path).is_some()));
        standstill.absent.len() > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        RelativePath::parse(text).expect("valid")
    }

    fn texts(paths: &BTreeSet<&RelativePath>) -> Vec<String> {
        paths.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stays_keeps_others_from_coming_which_makes_more_stay() {
        let [a, b, c, taken, below_a] = ["a", "b", "c", "taken", "a/new"].map(path);
        let exchange = Exchange {
            leaving: [&a, &b, &c].into(),
            coming: [(&taken, Some(&a)), (&below_a, Some(&b))].into(),
        };
        let standstill = exchange.without([&taken].into());
        assert_eq!(texts(&standstill.stays), ["a", "b"]);
        assert_eq!(texts(&standstill.absent), ["a/new", "taken"]);
        let standstill = exchange.without(BTreeSet::new());
        assert!(standstill.stays.is_empty() && standstill.absent.is_empty());
    }

    #[test]
    fn where_nothing_leaves_nothing_comes_in_its_place() {
        let [a, b, below_a] = ["a", "b", "a/new"].map(path);
        let exchange = Exchange {
            leaving: [&a].into(),
            coming: [(&b, None), (&below_a, None)].into(),
        };
        let standstill = exchange.all_stay([&b].into());
        assert_eq!(texts(&standstill.stays), ["a"]);
        assert_eq!(texts(&standstill.absent), ["a/new", "b"]);
    }
}
