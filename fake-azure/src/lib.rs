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

mod clock;
mod crypto;
mod entra;
mod handle;
mod http;
mod ids;
mod issuer;
mod journal;
mod jwt;
mod options;
mod server;
mod tls;
mod vault;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::crypto::x509::Hierarchy;
use crate::server::TlsListener;
use crate::vault::Vault;
use crate::world::{Target, World};

pub use crate::crypto::key::KeyType;
pub use crate::crypto::pfx::PfxEncoding;
pub use crate::entra::{FEDERATED_AUDIENCE, FederatedCredential};
pub use crate::handle::{SecretOptions, VaultHandle};
pub use crate::ids::{CLIENT_ID, FOREIGN_TENANT_ID, OBJECT_ID, SUBSCRIPTION_ID, TENANT_ID};
pub use crate::issuer::Assertion;
pub use crate::journal::{CallKind, Calls, LoggedCall, Service};
pub use crate::options::FakeOptions;
pub use crate::vault::{
    CertificateFormat, CertificateIssuer, CertificateOptions, ChainOrder, Denial, KeyOptions,
};

/// A running fake. It answers on a thread of its own and stops when it is dropped.
#[derive(Debug)]
pub struct FakeAzure {
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeAzure {
    /// Makes a certificate authority, binds the listeners and starts to answer.
    pub fn start(options: FakeOptions) -> io::Result<Self> {
        let (listeners, authority_url, vaults) = bind(&options)?;
        let world = Arc::new(World {
            clock: clock::Clock::default(),
            journal: journal::Journal::default(),
            directory: entra::Directory::new(authority_url, issuer::Issuer::new()),
            vaults,
            authority: tls::Authority::new("fake-azure test authority")?,
            token_lifetime: options.token_lifetime,
        });
        let acceptor = TlsAcceptor::from(tls::server_config(&world.authority, options.http2)?);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("fake-azure".to_owned())
            .spawn(move || run(runtime, &serving, &acceptor, listeners, stopped))?;
        Ok(Self {
            world,
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

/// Binds the listeners and says under which URLs they answer.
fn bind(options: &FakeOptions) -> io::Result<(Vec<TlsListener>, String, Vec<Vault>)> {
    let hierarchy = Arc::new(Hierarchy::new(OffsetDateTime::now_utc().unix_timestamp()));
    if let Some(address) = options.https {
        let listener = TlsListener {
            socket: listen(address)?,
            target: Target::ByHost,
        };
        let port = match listener.socket.local_addr()?.port() {
            443 => String::new(),
            port => format!(":{port}"),
        };
        let vault = |name: &String| {
            let url = format!("https://{name}.vault.azure.net{port}");
            Vault::new(name.clone(), url, Arc::clone(&hierarchy))
        };
        let authority = format!("https://login.microsoftonline.com{port}");
        return Ok((
            vec![listener],
            authority,
            options.vaults.iter().map(vault).collect(),
        ));
    }
    let (entra, authority) = local(Target::Entra)?;
    let mut listeners = vec![entra];
    let mut vaults = Vec::new();
    for name in &options.vaults {
        let (listener, url) = local(Target::Vault(name.clone()))?;
        listeners.push(listener);
        vaults.push(Vault::new(name.clone(), url, Arc::clone(&hierarchy)));
    }
    Ok((listeners, authority, vaults))
}

fn local(target: Target) -> io::Result<(TlsListener, String)> {
    let socket = listen((Ipv4Addr::LOCALHOST, 0).into())?;
    let url = format!("https://localhost:{}", socket.local_addr()?.port());
    Ok((TlsListener { socket, target }, url))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn run(
    runtime: Runtime,
    world: &Arc<World>,
    acceptor: &TlsAcceptor,
    listeners: Vec<TlsListener>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        for listener in listeners {
            tokio::spawn(server::listen(Arc::clone(world), acceptor.clone(), listener));
        }
        // Both a message and a dropped sender mean the end.
        drop(stopped.await);
    });
    // Requests that hang on purpose must not hold up the end.
    runtime.shutdown_background();
}
