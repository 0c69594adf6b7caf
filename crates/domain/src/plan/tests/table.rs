//! Every combination of what was told, what moves together, what is published, and what stands at the place.
//!
//! The entry `a` wants the path `a`. The member `b` of its group is published in version 1, and has version 2 to move to
//! when it is fine.

use super::stage::{Files, Stage, entry, grouped, latest};

/// What was told of `a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Version(u32),
    Fails,
    FailedBefore,
    NotAsked,
    Open,
}

/// How the other member of the group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    None,
    Fails,
    Waits,
    Fine,
}

/// Where version 1 of `a` is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Had {
    Nowhere,
    There,
    Elsewhere,
}

/// What stands at the path that it wants, besides its own file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    /// Something foreign: the name is refused.
    Foreign,
    /// A file of an object that left the manifest.
    Leaving,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    told: Told,
    member: Member,
    had: Had,
    place: Place,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for told in [
        Told::Version(1),
        Told::Version(2),
        Told::Fails,
        Told::FailedBefore,
        Told::NotAsked,
        Told::Open,
    ] {
        for member in [Member::None, Member::Fails, Member::Waits, Member::Fine] {
            for had in [Had::Nowhere, Had::There, Had::Elsewhere] {
                for place in [Place::Free, Place::Foreign, Place::Leaving] {
                    cases.push(Case {
                        told,
                        member,
                        had,
                        place,
                    });
                }
            }
        }
    }
    // One file only can be at a place.
    cases.retain(|case| (case.had, case.place) != (Had::There, Place::Leaving));
    cases
}

impl Case {
    fn stage(self) -> Stage {
        let (a, b) = (latest("a"), latest("b"));
        let mut stage = match self.member {
            Member::None => Stage::of([entry(a.clone(), "a")]),
            _ => Stage::of([grouped(a.clone(), "a"), grouped(b.clone(), "b")]).published("b", b.clone(), 1),
        };
        stage = match self.had {
            Had::Nowhere => stage,
            Had::There => stage.published("a", a.clone(), 1),
            Had::Elsewhere => stage.published("was", a.clone(), 1),
        };
        stage = match self.place {
            Place::Free => stage,
            Place::Foreign => stage.refused("a"),
            Place::Leaving => stage.published("a", latest("old"), 1),
        };
        stage = match self.member {
            Member::None => stage,
            Member::Fails => stage.fails(&b),
            Member::Waits => stage.asked(&b),
            Member::Fine => stage.told(&b, 2),
        };
        match self.told {
            Told::Version(number) => stage.told(&a, number),
            Told::Fails => stage.fails(&a),
            Told::FailedBefore => stage.failed(&a),
            Told::NotAsked => stage,
            Told::Open => stage.asked(&a),
        }
    }

    /// Why nothing new comes to `a` although it is asked for there, if that is so.
    fn why_it_stays(self) -> Option<&'static str> {
        let is_there_already = self.told == Told::Version(1) && self.had == Had::There;
        match (self.place, self.told, self.member) {
            (Place::Foreign, ..) | (_, Told::Fails | Told::FailedBefore, _) => Some("failed"),
            (_, Told::Open, _) => Some("waits"),
            (_, Told::NotAsked, _) => Some("not asked"),
            (.., Member::Fails | Member::Waits) if !is_there_already => Some("held back"),
            _ => None,
        }
    }

    /// The last good bytes: its own, else whatever is at its place.
    fn last_good(self) -> Option<&'static str> {
        match (self.had, self.place) {
            (Had::There, _) | (Had::Nowhere, Place::Leaving) => Some("a"),
            (Had::Elsewhere, _) => Some("was"),
            (Had::Nowhere, _) => None,
        }
    }

    fn when_it_moves(self) -> &'static str {
        match (self.told, self.had, self.place) {
            (Told::Version(1), Had::There, _) => "keep a: unchanged",
            (Told::Version(1), Had::Elsewhere, _) => "keep was: moved",
            (_, Had::There, _) => "write: version",
            (.., Place::Leaving) => "write: other source",
            _ => "write: missing",
        }
    }

    fn of_the_member(self) -> Option<&'static str> {
        match (self.member, self.place, self.why_it_stays()) {
            (Member::None, ..) => None,
            (Member::Waits, Place::Foreign, _) => Some("keep b: unchanged"),
            (Member::Waits, ..) => Some("keep b: waits"),
            (Member::Fails, ..) | (_, Place::Foreign, _) => Some("keep b: failed"),
            (Member::Fine, _, None) => Some("write: version"),
            (Member::Fine, _, Some(_)) => Some("keep b: held back"),
        }
    }

    /// What is to become of each file.
    fn expected(self) -> Files {
        let mut files = Files::new();
        let mut row = |at: &str, row: String| files.insert(at.to_owned(), row);
        // What stays comes along to a new path, but not to a place that is refused.
        let stays_at = |from| if self.place == Place::Foreign { from } else { "a" };
        match (self.why_it_stays(), self.last_good()) {
            (Some(why), Some(from)) => row(stays_at(from), format!("keep {from}: {why}")),
            (Some(_), None) => None,
            (None, _) => row("a", self.when_it_moves().to_owned()),
        };
        if self.had == Had::Elsewhere && self.place != Place::Foreign {
            row("was", "remove: leaves the manifest".to_owned());
        }
        if let Some(member) = self.of_the_member() {
            row("b", member.to_owned());
        }
        files
    }
}

#[test]
fn every_file_is_written_kept_or_removed_as_the_table_says() {
    let cases = cases();
    assert_eq!(cases.len(), 6 * 4 * 8, "no combination is left out");
    for case in cases {
        assert_eq!(case.stage().files(), case.expected(), "{case:?}");
    }
}
