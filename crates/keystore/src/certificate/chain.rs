//! The chain from a leaf to its root: who issued whom, one path of it, and what of it is missing.
//!
//! The result depends on the set of certificates only, never on their order in the value.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::x509::Certificate;

/// The way up from a leaf.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// Positions of the intermediates, the leaf's issuer first. No root and no leaf.
    pub(super) intermediates: Vec<usize>,
    /// Position of the root, if the value holds it.
    pub(super) root: Option<usize>,
}

/// Takes distinct certificates and the position of the leaf among them.
///
/// Where several certificates issued the same one (cross-signing), the one from which a root of the value is nearest
/// is taken; without a root, the one with most issuers above it; then the one that is valid longest.
pub(super) fn build(certificates: &[Certificate], leaf: usize) -> Chain {
    let issuers = Issuers::of(certificates);
    let mut chain = Chain {
        intermediates: Vec::new(),
        root: None,
    };
    let mut seen = BTreeSet::from([leaf]);
    let mut current = leaf;
    while !issuers.roots.contains(&current) {
        let unseen = issuers.of[current]
            .iter()
            .copied()
            .filter(|issuer| !seen.contains(issuer));
        let best = unseen.min_by(|&one, &other| {
            let (rank, other_rank) = (issuers.rank(one), issuers.rank(other));
            rank.cmp(&other_rank)
                .then_with(|| certificates[one].preference(&certificates[other]))
        });
        let Some(best) = best else {
            return chain;
        };
        seen.insert(best);
        if issuers.roots.contains(&best) {
            chain.root = Some(best);
        } else {
            chain.intermediates.push(best);
        }
        current = best;
    }
    chain
}

/// The certificates that issued one, which does not count as its own issuer.
fn issuers_of(certificates: &[Certificate], subject: usize) -> Vec<usize> {
    (0..certificates.len())
        .filter(|&issuer| issuer != subject && certificates[subject].is_issued_by(&certificates[issuer]))
        .collect()
}

/// Who issued whom.
struct Issuers {
    of: Vec<Vec<usize>>,
    roots: BTreeSet<usize>,
}

impl Issuers {
    fn of(certificates: &[Certificate]) -> Self {
        Self {
            of: (0..certificates.len())
                .map(|subject| issuers_of(certificates, subject))
                .collect(),
            roots: (0..certificates.len())
                .filter(|&index| certificates[index].is_self_signed())
                .collect(),
        }
    }

    /// Lower is better: steps to the nearest root, then the number of certificates above.
    fn rank(&self, start: usize) -> (usize, Reverse<usize>) {
        let mut above = BTreeSet::from([start]);
        let mut level = vec![start];
        let mut steps = 0;
        let mut to_root = usize::MAX;
        while !level.is_empty() {
            if to_root == usize::MAX && level.iter().any(|index| self.roots.contains(index)) {
                to_root = steps;
            }
            let next = level.iter().flat_map(|&index| &self.of[index]).copied();
            level = next.filter(|&issuer| above.insert(issuer)).collect();
            steps += 1;
        }
        (to_root, Reverse(above.len()))
    }
}
