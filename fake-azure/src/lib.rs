//! Key Vault, Entra and the identity endpoints of Azure in one process, on loopback, over real TLS.
//!
//! ```no_run
//! use fake_azure::{CallKind, FakeAzure, FakeOptions};
//!
//! # fn main() -> std::io::Result<()> {
//! let fake = FakeAzure::start(FakeOptions::default())?;
//! fake.vault("app").set_secret("db-password", "correct horse");
//! let token_file_content = fake.assertion().sign();
//! // Run the program under test with `fake.authority()`, `fake.vault("app").url()`, `fake.ca_pem()` ...
//! assert_eq!(fake.calls().of(CallKind::GetSecret), 1);
//! # Ok(())
//! # }
//! ```
//!
//! It depends on nothing of `akv-sync`, so that each can judge the other. What it does not do is in its README.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod body;
mod clock;
mod connection;
mod control;
mod crypto;
mod entra;
mod faults;
mod handle;
mod http;
mod ids;
mod issuer;
mod journal;
mod jwt;
mod managed_identity;
mod options;
mod round_trip;
mod server;
mod timekeeper;
mod tls;
mod vault;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::crypto::x509::Hierarchy;
use crate::managed_identity::APP_SERVICE_PATH;
use crate::round_trip::Distance;
use crate::server::{Acceptors, Listener};
use crate::timekeeper::Timekeeper;
use crate::vault::Vault;
use crate::world::{Target, World};

pub use crate::crypto::key::KeyType;
pub use crate::crypto::pfx::PfxEncoding;
pub use crate::entra::FederatedCredential;
pub use crate::faults::{Effect, Fault, Faults};
pub use crate::handle::{SecretOptions, VaultHandle};
pub use crate::ids::{CLIENT_ID, FOREIGN_TENANT_ID, OBJECT_ID, SUBSCRIPTION_ID, TENANT_ID};
pub use crate::issuer::{Assertion, FEDERATED_AUDIENCE};
pub use crate::journal::{CallKind, Calls, LoggedCall, Service};
pub use crate::managed_identity::IDENTITY_RESOURCE_ID;
pub use crate::options::FakeOptions;
pub use crate::vault::{
    CertificateFormat, CertificateIssuer, CertificateOptions, ChainOrder, Denial, KeyOptions,
};

/// A running fake. It answers on a thread of its own and stops when it is dropped.
#[derive(Debug)]
pub struct FakeAzure {
    world: Arc<World>,
    identity_endpoint: String,
    imds: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeAzure {
    /// Makes a certificate authority, binds the listeners and starts to answer.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "options are written where they are used"
    )]
    pub fn start(options: FakeOptions) -> io::Result<Self> {
        let Bound {
            listeners,
            authority,
            vaults,
            identity_endpoint,
            imds,
        } = bind(&options)?;
        let world = Arc::new(World {
            clock: clock::Clock::default(),
            journal: journal::Journal::default(),
            directory: entra::Directory::new(authority, issuer::Issuer::new()),
            vaults,
            authority: tls::Authority::new("fake-azure test authority")?,
            token_lifetime: options.token_lifetime,
            distance: distance(options.round_trip)?,
            faults: Faults::default(),
            identity_header: ids::guid(),
            identity_assigned: AtomicBool::new(true),
        });
        let stranger = tls::Authority::new("fake-azure stranger")?;
        let acceptors = Acceptors {
            trusted: tls::server_config(&world.authority, options.http2)?.into(),
            untrusted: tls::server_config(&stranger, options.http2)?.into(),
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("fake-azure".to_owned())
            .spawn(move || run(runtime, &serving, &acceptors, listeners, stopped))?;
        Ok(Self {
            world,
            identity_endpoint,
            imds,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// A vault of [`FakeOptions::vaults`].
    ///
    /// # Panics
    ///
    /// When there is no vault of this name.
    pub fn vault(&self, name: &str) -> VaultHandle<'_> {
        VaultHandle {
            world: &self.world,
            vault: self
                .world
                .vault(name)
                .expect("only vaults of FakeOptions::vaults exist"),
        }
    }

    /// The URL of the authority host, without a slash at the end.
    pub fn authority(&self) -> &str {
        &self.world.directory.authority
    }

    /// The directory that the vaults trust.
    pub fn tenant_id(&self) -> &'static str {
        TENANT_ID
    }

    /// The application that every credential of the fake belongs to.
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// The application's client secret; another at each start.
    pub fn client_secret(&self) -> String {
        self.world
            .directory
            .change_application(|application| application.secret.clone())
    }

    /// The certificate of the authority that signed the fake's TLS certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        self.world.authority.pem()
    }

    /// A service account token, as a cluster projects it into a file; change what it says before signing it.
    pub fn assertion(&self) -> Assertion<'_> {
        Assertion::new(&self.world.directory.issuer, self.world.clock.now())
    }

    /// Replaces the subjects that the application trusts; none is a credential that was never created.
    pub fn set_federated_credentials(&self, credentials: Vec<FederatedCredential>) {
        self.world
            .directory
            .change_application(|application| application.federated = credentials);
    }

    /// Trusts service account tokens of another issuer, such as a cluster's API server, for these subjects besides those
    /// that are trusted already. `jwks` is the key set that the issuer publishes; an error says why it cannot be read.
    pub fn trust_issuer(&self, issuer: &str, jwks: &str, subjects: &[String]) -> Result<(), String> {
        let directory = &self.world.directory;
        directory.add_issuer(entra::PublishedKeys::from_jwks(issuer, jwks)?);
        directory.change_application(|application| {
            application
                .federated
                .extend(subjects.iter().map(|subject| FederatedCredential {
                    issuer: issuer.to_owned(),
                    subject: subject.clone(),
                    audience: FEDERATED_AUDIENCE.to_owned(),
                }));
        });
        Ok(())
    }

    /// Lets the application sign its assertions with this certificate (DER, RSA).
    ///
    /// # Panics
    ///
    /// When it is not an X.509 certificate.
    pub fn register_certificate(&self, der: &[u8]) {
        let certificate = entra::RegisteredCertificate::from_der(der).expect("an X.509 certificate");
        self.world
            .directory
            .change_application(|application| application.certificates.push(certificate));
    }

    /// The value of `IDENTITY_ENDPOINT`: where App Service and Container Apps give out tokens.
    pub fn identity_endpoint(&self) -> &str {
        &self.identity_endpoint
    }

    /// The value of `IDENTITY_HEADER`; another at each start.
    pub fn identity_header(&self) -> &str {
        &self.world.identity_header
    }

    /// Where the instance metadata service listens, if [`FakeOptions::imds`] turned it on.
    pub fn imds_address(&self) -> Option<SocketAddr> {
        self.imds
    }

    /// Assigns the managed identities (system- and user-assigned), or takes them away; they are assigned at the start.
    pub fn assign_managed_identity(&self, assigned: bool) {
        self.world.identity_assigned.store(assigned, Ordering::Relaxed);
    }

    /// The fault switches.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// Makes every access token issued up to now worthless.
    pub fn revoke_tokens(&self) {
        self.world.directory.tokens.revoke_all();
    }

    /// Moves the fake's clock forward, by whole seconds.
    pub fn advance_clock(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// The counters now.
    pub fn calls(&self) -> Calls {
        self.world.journal.snapshot()
    }

    /// Sets the counters to zero and empties the log.
    pub fn reset_calls(&self) {
        self.world.journal.reset();
    }
}

