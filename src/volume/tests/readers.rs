//! Readers at work while sets are replaced.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::support::{TestVolume, payload};
use crate::domain::payload::Payload;
use crate::ports::Volume as _;

const PUBLISHES: usize = 300;

/// Tells the readers that the writer is done, also when it failed.
pub(super) struct Writing<'a>(pub(super) &'a AtomicBool);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A certificate and a key that belong together, long enough to be seen half-written, were they written in place.
pub(super) fn pair(number: usize) -> Payload {
    let bytes = format!("{number:08}").repeat(2_000);
    payload(&[("tls/tls.crt", &bytes, 0o444), ("tls/tls.key", &bytes, 0o440)])
}

/// Fails unless certificate and key are whole and of one set; gives the number of the set.
pub(super) fn assert_pair((certificate, key): &(String, String)) -> usize {
    assert_eq!(certificate.len(), 16_000);
    assert!(certificate == key, "certificate and key are of two sets");
    certificate[..8].parse().expect("a number")
}

/// Reads certificate and key through one resolution of `..data`; `None` when that set was removed meanwhile.
pub(super) fn read_pair(root: &Path) -> Option<(String, String)> {
    let set = root.join(fs::read_link(root.join("..data")).expect("`..data` is always there"));
    let read = |name| match fs::read_to_string(set.join("tls").join(name)) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{name}: {error}"),
    };
    Some((read("tls.crt")?, read("tls.key")?))
}

#[test]
fn a_reader_always_finds_a_certificate_with_its_key() {
    let test = TestVolume::new();
    let volume = test.open();
    volume.publish(&pair(0)).expect("publishes");
    let done = AtomicBool::new(false);
    let pairs = thread::scope(|scope| {
        let read = || {
            let mut pairs = 0;
            while !done.load(Ordering::Relaxed) {
                if let Some(found) = read_pair(test.root()) {
                    assert_pair(&found);
                    pairs += 1;
                }
            }
            pairs
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        let writing = Writing(&done);
        for number in 1..=PUBLISHES {
            volume.publish(&pair(number)).expect("publishes");
        }
        drop(writing);
        readers.map(|reader| reader.join().expect("reader"))
    });
    let last = read_pair(test.root()).expect("the last set stays");
    assert_eq!(assert_pair(&last), PUBLISHES);
    assert!(pairs.iter().sum::<usize>() > 0, "no pair was read");
}

#[test]
fn a_name_that_is_wanted_always_leads_to_a_file() {
    let test = TestVolume::new();
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
        let writing = Writing(&done);
        for number in 1..=PUBLISHES {
            volume.publish(&set(number)).expect("publishes");
        }
        drop(writing);
        reader.join().expect("reader");
    });
}
