//! Fuzzing of what reads bytes from outside: mutated seeds, on a stable toolchain.
//!
//! What must hold for any input: no panic; a decision within `LONGEST`; no more memory than `MEMORY` of address space
//! for the whole process. `AKV_SYNC_FUZZ_SECONDS` is the time for each target (1), `AKV_SYNC_FUZZ_SEED` where chance
//! begins. An input that breaks something is written to `target/fuzz/`; kept as a file below the seeds of its target, it is
//! tried first in every later run.

mod mutate;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, setrlimit};

use self::mutate::Mutator;

/// Longest time for one input; a few seconds at most are needed, on a busy machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(20);

/// Address space of the process, in bytes. What runs away ends the process.
const MEMORY: u64 = 3 << 30;

/// Largest input that is made.
const LARGEST: usize = 128 * 1024;

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

/// Every file of some folders below `root`, but for snapshots: the seeds that are kept.
pub fn seeds(root: &str, folders: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(Path::new(root).join(folder)).expect("the folder is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_none_or(|extension| extension != "snap"));
        paths.sort();
        seeds.extend(paths.iter().map(|path| fs::read(path).expect("readable")));
    }
    seeds
}

/// Tries every seed, then mutations of them until the time is over.
pub fn fuzz(target: &str, seeds: &[Vec<u8>], run: impl Fn(&[u8])) {
    setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY).expect("the limit can be lowered");
    assert!(!seeds.is_empty(), "{target} has seeds");
    for seed in seeds {
        attempt(target, seed, &run);
    }
    let time = Duration::from_secs(number("AKV_SYNC_FUZZ_SECONDS", 1));
    let mut mutator = Mutator::new(number("AKV_SYNC_FUZZ_SEED", 1), seeds);
    let began = Instant::now();
    let mut tried = 0_u64;
    while began.elapsed() < time {
        let input = mutator.next(LARGEST);
        attempt(target, &input, &run);
        tried += 1;
    }
    assert!(tried > 0, "{target}: no mutation was tried");
}

fn attempt(target: &str, input: &[u8], run: &impl Fn(&[u8])) {
    let began = Instant::now();
    let done = catch_unwind(AssertUnwindSafe(|| run(input)));
    let took = began.elapsed();
    if let Err(panic) = done {
        eprint(target, "panics on", &keep(target, input));
        resume_unwind(panic);
    }
    if took > LONGEST {
        eprint(target, "takes too long for", &keep(target, input));
    }
    assert!(took <= LONGEST, "{target}: {took:?} for one input");
}

#[expect(clippy::print_stderr, reason = "where the input is kept")]
fn eprint(target: &str, what: &str, path: &Path) {
    eprintln!("{target} {what} {}", path.display());
}

/// Writes an input down, and says where.
fn keep(target: &str, input: &[u8]) -> PathBuf {
    let digest = ring::digest::digest(&ring::digest::SHA256, input);
    let start = digest.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
    let name = format!("{:016x}", u64::from_be_bytes(*start));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    fs::create_dir_all(&folder).expect("made");
    let path = folder.join(format!("{target}-{name}"));
    fs::write(&path, input).expect("written");
    path
}
