//! Measures what it costs to publish on a disk: `cargo run --profile measure --example durability -- DIRECTORY...`
//!
//! In each directory, volumes of both layouts get a first set of 1,000 files, and then another one in its place. Compare a
//! directory on a disk with one in memory (`/dev/shm`), within one run.

#![allow(clippy::print_stdout, reason = "what it measures is printed")]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use akv_sync::domain::desired::{Content, Layout, SecretForm, VolumeSpec};
use akv_sync::domain::mode::FileMode;
use akv_sync::domain::path::RelativePath;
use akv_sync::domain::payload::{FileBytes, FileRecord, Payload, PayloadFile, Validity};
use akv_sync::domain::secret::SecretBytes;
use akv_sync::volume::{self, BlockingVolume as _};
use tempfile::TempDir;
use time::OffsetDateTime;

const FILES: usize = 1_000;

/// Rounds, in which all settings take turns.
const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let places: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    if places.is_empty() {
        return Err("name one directory at least, such as /tmp and /dev/shm".into());
    }
    let settings = places
        .iter()
        .flat_map(|place| [(place, Layout::Atomic), (place, Layout::Flat)]);
    let settings: Vec<_> = settings.collect();
    let mut times = vec![(Vec::new(), Vec::new()); settings.len()];
    // Nothing is removed before the end: ext4 does not use the number of a file again within five seconds after its removal, and
    // each new file then searches through all that were removed.
    let mut roots = Vec::new();
    for _ in 0..ROUNDS {
        for ((place, layout), (first, second)) in settings.iter().zip(&mut times) {
            let root = TempDir::new_in(place)?;
            let (one, two) = publish_twice(root.path(), *layout)?;
            roots.push(root);
            first.push(one);
            second.push(two);
        }
    }
    println!("| Directory | Layout | First set (ms) | least - most | Another set (ms) | least - most |");
    println!("|---|---|---|---|---|---|");
    for ((place, layout), (first, second)) in settings.iter().zip(times) {
        let (first, second) = (summary(first), summary(second));
        println!("| {} | {layout:?} | {first} | {second} |", place.display());
    }
    Ok(())
}

/// How long a first set takes, and one in its place.
fn publish_twice(root: &Path, layout: Layout) -> Result<(Duration, Duration), Box<dyn Error>> {
    let spec = VolumeSpec {
        path: root.to_owned(),
        layout,
        dir_mode: FileMode::from_bits(0o755),
        owner: None,
        group: None,
    };
    let volume = volume::open(&spec, Arc::new(OffsetDateTime::now_utc()))?;
    let publish = |round: u8| -> Result<Duration, Box<dyn Error>> {
        let payload = payload(round)?;
        let begun = Instant::now();
        volume.publish(&payload)?;
        Ok(begun.elapsed())
    };
    Ok((publish(1)?, publish(2)?))
}

/// Files of the size of a certificate, ten in a directory.
fn payload(round: u8) -> Result<Payload, Box<dyn Error>> {
    let record = Arc::new(FileRecord {
        content: Content::Secret(SecretForm::default()),
        inputs: Vec::new(),
        validity: Validity::default(),
        fetched: OffsetDateTime::UNIX_EPOCH,
        selected: None,
    });
    let mut payload = Payload::default();
    for number in 0..FILES {
        let path = RelativePath::parse(&format!("{}/{number}", number / 10))
            .map_err(|error| format!("{error:?}"))?;
        let file = PayloadFile {
            bytes: FileBytes::Write(SecretBytes::new(vec![round; 1_500])),
            mode: FileMode::from_bits(0o440),
            record: Arc::clone(&record),
        };
        payload.files.insert(path, file);
    }
    Ok(payload)
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort();
    let of = |at: usize| times.get(at).map_or(0, Duration::as_millis);
    format!("{} | {} - {}", of(times.len() / 2), of(0), of(times.len() - 1))
}
