//! The composition root: from arguments and environment to a reconciler over the real adapters.

use std::error::Error;
use std::sync::{Arc, Mutex};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::identity::Tokens;
use crate::keyvault::{KeyVault, Outside};
use crate::passwords::PasswordFileReader;
use crate::ports::Clock;
use crate::reconcile::fetch::FetchLimits;
use crate::reconcile::pass::{Reconciler, VOLUME_LIMIT};
use crate::reconcile::passwords::PasswordReads;
use crate::transport::{AuthorityOptions, Transport, check_proxy};
use crate::volume::{self, AnyVolume};

use super::args::SyncArgs;
use super::check;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::system::{ProcessEnvironment, SystemClock, SystemJitter};

/// What `run` and `once` work with.
pub(super) struct Composition {
    /// Takes passes.
    pub(super) reconciler: Reconciler<KeyVault, AnyVolume>,
    /// Who signs in, for the log.
    pub(super) identity: String,
    /// Chance for the loop.
    pub(super) jitter: Arc<SystemJitter>,
}

/// Builds everything; sends nothing. `None` when told to stop first. Needs the handle of [`Runtimes::block_on`].
///
/// Files and the volume may hang, and a thread that hangs in the kernel hears no signal: so this is done on the thread
/// of the file system.
pub(super) async fn compose(
    args: &SyncArgs,
    stop: &mut watch::Receiver<bool>,
    file_system: Handle,
) -> Result<Option<Composition>, CommandFailure> {
    let args = args.clone();
    let composed = file_system
        .clone()
        .spawn_blocking(move || compose_blocking(&args, file_system));
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => Ok(None),
        composed = composed => match composed {
            Ok(composed) => composed.map(Some),
            Err(error) => Err(CommandFailure::new(Exit::Internal, &error, None)),
        },
    }
}

fn compose_blocking(args: &SyncArgs, file_system: Handle) -> Result<Composition, CommandFailure> {
    let environment = ProcessEnvironment;
    let spec = check::read(&args.manifest, &environment)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let jitter = SystemJitter::new();
    let authorities = AuthorityOptions::from_environment(&environment, args.ca_file.clone());
    let transport = check_proxy(&environment)
        .and_then(|()| Transport::new(&authorities))
        .map_err(|error| CommandFailure::new(Exit::Usage, &error, error.hint().to_owned()))?;
    let tokens = Tokens::new(
        &spec.identity,
        &environment,
        &transport,
        Arc::clone(&clock),
        jitter.clone(),
    )?;
    let identity = tokens.identity().to_owned();
    let outside = Outside {
        http: Arc::new(transport.vault_client()),
        tokens: Arc::new(tokens),
        clock: Arc::clone(&clock),
        jitter: jitter.clone(),
    };
    let vault = KeyVault::new(&spec.vaults, outside)
        .map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?;
    let volume = Arc::new(volume::open(&spec.volume, Arc::clone(&clock))?);
    let passwords = PasswordFileReader::new().map_err(|error| no_runtime(&error))?;
    let reconciler = Reconciler {
        spec,
        vault,
        volume,
        passwords: PasswordReads::new(Arc::new(passwords)),
        remembered: Mutex::default(),
        clock,
        limits: FetchLimits::default(),
        volume_turn: Arc::new(Semaphore::new(1)),
        file_system,
        volume_limit: VOLUME_LIMIT,
    };
    Ok(Composition {
        reconciler,
        identity,
        jitter,
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
