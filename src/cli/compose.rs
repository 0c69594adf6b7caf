//! The composition root: from arguments and environment to a reconciler over the real adapters.

use std::error::Error;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::identity::Tokens;
use crate::keyvault::{KeyVault, Limits, Outside};
use crate::ports::Clock;
use crate::reconcile::fetch::FetchLimits;
use crate::reconcile::pass::Reconciler;
use crate::transport::{AuthorityOptions, Transport};
use crate::volume::AtomicVolume;

use super::args::SyncArgs;
use super::check;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::system::{ProcessEnvironment, SystemClock, SystemDice};

/// What `run` and `once` work with.
pub(super) struct Composition {
    /// Takes passes.
    pub(super) reconciler: Reconciler<KeyVault, AtomicVolume>,
    /// Who signs in, for the log.
    pub(super) identity: String,
    /// Chance for the loop.
    pub(super) dice: Arc<SystemDice>,
}

/// Builds everything; sends nothing. `None` when told to stop first.
///
/// Files and the volume may hang, and a thread that hangs in the kernel hears no signal: so this is done on another.
pub(super) async fn compose(
    args: &SyncArgs,
    stop: &mut watch::Receiver<bool>,
) -> Result<Option<Composition>, CommandFailure> {
    let args = args.clone();
    let composed = tokio::task::spawn_blocking(move || compose_blocking(&args));
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => Ok(None),
        composed = composed => match composed {
            Ok(composed) => composed.map(Some),
            Err(error) => Err(CommandFailure::new(Exit::Internal, &error, None)),
        },
    }
}

fn compose_blocking(args: &SyncArgs) -> Result<Composition, CommandFailure> {
    let environment = ProcessEnvironment;
    let spec = check::read(&args.manifest, &environment)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let dice = SystemDice::new();
    let authorities = AuthorityOptions::from_environment(&environment, args.ca_file.clone());
    let transport = Transport::new(&authorities)
        .map_err(|error| CommandFailure::new(Exit::Usage, &error, error.hint().to_owned()))?;
    let tokens = Tokens::new(
        &spec.identity,
        &environment,
        &transport,
        Arc::clone(&clock),
        dice.clone(),
    )?;
    let identity = tokens.identity().to_owned();
    let outside = Outside {
        http: Arc::new(transport.vault_client()),
        tokens: Arc::new(tokens),
        clock: Arc::clone(&clock),
        dice: dice.clone(),
    };
    let vault = KeyVault::new(&spec.vaults, outside, Limits::default())
        .map_err(|error| CommandFailure::new(Exit::Internal, &error, None))?;
    let volume = Arc::new(AtomicVolume::open(&spec.volume, Arc::clone(&clock))?);
    let reconciler = Reconciler {
        spec,
        vault,
        volume,
        clock,
        limits: FetchLimits::default(),
        volume_turn: Arc::new(Semaphore::new(1)),
    };
    Ok(Composition {
        reconciler,
        identity,
        dice,
    })
}

/// One thread: the work is waiting, and a thread is memory.
pub(super) fn runtime() -> Result<Runtime, CommandFailure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| no_runtime(&error))
}

/// The system refused what the program cannot work without.
pub(super) fn no_runtime(error: &dyn Error) -> CommandFailure {
    CommandFailure::new(
        Exit::Internal,
        error,
        "check the limits on open files and processes".to_owned(),
    )
}
