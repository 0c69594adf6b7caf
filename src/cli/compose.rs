//! The composition root: from arguments and environment to a pass over the real adapters.

use std::error::Error;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

use crate::domain::desired::{SyncSpec, VolumeSpec};
use crate::hooks::Runner;
use crate::identity::Tokens;
use crate::keyvault::{KeyVault, Outside};
use crate::manifest::{self, Loaded};
use crate::passwords::PasswordFileReader;
use crate::ports::{Clock, HookRunner, SignIn, VolumeFailure};
use crate::reconcile::asking::{AskLimits, Asking, Patience};
use crate::reconcile::pass::Pass;
use crate::reconcile::passwords::PasswordReads;
use crate::reconcile::renders::Renders;
use crate::reconcile::uptime::Uptime;
use crate::transport::{Authorities, AuthorityOptions, Proxies, SetupError, Transport};
use crate::volume::{BlockingVolume, OffThread};

use super::args::SyncArgs;
use super::check;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::look::{self, Look};
use super::not_text;
use super::style::Style;
use super::system::{ProcessEnvironment, SystemClock, SystemJitter};

/// What every command that talks to Azure works with.
pub(super) struct Composition<B> {
    /// Takes passes.
    pub(super) pass: Pass<KeyVault, OffThread<B>>,
    /// Who signs in, for the log.
    pub(super) identity: String,
    /// What the pass asks.
    pub(super) vault: Arc<KeyVault>,
    /// The tokens that are held, for metrics.
    pub(super) sign_in: Arc<dyn SignIn>,
    /// Does what hooks ask for.
    pub(super) hooks: Arc<dyn HookRunner>,
    /// What it is built of, for who watches whether that changes.
    pub(super) read: Look,
}

/// What asks Azure, and as whom.
pub(super) struct SignedIn {
    pub(super) vault: KeyVault,
    /// For the log.
    pub(super) identity: String,
    /// The tokens that are held, for metrics.
    pub(super) sign_in: Arc<dyn SignIn>,
}

/// Builds what asks the vaults of `spec` as its identity, when the authorities are read; sends nothing.
///
/// While they are read, connections are opened `ahead`, if that is asked for.
pub(super) fn sign_in(
    spec: &SyncSpec,
    authorities: &Authorities,
    ahead: Option<&Handle>,
) -> Result<SignedIn, CommandFailure> {
    let proxies = Proxies::from_environment(&ProcessEnvironment).map_err(|error| unusable(&error))?;
    let transport = Transport::new(authorities, proxies).map_err(|error| unusable(&error))?;
    let signed_in = signed_in(spec, &transport, ahead);
    // Told before anything else that is wrong, and before anything is sent or written.
    authorities.wait().map_err(|error| unusable(&error))?;
    signed_in
}

/// Begins to read the certificate authorities.
pub(super) fn authorities(args: &SyncArgs) -> Authorities {
    Authorities::read(authority_options(args))
}

fn authority_options(args: &SyncArgs) -> AuthorityOptions {
    AuthorityOptions::from_environment(&ProcessEnvironment, args.ca_file.clone())
}

fn unusable(error: &SetupError) -> CommandFailure {
    CommandFailure::new(Exit::Usage, error, error.hint().to_owned())
}

fn signed_in(
    spec: &SyncSpec,
    transport: &Transport,
    ahead: Option<&Handle>,
) -> Result<SignedIn, CommandFailure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let jitter = SystemJitter::new();
    let tokens = Tokens::new(
        &spec.identity,
        &ProcessEnvironment,
        transport,
        Arc::clone(&clock),
        jitter.clone(),
    )?;
    let identity = tokens.identity().to_owned();
    let tokens = Arc::new(tokens);
    let outside = Outside {
        http: Arc::new(transport.vault_client()),
        wires: transport.wires(),
        tokens: tokens.clone(),
        clock,
        jitter,
    };
    let vault = KeyVault::new(&spec.vaults, outside)
        .map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?;
    if let Some(runtime) = ahead {
        let vaults = spec.vaults.iter().map(|vault| &vault.url);
        for url in vaults.chain(tokens.address()) {
            let (wires, url) = (transport.wires(), url.clone());
            runtime.spawn(async move { wires.open_first(&url).await });
        }
    }
    Ok(SignedIn {
        vault,
        identity,
        sign_in: tokens,
    })
}

