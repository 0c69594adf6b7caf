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
use crate::transport::{AuthorityOptions, Proxies, Transport};
use crate::volume::{BlockingVolume, OffThread};

use super::args::SyncArgs;
use super::check;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::look::Look;
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

/// Builds what asks the vaults of `spec` as its identity; sends nothing. Certificate authorities are read anew.
pub(super) fn sign_in(args: &SyncArgs, spec: &SyncSpec) -> Result<SignedIn, CommandFailure> {
    let environment = ProcessEnvironment;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let jitter = SystemJitter::new();
    let authorities = AuthorityOptions::from_environment(&environment, args.ca_file.clone());
    let transport = Proxies::from_environment(&environment)
        .and_then(|proxies| Transport::new(&authorities, proxies))
        .map_err(|error| CommandFailure::new(Exit::Usage, &error, error.hint().to_owned()))?;
    let tokens = Tokens::new(
        &spec.identity,
        &environment,
        &transport,
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
    Ok(SignedIn {
        vault,
        identity,
        sign_in: tokens,
    })
}

/// Opens a volume.
pub(super) type Open<B> = fn(&VolumeSpec, Arc<dyn Clock>) -> Result<B, VolumeFailure>;

/// Builds everything; sends nothing. `None` when told to stop first. Needs the handle of [`Runtimes::block_on`].
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
    let composed = file_system
        .clone()
        .spawn_blocking(move || compose_blocking((&args, style), open, file_system));
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
) -> Result<Composition<B>, CommandFailure> {
    not_text::refuse(|name| std::env::var_os(name))?;
    let environment = ProcessEnvironment;
    let text = manifest::read(&args.manifest.manifest)?;
    let Loaded { spec, warnings } = check::load(&args.manifest, &text, &environment)?;
    check::tell(&warnings, style);
    // Before they are read to be used: a change at any later moment is seen to be one.
    let read = Look::taken(args, &text);
    let SignedIn {
        vault,
        identity,
        sign_in,
    } = sign_in(args, &spec)?;
    let vault = Arc::new(vault);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let jitter = SystemJitter::new();
    let volume = open(&spec.volume, Arc::clone(&clock))?;
    let volume = OffThread::new(volume, &spec.volume.path, file_system);
    let authorities = AuthorityOptions::from_environment(&environment, args.ca_file.clone());
    let hooks = Runner::new(spec.volume.path.clone(), authorities, Arc::clone(&clock));
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
