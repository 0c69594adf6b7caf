//! A payload that leaves out what is refused, and what hangs on it, is published whole: nothing is left for the layout to
//! hold back.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;

use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload};
use crate::volume::tests::properties::{PATHS, any_payload};
use crate::volume::tests::support::{TestVolume, expected};
use crate::volume::{AnyVolume, BlockingVolume as _};

/// Whether both can be files of one set.
fn fit(one: &RelativePath, other: &RelativePath) -> bool {
    !one.is_directory_of(other) && !other.is_directory_of(one)
}

/// Leaves out of `wanted` what the volume refuses. What is published and would be replaced by that stays, and then goes
/// before what needs its place.
fn resolve(volume: &AnyVolume, old: &Payload, wanted: &Payload) -> Payload {
    let mut out = BTreeSet::new();
    loop {
        let coming = wanted.files.iter().filter(|(path, _)| !out.contains(*path));
        let mut payload = Payload {
            files: coming.map(|(path, file)| (path.clone(), file.clone())).collect(),
            ..Payload::default()
        };
        let asked: BTreeSet<_> = payload.files.keys().cloned().collect();
        let refused = volume.refused(&asked).expect("looks");
        let mut blocked: BTreeSet<_> = asked
            .into_iter()
            .filter(|path| refused.iter().any(|refused| refused.covers(path)))
            .collect();
        for (path, file) in &old.files {
            let stays = |absent: &RelativePath| {
                absent == path
                    || !fit(absent, path)
                    || matches!(&wanted.files[absent].bytes, FileBytes::Published(at) if at == path)
            };
            if !payload.files.contains_key(path) && out.iter().any(stays) {
                let mut kept = file.clone();
                kept.bytes = FileBytes::Published(path.clone());
                blocked.extend(payload.files.keys().filter(|other| !fit(other, path)).cloned());
                payload.files.insert(path.clone(), kept);
            }
        }
        if blocked.is_empty() {
            return payload;
        }
        out.extend(blocked);
    }
}

/// The payload, with some of its files taken from what is published elsewhere.
fn with_moves(mut wanted: Payload, old: &Payload, moves: &[(usize, usize)]) -> Payload {
    for (to, from) in moves {
        let source = old.files.keys().nth(*from);
        let file = wanted.files.values_mut().nth(*to);
        if let (Some(source), Some(file)) = (source, file) {
            file.bytes = FileBytes::Published(source.clone());
        }
    }
    wanted
}

/// Puts somebody else's files where there is nothing; gives their paths.
fn put_foreign(test: &TestVolume, names: &[&'static str]) -> BTreeSet<&'static str> {
    let free = names.iter().filter(|name| {
        let at = test.root().join(name);
        let above = at.parent().expect("a directory");
        fs::symlink_metadata(&at).is_err()
            && fs::create_dir_all(above).is_ok()
            && fs::write(&at, "theirs").is_ok()
    });
    free.copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_payload_that_leaves_out_what_is_refused_is_published_whole(
        old in any_payload(),
        wanted in any_payload(),
        moves in prop::collection::vec((0_usize..6, 0_usize..6), 0..4),
        foreign in prop::collection::vec(prop::sample::select(PATHS), 0..4),
    ) {
        let test = TestVolume::new(Layout::Flat);
        let volume = test.open();
        volume.publish(&old).expect("publishes");
        let theirs = put_foreign(&test, &foreign);
        let wanted = with_moves(wanted, &old, &moves);
        let payload = resolve(&volume, &old, &wanted);
        let publication = volume.publish(&payload).expect("publishes");
        prop_assert!(publication.refused.is_empty(), "{:?}", publication.refused);

        let bytes = expected(&old);
        let mut visible = test.visible();
        for name in theirs {
            prop_assert_eq!(visible.remove(name).expect("theirs is there").0, b"theirs");
        }
        prop_assert_eq!(visible.len(), payload.files.len());
        for (at, file) in &payload.files {
            let found = &visible[at.as_str()].0;
            match &file.bytes {
                FileBytes::Write(bytes) => prop_assert_eq!(found.as_slice(), bytes.expose()),
                FileBytes::Published(from) => prop_assert_eq!(found, &bytes[from.as_str()].0),
            }
        }
    }
}
