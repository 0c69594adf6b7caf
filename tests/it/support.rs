//! The real binary against the fake Azure: a directory, an environment, a child process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fake_azure::{Effect, FakeAzure, FakeOptions, Fault, Service};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A fake Azure and a directory of its own for the program under test.
pub(crate) struct World {
    pub(crate) fake: FakeAzure,
    dir: TempDir,
}

impl World {
    /// A fake with one vault, `app`, and a federated token in place.
    pub(crate) fn new() -> Self {
        Self::with(FakeOptions::default())
    }

    /// The same with other options.
    pub(crate) fn with(options: FakeOptions) -> Self {
        let fake = FakeAzure::start(options).expect("the fake starts");
        let dir = tempfile::tempdir().expect("a directory");
        let world = Self { fake, dir };
        fs::write(world.path("ca.pem"), world.fake.ca_pem()).expect("written");
        world.project_token(&world.fake.assertion().sign());
        fs::create_dir(world.path("volume")).expect("created");
        // Readable by others, so that owner and mode tests see what the program set and not what the directory did.
        fs::set_permissions(world.path("volume"), fs::Permissions::from_mode(0o755)).expect("set");
        world
    }

    /// A path in the world's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replaces the federated token, as a kubelet does.
    pub(crate) fn project_token(&self, token: &str) {
        fs::write(self.path("token"), format!("{token}\n")).expect("written");
    }

    /// Writes the manifest: a head that names vault, volume and interval, then `objects`.
    pub(crate) fn manifest(&self, objects: &str) {
        self.manifest_with("refresh: { interval: 10s }", objects);
    }

    /// The same with other text between head and objects.
    pub(crate) fn manifest_with(&self, middle: &str, objects: &str) {
        let url = self.fake.vault("app").url().to_owned();
        let volume = self.path("volume");
        let text = format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n\
             vaults:\n  - {{ name: app, url: \"{url}\", trustedHosts: [localhost] }}\n\
             volume: {{ path: \"{}\" }}\n{middle}\n{objects}\n",
            volume.display()
        );
        fs::write(self.path("manifest.yaml"), text).expect("written");
    }

    /// Writes a manifest that names each of these vaults, then `rest`.
    pub(crate) fn manifest_of_vaults(&self, vaults: &[&str], rest: &str) {
        let vaults: Vec<_> = vaults.iter().map(|name| (*name, *name)).collect();
        self.manifest_of_named(&vaults, rest);
    }

    /// The same, each vault under a name that the manifest gives it: pairs of that and of its own.
    pub(crate) fn manifest_of_named(&self, vaults: &[(&str, &str)], rest: &str) {
        let entries = vaults.iter().map(|(name, vault)| {
            let vault = self.fake.vault(vault);
            let url = vault.url();
            format!("  - {{ name: {name}, url: \"{url}\", trustedHosts: [localhost] }}\n")
        });
        let vaults: String = entries.collect();
        let volume = self.path("volume");
        let text = format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\nvaults:\n{vaults}\
             volume: {{ path: \"{}\" }}\n{rest}\n",
            volume.display()
        );
        fs::write(self.path("manifest.yaml"), text).expect("written");
    }

    /// A command line of the program, with nothing of this process's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_akv-sync"));
        command
            .args(arguments)
            .env_clear()
            .env("AKV_SYNC_MANIFEST", self.path("manifest.yaml"))
            .env("SSL_CERT_FILE", self.path("ca.pem"))
            .env("AZURE_AUTHORITY_HOST", self.fake.authority())
            .env("AZURE_TENANT_ID", self.fake.tenant_id())
            .env("AZURE_CLIENT_ID", self.fake.client_id())
            .env("AZURE_FEDERATED_TOKEN_FILE", self.path("token"))
            // A test that takes managed identity by mistake finds a closed port here, not the link-local address.
            .env("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
            .env("IDENTITY_HEADER", "none")
            .stdin(Stdio::null());
        command
    }

    /// The same without any identity; `identity` is the one to use.
    pub(crate) fn command_as(&self, arguments: &[&str], identity: &[(&str, &str)]) -> Command {
        let mut command = self.command(arguments);
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"] {
            command.env_remove(name);
        }
        command.envs(identity.iter().copied());
        command
    }

    /// Runs `once` to its end.
    pub(crate) fn once(&self) -> Output {
        self.once_with(&[])
    }

    /// Runs `once` with more arguments to its end.
    pub(crate) fn once_with(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<_> = ["once"].iter().chain(arguments).copied().collect();
        self.command(&arguments).output().expect("the program runs")
    }

    /// Starts `run`, logging in JSON at debug.
    pub(crate) fn run(&self) -> Running {
        Running::start(self.command(&["run", "--log-format", "json", "--log-level", "debug"]))
    }

    /// The name of the published generation.
    pub(crate) fn generation(&self) -> PathBuf {
        fs::read_link(self.path("volume/..data")).expect("a generation is published")
    }

    /// From now on the vaults answer nothing: each connection is reset.
    pub(crate) fn take_the_vault_away(&self) {
        let reset = Fault::new(Service::Vault, Effect::Reset).including_unauthenticated();
        self.fake.faults().inject(reset);
    }

    /// Writes another time into the records, at which the vaults confirmed last what is published.
    pub(crate) fn confirmed_at(&self, time: &str) {
        fn set(value: &mut Value, time: &str) {
            match value {
                Value::Object(members) => {
                    for (name, value) in members {
                        if name == "confirmed" {
                            *value = Value::from(time);
                        } else {
                            set(value, time);
                        }
                    }
                }
                Value::Array(items) => items.iter_mut().for_each(|item| set(item, time)),
                _ => {}
            }
        }
        let path = self.path("volume/..data/..akv-sync.json");
        let text = fs::read_to_string(&path).expect("readable");
        let mut state: Value = serde_json::from_str(&text).expect("JSON");
        set(&mut state, time);
        let text = state.to_string();
        assert!(text.contains(time), "something was confirmed: {text}");
        fs::write(&path, text).expect("written");
    }

    /// Everything on the volume, by path: inode, mode, and when it or its entry was changed last.
    pub(crate) fn inventory(&self) -> BTreeMap<PathBuf, [i64; 5]> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path("volume")];
        while let Some(path) = open.pop() {
            let metadata = fs::symlink_metadata(&path).expect("there");
            if metadata.is_dir() {
                let entries = fs::read_dir(&path).expect("readable");
                open.extend(entries.map(|entry| entry.expect("readable").path()));
            }
            let inode = i64::try_from(metadata.ino()).expect("a small number");
            let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime_nsec()];
            let [modified, nanoseconds, changed] = times;
            found.insert(
                path,
                [inode, metadata.mode().into(), modified, nanoseconds, changed],
            );
        }
        found
    }

    /// The text of a published file, through the link that readers use.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path("volume").join(path)).ok()
    }
}

