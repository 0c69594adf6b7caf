//! What was committed is finished by whoever comes next, as far as what waits is still whole.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use nix::errno::Errno;

use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;
use crate::volume::flat::Step;
use crate::volume::tests::crash::{pair, scenarios};
use crate::volume::tests::support::{
    AnyObserver, AnyStep, Before, Place, StopAt, TestVolume, expected, telling,
};

const STAGED: &str = "..akv-sync.staged";

/// A process that is gone after so many renames.
fn gone_after_renames(times: usize) -> impl AnyObserver {
    let left = AtomicUsize::new(times);
    let one_less = |left: usize| left.checked_sub(1);
    Before(move |step| {
        let rename = AnyStep::Flat(Step::Rename);
        let relaxed = Ordering::Relaxed;
        let happens =
            step < rename || step == rename && left.fetch_update(relaxed, relaxed, one_less).is_ok();
        io_error_unless(happens)
    })
}

/// A disk that fails the first rename.
fn fails_first_rename() -> impl AnyObserver {
    let failed = AtomicBool::new(false);
    Before(move |step| {
        io_error_unless(step != AnyStep::Flat(Step::Rename) || failed.swap(true, Ordering::Relaxed))
    })
}

fn io_error_unless(happens: bool) -> io::Result<()> {
    happens.then_some(()).ok_or_else(|| io::Error::from(Errno::EIO))
}

#[test]
fn a_crash_after_the_commit_is_finished_without_the_vault() {
    let mut finished = 0;
    for scenario in scenarios(Layout::Flat, Place::Memory) {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let _ = test.open_observed(observer.clone()).publish(&scenario.new);
            let Some(step) = observer.stopped() else { break };
            let committed = !step.is_up_to_commit() && test.root().join(STAGED).exists();
            test.open().observe().expect("recovers");
            scenario.assert_recovered(&test);
            if committed && expected(&scenario.old).keys().ne(expected(&scenario.new).keys()) {
                assert_eq!(test.visible(), expected(&scenario.new), "{step:?}");
                finished += 1;
            }
        }
    }
    assert!(finished > 20, "only {finished} publishes were finished");
}

#[test]
fn waiting_files_that_the_crash_damaged_do_not_replace_anything() {
    let (old, new) = (telling(&pair("1"), "old"), telling(&pair("2"), "new"));
    for renamed in [0, 1] {
        let test = TestVolume::new(Layout::Flat);
        test.publish(&old);
        let volume = test.open_observed(gone_after_renames(renamed));
        volume.publish(&new).expect_err("stopped");
        drop(volume);
        let key = test.root().join(STAGED).join("1");
        fs::remove_file(&key).expect("removes");
        fs::write(&key, "half of a key").expect("writes");
        let found = test.open().observe().expect("recovers");
        assert_eq!(found.files.len(), 3);
        // What was not renamed yet stays with what cannot be any more.
        let certificate = format!("certificate {}", renamed + 1);
        assert_eq!(test.visible()["tls/tls.crt"].0, certificate.as_bytes());
        assert_eq!(test.visible()["tls/tls.key"].0, b"key 1");
        // Told is what came about, be it in part.
        assert_eq!(found.outbox, if renamed == 0 { &old } else { &new }.telling.open);
        test.publish(&new);
        assert_eq!(test.visible(), expected(&new));
        test.assert_tidy(&new);
    }
}

#[test]
fn a_committed_publish_whose_waiting_files_are_gone_keeps_the_old_set() {
    let test = TestVolume::new(Layout::Flat);
    let (old, new) = (telling(&pair("1"), "old"), telling(&pair("2"), "new"));
    test.publish(&old);
    // Also for a process that has compared the old bytes, which have the length of the new ones.
    let volume = test.open_observed(fails_first_rename());
    volume.publish(&new).expect_err("stopped");
    fs::remove_dir_all(test.root().join(STAGED)).expect("removes");
    let found = volume.observe().expect("recovers");
    assert_eq!(found.files.len(), 3);
    assert_eq!(found.outbox, old.telling.open);
    assert_eq!(test.visible(), expected(&old));
    test.assert_tidy(&old);
    let publication = volume.publish(&new).expect("publishes");
    assert_eq!(publication.written.len(), 2, "old bytes pass for new ones");
    assert_eq!(test.visible(), expected(&new));
}
