//! A power cut at any moment, on a disk that loses whatever was not synced.
//!
//! A crash of the process alone loses nothing that was written, so it cannot show that files are synced before what
//! points at them. Here the writer tells of each step and of each sync. At each of these moments, it is written down what the
//! volume looks like and what of it was synced: the bytes of a file by the sync of the file, names by that of their
//! directory. Of that, volumes are made as a power cut may leave them. Of what was not synced, each name may be there or not,
//! by itself and in no order; bytes may be missing. The one thing a disk is trusted with is that a rename happens or does not:
//! a file is at one of the two places, and the sync of one of the two directories is enough for that.

mod image;
mod moment;
mod watcher;

use std::fs;

use self::moment::{Luck, Moment};
use self::watcher::Watcher;
use super::crash::{Scenario, scenarios};
use super::support::{Place, TestVolume, expected};
use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    a_power_cut_at_any_moment_leaves_the_old_set_or_the_new_one_whole,
    a_power_cut_while_recovering_from_a_crash_leaves_the_old_set_or_the_new_one_whole,
    a_disk_that_never_syncs_shows_that_this_test_can_fail,
}

/// The moments of a publish, and of what comes after it when the process is gone at one of them.
fn moments(scenario: &Scenario, honest: bool, ends_after: Option<usize>) -> (Vec<Moment>, Vec<Moment>) {
    let test = scenario.volume();
    let watcher = Watcher::new(test.root(), honest);
    watcher.moments(ends_after);
    let volume = test.open_observed(watcher.clone());
    volume.sync_in_memory();
    let published = volume.publish(&scenario.new);
    assert!(published.is_ok() || ends_after.is_some());
    drop(volume);
    let of_publish = watcher.moments(None);
    if published.is_ok() {
        return (of_publish, Vec::new());
    }
    let volume = test.open_observed(watcher.clone());
    volume.sync_in_memory();
    volume.observe().expect("recovers");
    (of_publish, watcher.moments(None))
}

/// Fails unless a recovery without the vault finds one whole set, and the next publish leaves nothing over.
fn assert_recovered(scenario: &Scenario, layout: Layout, moment: &Moment, luck: Luck) {
    let test = moment.after(layout, luck);
    assert!(
        is_one_set(scenario, &test),
        "{}, {luck:?}: {:?}",
        moment.about,
        test.visible().keys()
    );
    test.publish(&scenario.new);
    assert_eq!(
        test.visible(),
        expected(&scenario.new),
        "{}, {luck:?}",
        moment.about
    );
    if matches!(luck, Luck::Mixed(_)) {
        remove_unmarked(&test);
    }
    test.assert_tidy(&scenario.new);
}

/// Whether a recovery without the vault finds one whole set, knows its files, and tells of it.
fn is_one_set(scenario: &Scenario, test: &TestVolume) -> bool {
    let Ok(observed) = test.open().observe() else {
        return false;
    };
    let visible = test.visible();
    [&scenario.old, &scenario.new].iter().any(|set| {
        visible == expected(set)
            && observed.files.keys().eq(set.files.keys())
            && observed.outbox == set.telling.open
    })
}

/// Removes what stays for ever on a disk that loses an earlier name and not a later one in the same directory: a generation
/// without the mark that was made in it first. It cannot be told from a directory of somebody else.
fn remove_unmarked(test: &TestVolume) {
    for name in test.generations() {
        let generation = test.root().join(name);
        if !generation.join("..akv-sync.json").exists() {
            fs::remove_dir_all(generation).expect("removes");
        }
    }
}

fn lucks(number: usize, mixed: u64) -> impl Iterator<Item = Luck> {
    let seed = number as u64 * 100;
    [Luck::None, Luck::Names]
        .into_iter()
        .chain((seed..seed + mixed).map(Luck::Mixed))
}

fn a_power_cut_at_any_moment_leaves_the_old_set_or_the_new_one_whole(layout: Layout) {
    let mut syncs = 0;
    for scenario in scenarios(layout, Place::Memory) {
        let (moments, _) = moments(&scenario, true, None);
        for (number, moment) in moments.iter().enumerate() {
            syncs += usize::from(moment.about.contains("sync of"));
            for luck in lucks(number, 4) {
                assert_recovered(&scenario, layout, moment, luck);
            }
        }
    }
    assert!(syncs > 50, "only {syncs} syncs were told of");
}

/// What a crash of the process leaves is there, and not all of it is synced; so a recovery may not build on it.
fn a_power_cut_while_recovering_from_a_crash_leaves_the_old_set_or_the_new_one_whole(layout: Layout) {
    let mut cuts = 0;
    for scenario in &scenarios(layout, Place::Memory)[1..3] {
        for count in 1.. {
            let (of_publish, of_recovery) = moments(scenario, true, Some(count));
            if of_publish.len() < count {
                break;
            }
            for (number, moment) in of_recovery.iter().enumerate() {
                for luck in lucks(number, 1) {
                    assert_recovered(scenario, layout, moment, luck);
                    cuts += 1;
                }
            }
        }
    }
    assert!(cuts > 500, "only {cuts} power cuts");
}

fn a_disk_that_never_syncs_shows_that_this_test_can_fail(layout: Layout) {
    let broken = scenarios(layout, Place::Memory).iter().any(|scenario| {
        let (moments, _) = moments(scenario, false, None);
        moments.iter().enumerate().any(|(number, moment)| {
            lucks(number, 4).any(|luck| !is_one_set(scenario, &moment.after(layout, luck)))
        })
    });
    assert!(broken, "no power cut does any harm although nothing is synced");
}