impl Drop for FakeAzure {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the fake's thread has been printed, and there is nobody to hand it to.
            drop(thread.join());
        }
    }
}

/// Without a round trip there is nothing between socket and service.
fn distance(round_trip: Duration) -> io::Result<Option<Distance>> {
    if round_trip.is_zero() {
        return Ok(None);
    }
    let time = Timekeeper::start()?;
    Ok(Some(Distance { round_trip, time }))
}

/// The listeners and the URLs under which they answer.
struct Bound {
    listeners: Vec<Listener>,
    authority: String,
    vaults: Vec<Vault>,
    identity_endpoint: String,
    imds: Option<SocketAddr>,
}

fn bind(options: &FakeOptions) -> io::Result<Bound> {
    let hierarchy = Arc::new(Hierarchy::new(OffsetDateTime::now_utc().unix_timestamp()));
    let identity = listener((Ipv4Addr::LOCALHOST, 0).into(), Target::IdentityEndpoint)?;
    let identity_endpoint = format!("http://{}{APP_SERVICE_PATH}", identity.socket.local_addr()?);
    let mut listeners = vec![identity];
    let mut imds = None;
    if let Some(address) = options.imds {
        let listener = listener(address, Target::Imds)?;
        imds = Some(listener.socket.local_addr()?);
        listeners.push(listener);
    }
    let mut vaults = Vec::new();
    let authority = if let Some(address) = options.https {
        let shared = listener(address, Target::ByHost)?;
        let port = match shared.socket.local_addr()?.port() {
            443 => String::new(),
            port => format!(":{port}"),
        };
        listeners.push(shared);
        vaults.extend(options.vaults.iter().map(|name| {
            let url = format!("https://{name}.vault.azure.net{port}");
            Vault::new(name.clone(), url, Arc::clone(&hierarchy))
        }));
        format!("https://login.microsoftonline.com{port}")
    } else {
        for name in &options.vaults {
            let (listener, url) = local(Target::Vault(name.clone()))?;
            listeners.push(listener);
            vaults.push(Vault::new(name.clone(), url, Arc::clone(&hierarchy)));
        }
        let (entra, url) = local(Target::Entra)?;
        listeners.push(entra);
        url
    };
    Ok(Bound {
        listeners,
        authority,
        vaults,
        identity_endpoint,
        imds,
    })
}

fn local(target: Target) -> io::Result<(Listener, String)> {
    let listener = listener((Ipv4Addr::LOCALHOST, 0).into(), target)?;
    let url = format!("https://localhost:{}", listener.socket.local_addr()?.port());
    Ok((listener, url))
}

fn listener(address: SocketAddr, target: Target) -> io::Result<Listener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(Listener { socket, target })
}

fn run(
    runtime: Runtime,
    world: &Arc<World>,
    acceptors: &Acceptors,
    listeners: Vec<Listener>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        for listener in listeners {
            tokio::spawn(server::listen(Arc::clone(world), acceptors.clone(), listener));
        }
        // Both a message and a dropped sender mean the end.
        drop(stopped.await);
    });
    // Requests that hang on purpose must not hold up the end.
    runtime.shutdown_background();
}
