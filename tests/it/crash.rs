//! The process killed at any moment: readers never see a mix, a part or another mode, and the next start puts all right.
//!
//! The writer stopped after each of its steps is tested beside it, in `volume`; here it is the real process.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use fake_azure::CertificateOptions;

use crate::support::{World, stderr};
use crate::volume_reader::{Declared, LOCK, Set, VolumeReader, check_pair, names, tree};

/// Lives that end with SIGKILL.
const KILLS: u32 = 40;

/// Longest wait for a publish; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Replays a sequence of kill times.
const SEED: &str = "AKV_SYNC_CRASH_SEED";

const OBJECTS: &str = r#"
certificates:
  - name: web-tls
    files:
      - { path: tls/tls.crt, content: fullChain, mode: "0444" }
      - { path: tls/tls.key, content: privateKey, mode: "0400" }
secrets:
  - { name: db-password, path: db/password }
"#;

static DECLARED: [Declared; 3] = [
    Declared {
        path: "tls/tls.crt",
        mode: 0o444,
    },
    Declared {
        path: "tls/tls.key",
        mode: 0o400,
    },
    Declared {
        path: "db/password",
        mode: 0o440,
    },
];

#[test]
fn a_process_killed_again_and_again_never_shows_a_mixed_set_and_the_next_start_converges() {
    let mut jitter = Sequence::begin();
    let world = World::new();
    world.manifest(OBJECTS);
    let reader = VolumeReader {
        root: world.path("volume"),
        declared: &DECLARED,
    };
    world
        .fake
        .vault("app")
        .create_certificate("web-tls", &CertificateOptions::default());
    rotate(&world, 0);
    let began = Instant::now();
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let whole = began.elapsed();

    let done = AtomicBool::new(false);
    let (interrupted, sets) = std::thread::scope(|scope| {
        let stop = StopOnDrop(&done);
        let sets: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| watch(&done, || reader.read()?.map_or(Ok(0), |set| judge(&set)))))
            .collect();
        let modes = scope.spawn(|| watch(&done, || reader.check_modes().map(|()| 1)));
        let interrupted = (1..=KILLS)
            .filter(|&life| {
                rotate(&world, life);
                live_and_be_killed(&world, &reader, &mut jitter, life, whole);
                !reader.leftovers().is_empty()
            })
            .count();
        drop(stop);
        let seen = |watch: std::thread::ScopedJoinHandle<'_, Watched>| watch.join().expect("no panic");
        assert_ne!(seen(modes).expect("modes as declared"), 0);
        let sets = sets
            .into_iter()
            .map(|watch| seen(watch).expect("whole sets only"));
        (interrupted, sets.sum::<u32>())
    });
    println!("{interrupted} of {KILLS} kills came within a publish, {sets} sets were read");
    assert!(
        interrupted > 0,
        "no kill came within a publish: this showed nothing"
    );
    assert!(sets > KILLS, "only {sets} sets were read: this showed little");
    converges(&world, &reader);
}

/// A last start leaves one generation, also of those that were kept for readers, and the newest versions, and another one changes nothing.
fn converges(world: &World, reader: &VolumeReader) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(reader.leftovers(), Vec::<String>::new());
    let published = fs::read_link(reader.root.join("..data")).expect("published");
    let published = published.to_str().expect("UTF-8");
    assert_eq!(names(&reader.root), [published, LOCK, "..data", "db", "tls"]);
    assert_eq!(world.text("db/password"), Some(password(KILLS)));
    let set = reader.read().expect("a set").expect("at rest");
    judge(&set).expect("a whole set");
    let before = fingerprints(reader);
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fingerprints(reader), before);
}

fn rotate(world: &World, life: u32) {
    let vault = world.fake.vault("app");
    vault.renew_certificate("web-tls").expect("there is one");
    vault.set_secret("db-password", &password(life));
}

/// Several pages long, with an end that tells whether all of it is there.
fn password(life: u32) -> String {
    format!("{life}-{}-{life}", "x".repeat(20_000))
}

/// Gives 1, or what is wrong with a set.
fn judge(set: &Set) -> Result<u32, String> {
    let [chain, key, password] = set.as_slice() else {
        return Err("not every file was read".to_owned());
    };
    check_pair(chain, key)?;
    let parts: Vec<_> = password.split(|&byte| byte == b'-').collect();
    match parts.as_slice() {
        [start, filling, end] if start == end && !start.is_empty() && filling.len() == 20_000 => Ok(1),
        _ => Err(format!("the password of {} bytes is not whole", password.len())),
    }
}

/// How many looks found something, or the first that found what must not be.
type Watched = Result<u32, String>;

fn watch(done: &AtomicBool, look: impl Fn() -> Watched) -> Watched {
    let mut seen = 0;
    while !done.load(Ordering::Relaxed) {
        seen += look()?;
        // Two processors are enough for a whole test run; three loops would take both.
        pause(Duration::from_micros(200));
    }
    Ok(seen)
}

/// Starts the sidecar and kills it: one life at any time of its start, the next while it publishes.
fn live_and_be_killed(
    world: &World,
    reader: &VolumeReader,
    jitter: &mut Sequence,
    life: u32,
    whole: Duration,
) {
    let mut command = world.command(&["run"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (known, published) = (reader.leftovers(), reader.published());
    let mut child = KilledOnDrop(command.spawn().expect("the program starts"));
    if life.is_multiple_of(2) {
        pause(jitter.below(whole));
        return;
    }
    let began = Instant::now();
    // Until there is a new generation, staged or (when this looked too late) published already.
    while reader.leftovers().iter().all(|name| known.contains(name)) && reader.published() == published {
        assert!(began.elapsed() < PATIENCE, "life {life} published nothing");
        assert_eq!(
            child.0.try_wait().expect("a child"),
            None,
            "life {life} ended by itself"
        );
    }
    pause(jitter.below(Duration::from_millis(3)));
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is killed at a time of the wall clock, which tokio does not pause"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Sends SIGKILL and waits for the end.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends the watching threads, also when the loop fails: a scope waits for them.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What changes when anything that a reader opens is written: everything but the time of the last access. The state file
/// may say anew when the vault confirmed what stands.
fn fingerprints(reader: &VolumeReader) -> Vec<(PathBuf, u64, i64, i64, u32)> {
    let opened = tree(&reader.root).into_iter().filter(|(path, it)| {
        let is_state = path.file_name().is_some_and(|name| name == "..akv-sync.json");
        !it.is_dir() && !is_state
    });
    opened
        .map(|(path, it)| (path, it.ino(), it.ctime(), it.ctime_nsec(), it.mode()))
        .collect()
}

/// Pseudo-random numbers that a seed repeats (`SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>).
struct Sequence(u64);

impl Sequence {
    /// Begins at [`SEED`] or now, and says where: the harness shows it when the test fails.
    #[expect(clippy::print_stdout, reason = "whoever reads the failure needs the seed")]
    fn begin() -> Self {
        let given = std::env::var(SEED)
            .ok()
            .map(|text| text.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            u64::from(now.expect("after 1970").subsec_nanos())
        });
        println!("repeat the kill times with {SEED}={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A time in `0..limit`.
    fn below(&mut self, limit: Duration) -> Duration {
        let limit = u64::try_from(limit.as_nanos()).expect("a short time").max(1);
        Duration::from_nanos(self.next() % limit)
    }
}
