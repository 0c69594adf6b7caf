//! Readers at work while sets are replaced.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::support::{TestVolume, payload};
use crate::ports::Volume as _;

const PUBLISHES: usize = 300;

/// Reads certificate and key through one resolution of `..data`; `None` when that set was removed meanwhile.
fn read_pair(root: &Path) -> Option<(String, String)> {
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
    // Long enough for a file to be seen half-written, were it written in place.
    let set = |number: usize| {
        let bytes = format!("{number:08}").repeat(2_000);
        payload(&[("tls/tls.crt", &bytes, 0o444), ("tls/tls.key", &bytes, 0o440)])
    };
    volume.publish(&set(0)).expect("publishes");
    let done = AtomicBool::new(false);
    let pairs = thread::scope(|scope| {
        let read = || {
            let mut pairs = 0;
            while !done.load(Ordering::Relaxed) {
                if let Some((certificate, key)) = read_pair(test.root()) {
                    assert_eq!(certificate.len(), 16_000);
                    assert!(certificate == key, "certificate and key are of two sets");
                    pairs += 1;
                }
            }
            pairs
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        for number in 1..=PUBLISHES {
            volume.publish(&set(number)).expect("publishes");
        }
        done.store(true, Ordering::Relaxed);
        readers.map(|reader| reader.join().expect("reader"))
    });
    let (last, _) = read_pair(test.root()).expect("the last set stays");
    assert!(last.starts_with(&format!("{PUBLISHES:08}")));
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
        for number in 1..=PUBLISHES {
            volume.publish(&set(number)).expect("publishes");
        }
        done.store(true, Ordering::Relaxed);
        reader.join().expect("reader");
    });
}
