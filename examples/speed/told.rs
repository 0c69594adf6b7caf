//! How soon others hear of a change, and what reloads and idling cost.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted, secret_name};

/// What was measured.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) objects: usize,
    /// From the swap of the published set to the marker file that a hook writes, in order.
    pub(crate) hooks: Vec<Duration>,
    /// From `POST /sync` to its answer, in order; the new file is there by then.
    pub(crate) syncs: Vec<Duration>,
    /// CPU time while nothing was to do, and for how long.
    pub(crate) idle: (Duration, Duration),
    /// Memory and descriptors before the first rotation, after the last, and after the last reload.
    pub(crate) used: [(Memory, usize); 3],
    /// Manifests that were taken one after another.
    pub(crate) reloads: u32,
}

/// Syncs by request; one in five seconds is taken.
const SYNCS: usize = 4;

/// From one such request to the next.
const SYNC_PAUSE: Duration = Duration::from_millis(5_100);

/// How long nothing is done.
const IDLE: Duration = Duration::from_secs(30);

/// Measures one process over the secrets of `scene`, of which one is rotated and whose manifest is exchanged so many times.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is another process, so its time cannot be paused"
)]
pub(crate) fn measure(
    program: &Path,
    scene: &Scene,
    objects: usize,
    (rotations, reloads): (u32, u32),
) -> io::Result<Told> {
    scene.reset(Wanted::secrets(objects))?;
    let (marker, socket) = (scene.path("changed"), scene.path("admin.sock"));
    let manifest = fs::read_to_string(scene.path("manifest.yaml"))?.replace("interval: 1h", "interval: 5m");
    let manifest = format!(
        "{manifest}hooks: [{{ name: mark, touch: {{ path: \"{}\" }} }}]\nadmin: {{ socket: \"{}\" }}\n",
        marker.display(),
        socket.display()
    );
    fs::write(scene.path("manifest.yaml"), &manifest)?;
    let mut running = Program::start(scene.command(program))?;
    running.wait_for("Ready")?;

    let vault = scene.fake.vault("app");
    let at_first = (running.memory()?, running.descriptors()?);
    let mut hooks = Vec::new();
    for number in 0..rotations {
        vault.set_secret(&secret_name(0), &format!("rotated {number:05}"));
        running.hang_up()?;
        running.wait_for("Hook succeeded")?;
        hooks.push(since_swap(scene, &marker)?);
    }
    hooks.sort_unstable();
    let rotated = (running.memory()?, running.descriptors()?);

    let mut syncs = Vec::new();
    for number in 0..SYNCS {
        std::thread::sleep(SYNC_PAUSE);
        let value = format!("synced {number:04}");
        vault.set_secret(&secret_name(0), &value);
        let began = Instant::now();
        let answer = post_sync(&socket)?;
        syncs.push(began.elapsed());
        let file = scene.path("volume").join("app").join(secret_name(0));
        if !answer.starts_with("HTTP/1.1 200") || fs::read_to_string(file)? != value {
            return Err(io::Error::other(format!("the sync did not sync: {answer}")));
        }
    }
    syncs.sort_unstable();

    let before = running.cpu_time()?;
    std::thread::sleep(IDLE);
    let idle = (running.cpu_time()?.saturating_sub(before), IDLE);

    for number in 0..reloads {
        let name = secret_name(1);
        let next = manifest.replace(
            &format!("path: app/{name}"),
            &format!("path: app/{name}-{}", number % 2),
        );
        fs::write(scene.path("manifest.yaml"), next)?;
        running.hang_up()?;
        running.wait_for("Manifest reloaded")?;
    }
    let used = [at_first, rotated, (running.memory()?, running.descriptors()?)];
    running.stop()?;
    Ok(Told {
        objects,
        hooks,
        syncs,
        idle,
        used,
        reloads,
    })
}

/// From the time of the link `..data` to that of the marker.
fn since_swap(scene: &Scene, marker: &Path) -> io::Result<Duration> {
    let swapped = fs::symlink_metadata(scene.path("volume").join("..data"))?;
    let seconds = u64::try_from(swapped.ctime()).map_err(io::Error::other)?;
    let nanoseconds = u32::try_from(swapped.ctime_nsec()).map_err(io::Error::other)?;
    let swapped = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    let written = fs::metadata(marker)?.modified()?;
    Ok(written.duration_since(swapped).unwrap_or_default())
}

fn post_sync(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(b"POST /sync HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