/// The program at work; killed when dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Starts a command whose stderr is a log.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next log line that contains the text, and gives it.
    #[expect(clippy::panic, reason = "a test that waits in vain has failed")]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no line with {text:?} in:\n{}", self.seen.join("\n"))
                }
            }
        }
    }

    /// Waits for the next event with this message, of a log in JSON.
    pub(crate) fn event(&mut self, message: &str) -> Value {
        let line = self.wait_for(&format!("\"message\":\"{message}\""));
        serde_json::from_str(&line).expect("a line of the log is JSON")
    }

    /// Asks for a pass over everything and waits for its end.
    pub(crate) fn sync(&mut self) {
        self.signal(Signal::SIGHUP);
        self.event("Sync asked for");
        self.event("Pass finished");
    }

    /// Asks for passes until the log has this message: a `Retry-After` holds for them too.
    pub(crate) fn sync_until(&mut self, message: &str) {
        let text = format!("\"message\":\"{message}\"");
        eventually("the message comes", || {
            self.sync();
            self.seen.iter().any(|line| line.contains(&text))
        });
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("the process is there");
    }

    /// Waits for the end; gives the status and every line of the log.
    pub(crate) fn finish(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.seen.push(line);
        }
        // Its stderr is closed, so it has ended or is about to.
        let status = self.child.wait().expect("it ends");
        (status, std::mem::take(&mut self.seen))
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>) {
        self.signal(Signal::SIGTERM);
        self.finish()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the condition holds; only a failing test waits long.
#[expect(
    clippy::disallowed_methods,
    reason = "another process is waited for, whose time cannot be paused"
)]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "it never came to be that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The events of a log in JSON that have this message.
pub(crate) fn events(lines: &[String], message: &str) -> Vec<Value> {
    let parsed = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a line of the log is JSON"));
    parsed
        .filter(|event: &Value| event["message"] == message)
        .collect()
}

/// The events of a log in JSON at this level or above: `INFO`, `WARN` or `ERROR`.
pub(crate) fn events_from(lines: &[String], level: &str) -> Vec<Value> {
    const LEVELS: [&str; 3] = ["INFO", "WARN", "ERROR"];
    let from = LEVELS
        .iter()
        .position(|known| *known == level)
        .expect("a known level");
    let parsed = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a line of the log is JSON"));
    parsed
        .filter(|event: &Value| LEVELS[from..].iter().any(|level| event["level"] == *level))
        .collect()
}

/// What the program wrote to stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
