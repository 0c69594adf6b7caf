//! A fake Azure with secrets in its vault, and a directory for the program that reads them.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fake_azure::{CertificateOptions, FakeAzure, FakeOptions, KeyOptions};
use tempfile::TempDir;

/// What a manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// Secrets of 32 bytes, the newest version.
    pub(crate) secrets: usize,
    /// Secrets of which one version is asked for.
    pub(crate) pinned: usize,
    /// Certificates, as PFX in the vault, each in three files.
    pub(crate) certificates: usize,
    /// Public keys.
    pub(crate) keys: usize,
}

impl Wanted {
    /// Nothing but secrets.
    pub(crate) fn secrets(secrets: usize) -> Self {
        Self {
            secrets,
            ..Self::default()
        }
    }

    /// The objects that every pass has to ask for.
    pub(crate) fn unpinned(self) -> usize {
        self.secrets + self.certificates + self.keys
    }
}

/// The fake and its surroundings. The federated token of the program outlives every measurement.
pub(crate) struct Scene {
    pub(crate) fake: FakeAzure,
    pub(crate) http2: bool,
    /// The versions of the pinned secrets.
    pinned: Vec<String>,
    dir: TempDir,
}

impl Scene {
    /// A fake at this distance, with all that is wanted in its vault.
    pub(crate) fn new(http2: bool, round_trip: Duration, stocked: Wanted) -> io::Result<Self> {
        let fake = FakeAzure::start(FakeOptions {
            http2,
            round_trip,
            ..FakeOptions::default()
        })?;
        let vault = fake.vault("app");
        for number in 0..stocked.secrets {
            let value = format!("a value of thirty-two bytes {number:04}");
            vault.set_secret(&secret_name(number), &value);
        }
        for number in 0..stocked.certificates {
            vault.create_certificate(&format!("certificate-{number}"), &CertificateOptions::default());
        }
        for number in 0..stocked.keys {
            vault.create_key(&format!("key-{number}"), &KeyOptions::default());
        }
        let pinned =
            (0..stocked.pinned).map(|number| vault.set_secret(&format!("pinned-{number}"), "a value"));
        let pinned = pinned.collect();
        let scene = Self {
            fake,
            http2,
            pinned,
            dir: directory()?,
        };
        fs::write(scene.path("ca.pem"), scene.fake.ca_pem())?;
        Ok(scene)
    }

    /// Forgets what the program wrote and what the fake counted, and asks for this from now on.
    pub(crate) fn reset(&self, wanted: Wanted) -> io::Result<()> {
        let volume = self.path("volume");
        if volume.exists() {
            fs::remove_dir_all(&volume)?;
        }
        fs::create_dir(&volume)?;
        // A cluster renews the projected token well before its end; here each start gets its own.
        fs::write(self.path("token"), self.fake.assertion().sign())?;
        fs::write(self.path("manifest.yaml"), self.manifest(&volume, wanted))?;
        self.fake.reset_calls();
        Ok(())
    }

    /// Lets the program answer at a socket, with as many series of objects; gives its path. After a reset.
    pub(crate) fn answers(&self, per_object: &str) -> io::Result<PathBuf> {
        let socket = self.path("admin.sock");
        let mut manifest = fs::OpenOptions::new()
            .append(true)
            .open(self.path("manifest.yaml"))?;
        writeln!(
            manifest,
            "admin: {{ socket: \"{}\" }}\nmetrics: {{ perObject: {per_object} }}",
            socket.display()
        )?;
        Ok(socket)
    }

    /// The interval is so long that every pass but the first is one that was asked for.
    fn manifest(&self, volume: &Path, wanted: Wanted) -> String {
        let secrets = (0..wanted.secrets).map(|number| {
            let name = secret_name(number);
            format!("{{ name: {name}, path: app/{name} }}")
        });
        let pinned = self.pinned.iter().take(wanted.pinned).enumerate();
        let pinned =
            pinned.map(|(number, version)| format!("{{ name: pinned-{number}, version: {version} }}"));
        let certificates = (0..wanted.certificates).map(|number| {
            format!(
                "{{ name: certificate-{number}, files: [{{ path: tls/{number}.crt, content: fullChain }}, \
                 {{ path: tls/{number}.key, content: privateKey }}, {{ path: tls/{number}.pem, content: bundle }}] }}"
            )
        });
        let keys =
            (0..wanted.keys).map(|number| format!("{{ name: key-{number}, path: keys/{number}.pem }}"));
        format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n\
             vaults: [{{ name: app, url: \"{}\", trustedHosts: [localhost] }}]\n\
             volume: {{ path: \"{}\" }}\nrefresh: {{ interval: 1h }}\n\
             secrets: [{}]\ncertificates: [{}]\nkeys: [{}]\n",
            self.fake.vault("app").url(),
            volume.display(),
            secrets.chain(pinned).collect::<Vec<_>>().join(", "),
            certificates.collect::<Vec<_>>().join(", "),
            keys.collect::<Vec<_>>().join(", ")
        )
    }

    /// `run`, in these surroundings.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = self.surroundings(program);
        command.arg("run");
        command
    }

    /// With the system's certificate authorities and the fake's, and with nothing of this process's environment.
    pub(crate) fn surroundings(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
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
