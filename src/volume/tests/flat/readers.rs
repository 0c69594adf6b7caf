//! Readers at work while files are replaced.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::domain::desired::Layout;
use crate::domain::payload::Payload;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{TestVolume, mode_of, names, number_in, numbered, payload, publish_sets};

/// The mode narrows and widens with each set.
fn set(number: usize) -> Payload {
    let bytes = numbered(number);
    let mode = if number.is_multiple_of(2) { 0o400 } else { 0o440 };
    payload(&[("tls/tls.crt", &bytes, 0o444), ("tls/tls.key", &bytes, mode)])
}

/// Reads a file until nobody writes any more, and gives how often.
fn read(test: &TestVolume, name: &str, done: &AtomicBool) -> usize {
    let path = test.root().join("tls").join(name);
    let (mut reads, mut last) = (0, 0);
    while !done.load(Ordering::Relaxed) {
        let mode = mode_of(&path);
        assert!([0o400, 0o440, 0o444].contains(&mode), "{name} has mode {mode:o}");
        assert!(name != "tls.key" || mode != 0o444, "the key can be read by all");
        let number = number_in(&fs::read_to_string(&path).expect("there"));
        assert!(number >= last, "{name} went back from {last} to {number}");
        (reads, last) = (reads + 1, number);
    }
    reads
}

#[test]
fn a_file_is_always_there_whole_and_never_wider_than_declared() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&set(0)).expect("publishes");
    let done = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let readers = ["tls.crt", "tls.key"].map(|name| {
            let (test, done) = (&test, &done);
            scope.spawn(move || read(test, name, done))
        });
        // Nobody ever sees another name beside the files.
        let lister = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let found = names(&test.root().join("tls"));
                assert!(
                    found.iter().all(|name| name == "tls.crt" || name == "tls.key"),
                    "{found:?}"
                );
            }
        });
        publish_sets(&volume, set, &done);
        lister.join().expect("lister");
        readers.map(|reader| reader.join().expect("reader"))
    });
    assert!(reads.iter().all(|reads| *reads > 0), "nothing was read");
}
