//! Readers at work while sets are replaced.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{
    PUBLISHES, TestVolume, pair, payload, publish_sets, read_pair, settled_pair,
};

#[test]
fn a_reader_always_finds_a_certificate_with_its_key() {
    let test = TestVolume::new(Layout::Atomic);
    let volume = test.open();
    volume.publish(&pair(0)).expect("publishes");
    let done = AtomicBool::new(false);
    let pairs = thread::scope(|scope| {
        let read = || {
            let mut pairs = 0;
            while !done.load(Ordering::Relaxed) {
                pairs += usize::from(read_pair(&test).is_some());
            }
            pairs
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        publish_sets(&volume, pair, &done);
        readers.map(|reader| reader.join().expect("reader"))
    });
    assert_eq!(settled_pair(&test), PUBLISHES);
    assert!(pairs.iter().sum::<usize>() > 0, "no pair was read");
}

#[test]
fn a_name_that_is_wanted_always_leads_to_a_file() {
    let test = TestVolume::new(Layout::Atomic);
    let volume = test.open();
    let set = |number: usize| payload(&[("token", &number.to_string(), 0o444)]);
    volume.publish(&set(0)).expect("publishes");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            while !done.load(Ordering::Relaxed) {
                // One open can meet the removal of the set it resolved; the next one cannot meet the same.
                let token = test.root().join("token");
                let found = (0..10).find_map(|_| fs::read_to_string(&token).ok());
                let number: usize = found.expect("token").parse().expect("a whole number");
                assert!(number >= last, "went back from {last} to {number}");
                last = number;
            }
        });
        publish_sets(&volume, set, &done);
        reader.join().expect("reader");
    });
}
