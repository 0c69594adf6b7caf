//! Sets by which a reader tells whether it saw one, and whole.

use std::fs;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use super::payloads::payload;
use super::volume::TestVolume;
use crate::domain::desired::Layout;
use crate::domain::payload::Payload;
use crate::volume::AnyVolume;
use crate::volume::BlockingVolume as _;

/// Publishes that readers are to meet.
pub(in crate::volume::tests) const PUBLISHES: usize = 300;

/// Tells the readers that the writer is done, also when it failed.
struct Writing<'a>(&'a AtomicBool);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Publishes set 1 and those after it, then says that it is done.
pub(in crate::volume::tests) fn publish_sets(
    volume: &AnyVolume,
    set: impl Fn(usize) -> Payload,
    done: &AtomicBool,
) {
    let _writing = Writing(done);
    for number in 1..=PUBLISHES {
        volume.publish(&set(number)).expect("publishes");
    }
}

/// The bytes of a file of a set, so many that it is seen half-written if it is written in place.
pub(in crate::volume::tests) fn numbered(number: usize) -> String {
    format!("{number:08}").repeat(2_000)
}

/// The number of the set that a file is of; fails unless the file is whole.
pub(in crate::volume::tests) fn number_in(text: &str) -> usize {
    assert_eq!(text.len(), 16_000, "the file is partial");
    assert_eq!(text, text[..8].repeat(2_000), "the file is mixed");
    text[..8].parse().expect("a number")
}

/// A certificate and a key that belong together.
pub(in crate::volume::tests) fn pair(number: usize) -> Payload {
    let bytes = numbered(number);
    payload(&[("tls/tls.crt", &bytes, 0o444), ("tls/tls.key", &bytes, 0o440)])
}

/// The numbers of certificate and key, read through one resolution of `..data` if there is one. Both then are of one
/// set, which may be removed meanwhile: `None`.
pub(in crate::volume::tests) fn read_pair(test: &TestVolume) -> Option<(usize, usize)> {
    let atomic = test.spec.layout == Layout::Atomic;
    let directory = test.top().join("tls");
    let number = |name| match fs::read_to_string(directory.join(name)) {
        Ok(found) => Some(number_in(&found)),
        Err(error) if atomic && error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{name}: {error}"),
    };
    let (certificate, key) = (number("tls.crt")?, number("tls.key")?);
    assert!(
        !atomic || certificate == key,
        "certificate and key are of two sets"
    );
    Some((certificate, key))
}

/// The number of the set that certificate and key are of, while nobody writes.
pub(in crate::volume::tests) fn settled_pair(test: &TestVolume) -> usize {
    let (certificate, key) = read_pair(test).expect("a set is there");
    assert_eq!(certificate, key, "certificate and key are of two sets");
    certificate
}
