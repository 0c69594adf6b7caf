//! A fake Azure with secrets in its vault, and a directory for the program that reads them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fake_azure::{FakeAzure, FakeOptions};
use tempfile::TempDir;

/// The fake and its surroundings. The federated token of the program outlives every measurement.
pub(crate) struct Scene {
    pub(crate) fake: FakeAzure,
    pub(crate) http2: bool,
    dir: TempDir,
}

impl Scene {
    /// A fake at this distance, with `objects` secrets of 32 bytes.
    pub(crate) fn new(http2: bool, round_trip: Duration, objects: usize) -> io::Result<Self> {
        let fake = FakeAzure::start(FakeOptions {
            http2,
            round_trip,
            ..FakeOptions::default()
        })?;
        for number in 0..objects {
            let value = format!("a value of thirty-two bytes {number:04}");
            fake.vault("app").set_secret(&secret_name(number), &value);
        }
        let scene = Self {
            fake,
            http2,
            dir: directory()?,
        };
        fs::write(scene.path("ca.pem"), scene.fake.ca_pem())?;
        Ok(scene)
    }

    /// Forgets what the program wrote and what the fake counted, and asks for the first `objects` secrets from now on.
    pub(crate) fn reset(&self, objects: usize) -> io::Result<()> {
        let volume = self.path("volume");
        if volume.exists() {
            fs::remove_dir_all(&volume)?;
        }
        fs::create_dir(&volume)?;
        // A cluster renews the projected token well before its end; here each start gets its own.
        fs::write(self.path("token"), self.fake.assertion().sign())?;
        fs::write(self.path("manifest.yaml"), self.manifest(&volume, objects))?;
        self.fake.reset_calls();
        Ok(())
    }

    /// The interval is so long that every pass but the first is one that was asked for.
    fn manifest(&self, volume: &Path, objects: usize) -> String {
        let mut text = format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n\
             vaults:\n  - {{ name: app, url: \"{}\", trustedHosts: [localhost] }}\n\
             volume: {{ path: \"{}\" }}\nrefresh: {{ interval: 1h }}\nsecrets:\n",
            self.fake.vault("app").url(),
            volume.display()
        );
        for number in 0..objects {
            let name = secret_name(number);
            writeln!(text, "  - {{ name: {name}, path: app/{name} }}").expect("a string takes everything");
        }
        text
    }

    /// `run`, with the system's certificate authorities and the fake's, and with nothing of this process's environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("run")
            .env_clear()
            .env("AKV_SYNC_MANIFEST", self.path("manifest.yaml"))
            .env("AKV_SYNC_CA_FILE", self.path("ca.pem"))
            .env("AZURE_AUTHORITY_HOST", self.fake.authority())
            .env("AZURE_TENANT_ID", self.fake.tenant_id())
            .env("AZURE_CLIENT_ID", self.fake.client_id())
            .env("AZURE_FEDERATED_TOKEN_FILE", self.path("token"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // Where there is no store of the system, the fake's authority is the only one.
        if rustls_native_certs::load_native_certs().certs.is_empty() {
            command.env("SSL_CERT_FILE", self.path("ca.pem"));
        }
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A directory in memory, as a volume in production is; on disk where there is none.
fn directory() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        return tempfile::tempdir_in(memory);
    }
    tempfile::tempdir()
}

/// The name of a secret, and of its file.
pub(crate) fn secret_name(number: usize) -> String {
    format!("secret-{number:04}")
}
