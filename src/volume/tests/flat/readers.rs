//! Readers at work while files are replaced.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::support::FlatTest;
use crate::domain::payload::Payload;
use crate::ports::Volume as _;
use crate::volume::tests::readers::Writing;
use crate::volume::tests::support::payload;

const PUBLISHES: usize = 300;

/// Long enough to be seen half-written, were it written in place. The mode narrows and widens with each set.
fn set(number: usize) -> Payload {
    let bytes = format!("{number:08}").repeat(2_000);
    let mode = if number.is_multiple_of(2) { 0o400 } else { 0o440 };
    payload(&[("tls/tls.crt", &bytes, 0o444), ("tls/tls.key", &bytes, mode)])
}

#[test]
fn a_file_is_always_there_whole_and_never_wider_than_declared() {
    let test = FlatTest::new();
    let volume = test.open();
    volume.publish(&set(0)).expect("publishes");
    let done = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let read = |name: &'static str| {
            let path = test.root().join(name);
            let done = &done;
            scope.spawn(move || {
                let (mut reads, mut last) = (0, 0);
                while !done.load(Ordering::Relaxed) {
                    let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o7777;
                    assert!([0o400, 0o440, 0o444].contains(&mode), "{name} has mode {mode:o}");
                    assert!(
                        !name.ends_with("key") || mode != 0o444,
                        "the key can be read by all"
                    );
                    let found = fs::read_to_string(&path).expect("there");
                    assert_eq!(found.len(), 16_000, "{name} is partial");
                    let number: usize = found[..8].parse().expect("a number");
                    assert_eq!(found, found[..8].repeat(2_000), "{name} is mixed");
                    assert!(number >= last, "{name} went back from {last} to {number}");
                    (reads, last) = (reads + 1, number);
                }
                reads
            })
        };
        let readers = [read("tls/tls.crt"), read("tls/tls.key")];
        // Nobody ever sees another name beside the files.
        let lister = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for entry in fs::read_dir(test.root().join("tls")).expect("there") {
                    let name = entry.expect("entry").file_name();
                    assert!(name == "tls.crt" || name == "tls.key", "{name:?}");
                }
            }
        });
        let writing = Writing(&done);
        for number in 1..=PUBLISHES {
            volume.publish(&set(number)).expect("publishes");
        }
        drop(writing);
        lister.join().expect("lister");
        readers.map(|reader| reader.join().expect("reader"))
    });
    assert!(reads.iter().all(|reads| *reads > 0), "nothing was read");
}