/// Opens a volume.
pub(super) type Open<B> = fn(&VolumeSpec, Arc<dyn Clock>) -> Result<B, VolumeFailure>;

/// Builds everything; sends nothing, but opens the first connections. `None` when told to stop first. Needs the handle of [`Runtimes::block_on`].
///
/// Files and the volume may hang, and a thread that hangs in the kernel hears no signal: so this is done on the thread
/// of the file system.
pub(super) async fn compose<B: BlockingVolume + 'static>(
    (args, style): (&SyncArgs, Style),
    open: Open<B>,
    stop: &mut watch::Receiver<bool>,
    file_system: Handle,
) -> Result<Option<Composition<B>>, CommandFailure> {
    let args = args.clone();
    let connecting = Handle::current();
    let composed = file_system
        .clone()
        .spawn_blocking(move || compose_blocking((&args, style), open, file_system, &connecting));
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => Ok(None),
        composed = composed => match composed {
            Ok(composed) => composed.map(Some),
            Err(error) => Err(CommandFailure::new(Exit::Internal, &error, None)),
        },
    }
}

fn compose_blocking<B: BlockingVolume + 'static>(
    (args, style): (&SyncArgs, Style),
    open: Open<B>,
    file_system: Handle,
    connecting: &Handle,
) -> Result<Composition<B>, CommandFailure> {
    not_text::refuse(|name| std::env::var_os(name))?;
    // Before they are read to be used: a change at any later moment is seen to be one.
    let look = look::authorities(args);
    let authorities = authorities(args);
    let text = manifest::read(&args.manifest.manifest)?;
    let Loaded { spec, warnings } = check::load(&args.manifest, &text, &ProcessEnvironment)?;
    check::tell(&warnings, style);
    let read = Look::taken(args, &text, look);
    let SignedIn {
        vault,
        identity,
        sign_in,
    } = sign_in(&spec, &authorities, Some(connecting))?;
    let vault = Arc::new(vault);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let jitter = SystemJitter::new();
    let volume = open(&spec.volume, Arc::clone(&clock))?;
    let volume = OffThread::new(volume, &spec.volume.path, file_system);
    let hooks = Runner::new(
        spec.volume.path.clone(),
        authority_options(args),
        Arc::clone(&clock),
    );
    let passwords = PasswordFileReader::new().map_err(|error| no_runtime(&error))?;
    let passwords = Arc::new(PasswordReads::new(Arc::new(passwords)));
    let pass = Pass {
        spec: Arc::new(spec),
        volume,
        asking: Asking::new(
            Arc::clone(&vault),
            passwords,
            AskLimits::default(),
            Patience::Short,
        ),
        renders: Renders::new(),
        clock,
        jitter,
        uptime: Uptime::start(),
        confirm: false,
    };
    Ok(Composition {
        pass,
        identity,
        vault,
        hooks: Arc::new(hooks),
        sign_in,
        read,
    })
}

/// The runtimes of the process.
pub(super) struct Runtimes {
    main: Runtime,
    volume: Runtime,
}

impl Runtimes {
    /// One thread for everything that waits, and one for the file system.
    ///
    /// Of threads that took turns with the volume, each would keep the memory of its largest turn. And what hangs
    /// elsewhere, a name lookup or a password file, must not take the volume's thread: it takes one of the main runtime.
    pub(super) fn new() -> Result<Self, CommandFailure> {
        let main = Builder::new_current_thread().enable_all().build();
        let volume = Builder::new_current_thread().max_blocking_threads(1).build();
        Ok(Self {
            main: main.map_err(|error| no_runtime(&error))?,
            volume: volume.map_err(|error| no_runtime(&error))?,
        })
    }

    /// Runs `work`, which gets a handle for calls to the file system. What it leaves under way (a token exchange, a
    /// connection) has nothing left to serve, and ends with it.
    pub(super) fn block_on<T>(self, work: impl AsyncFnOnce(Handle) -> T) -> T {
        let done = self.main.block_on(work(self.volume.handle().clone()));
        self.main.shutdown_background();
        self.volume.shutdown_background();
        done
    }
}

/// The system refused what the program cannot work without.
pub(super) fn no_runtime(error: &dyn Error) -> CommandFailure {
    CommandFailure::new(
        Exit::Internal,
        error,
        "check the limits on open files and processes".to_owned(),
    )
}
