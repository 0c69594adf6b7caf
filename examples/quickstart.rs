//! The main job, start to end, on this machine alone: `cargo run --example quickstart`.
//!
//! It starts the fake Azure on loopback, puts a secret, a certificate and a key into a vault, writes a manifest, and runs
//! `akv-sync run` as a child process with a federated token, as a pod would. Then it rotates the secret and the
//! certificate and waits until the volume follows. Values are never shown, only where they are.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a demonstration talks to a person"
)]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use fake_azure::{CallKind, CertificateOptions, FakeAzure, FakeOptions, KeyOptions};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// With this first argument the example is `akv-sync` itself, so that one `cargo run` builds all that is needed.
const AS_AKV_SYNC: &str = "as-akv-sync";

/// Longest wait for each step.
const PATIENCE: Duration = Duration::from_mins(1);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some(AS_AKV_SYNC) {
        let name = env::args_os().next();
        return akv_sync::cli::main(name.into_iter().chain(env::args_os().skip(2)));
    }
    match demonstrate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let at = |name: &str| directory.path().join(name);
    let volume = at("volume");
    fs::create_dir(&volume)?;

    let fake = FakeAzure::start(FakeOptions::default())?;
    let vault = fake.vault("app");
    vault.set_secret("db-password", "correct horse battery staple");
    vault.create_certificate("web-tls", &CertificateOptions::default());
    vault.create_key("token-signing", &KeyOptions::default());
    println!(
        "A fake Key Vault answers at {}, a fake Entra at {}",
        vault.url(),
        fake.authority()
    );

    fs::write(at("ca.pem"), fake.ca_pem())?;
    fs::write(at("token"), fake.assertion().sign())?;
    fs::write(at("manifest.yaml"), manifest(vault.url(), &volume))?;
    println!(
        "The manifest:\n\n{}",
        indent(&fs::read_to_string(at("manifest.yaml"))?)
    );

    let child = Command::new(env::current_exe()?)
        .args([AS_AKV_SYNC, "run"])
        .env_clear()
        .env("AKV_SYNC_MANIFEST", at("manifest.yaml"))
        .env("SSL_CERT_FILE", at("ca.pem"))
        .env("AZURE_AUTHORITY_HOST", fake.authority())
        .env("AZURE_TENANT_ID", fake.tenant_id())
        .env("AZURE_CLIENT_ID", fake.client_id())
        .env("AZURE_FEDERATED_TOKEN_FILE", at("token"))
        .stderr(Stdio::piped())
        .spawn()?;
    let mut sidecar = Sidecar::watch(child)?;

    println!("akv-sync starts:\n");
    sidecar.wait_for(|line| line.contains("Ready"), "the first publish")?;
    let first = generation(&volume)?;
    println!(
        "\nThe volume, published by one rename of ..data -> {first}:\n\n{}",
        listing(&volume)?
    );

    vault.set_secret("db-password", "a rotated value");
    vault.create_certificate("web-tls", &CertificateOptions::default());
    println!("The secret and the certificate were rotated; the next pass is due within 15 s:\n");
    sidecar.wait_for(|line| line.contains("certificates/web-tls"), "the rotation")?;
    println!(
        "\nThe volume, now ..data -> {}:\n\n{}",
        generation(&volume)?,
        listing(&volume)?
    );

    let calls = fake.calls();
    let tokens = calls.of(CallKind::Token);
    println!(
        "Entra issued {tokens} token; the vault answered {} reads, and {} request without a token, its challenge.",
        calls.total() - tokens,
        calls.unauthenticated(),
    );
    sidecar.stop()
}

fn manifest(vault: &str, volume: &Path) -> String {
    format!(
        "\
apiVersion: akv-sync/v1
kind: SyncManifest
vaults:
  - name: app
    url: {vault}
    trustedHosts: [localhost]   # not needed for NAME.vault.azure.net
volume:
  path: {}
refresh:
  interval: 10s
secrets:
  - name: db-password
    path: db/password
certificates:
  - name: web-tls
    files:
      - {{ path: tls/tls.crt, content: fullChain }}
      - {{ path: tls/tls.key, content: privateKey, mode: \"0400\" }}
keys:
  - name: token-signing
    path: keys/token-signing.pem
",
        volume.display()
    )
}

/// `akv-sync` at work; its log is shown line by line.
struct Sidecar {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Sidecar {
    fn watch(mut child: Child) -> Outcome<Self> {
        let stderr = child.stderr.take().ok_or("the child has no stderr")?;
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Shows the log until `done` says so of a line.
    fn wait_for(&mut self, done: impl Fn(&str) -> bool, what: &str) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self
                .lines
                .recv_timeout(left)
                .map_err(|_| format!("{what} did not happen"))?;
            println!("    {line}");
            if done(&line) {
                return Ok(());
            }
        }
    }

    fn stop(mut self) -> Outcome<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let status = self.child.wait()?;
        println!(
            "SIGTERM ended akv-sync with {}.",
            status.code().map_or("a signal".into(), |code| code.to_string())
        );
        Ok(())
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // Ended already when all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The name of the published generation.
fn generation(volume: &Path) -> Outcome<String> {
    Ok(fs::read_link(volume.join("..data"))?.display().to_string())
}

/// Every published file with its mode and size.
fn listing(volume: &Path) -> Outcome<String> {
    use std::fmt::Write as _;
    use std::os::unix::fs::PermissionsExt;

    let mut text = String::new();
    let mut directories = vec![volume.join("..data")];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    for file in files {
        let path = file.strip_prefix(volume.join("..data"))?;
        if path.to_string_lossy().starts_with("..") {
            continue;
        }
        let metadata = fs::metadata(&file)?;
        let mode = metadata.permissions().mode() & 0o777;
        writeln!(
            text,
            "    {mode:04o} {:5} bytes  {}",
            metadata.len(),
            path.display()
        )?;
    }
    Ok(text)
}

fn indent(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}
