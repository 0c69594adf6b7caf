//! Takes a changed manifest, or refuses it whole.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::spawn_blocking;

use crate::domain::desired::{Content, PasswordSource, SyncSpec, needs_restart};
use crate::keyvault::KeyVault;
use crate::manifest::{self, Loaded, Problem};
use crate::observers::metrics::Metrics;
use crate::ports::SignIn;
use crate::reconcile::reload::{NewManifest, Reload};
use crate::reconcile::trigger::Waker;
use crate::watch::FileWatch;

use super::args::SyncArgs;
use super::compose;
use super::failure::CommandFailure;
use super::look::{self, Look, Sum};
use super::manifest_log;
use super::system::ProcessEnvironment;

/// Reads the manifest again when it may have changed.
pub(super) struct Reloader {
    pub(super) args: SyncArgs,
    /// The files that what counts now is made of.
    pub(super) taken: Look,
    /// What they were when they were looked at last: something else, while that is refused.
    pub(super) seen: Look,
    /// What counts now.
    pub(super) spec: Arc<SyncSpec>,
    pub(super) vault: Arc<KeyVault>,
    pub(super) reloads: mpsc::Sender<Reload<KeyVault>>,
    pub(super) waker: Waker,
    /// Counts by what the manifest names.
    pub(super) metrics: Metrics,
    /// SIGHUP.
    pub(super) asked: Arc<Notify>,
}

/// What is to count from now on.
struct Read {
    spec: SyncSpec,
    vault: KeyVault,
    /// How requests are signed in, when that changed.
    sign_in: Option<Arc<dyn SignIn>>,
}

/// Why a manifest is not taken.
enum Refusal {
    /// It was told already.
    Told(Vec<String>),
    /// Something else than the manifest is wrong.
    Failure(CommandFailure),
}

impl Reloader {
    /// Watches for as long as the loop runs.
    pub(super) async fn run(mut self) {
        if look::is_read_once(&self.args.manifest.manifest) {
            let hint = "restart with another, or name a file, whose changes are taken";
            tracing::info!(hint, "Manifest cannot change: it came from stdin or a pipe");
            return;
        }
        let mut watch = FileWatch::new(self.files());
        let mut passwords = self.look_at_passwords().await;
        let (mut mode, mut asked) = (None, false);
        loop {
            if mode != Some(watch.mode()) {
                mode = Some(watch.mode());
                if self.reloads.send(Reload::Watching(watch.mode())).await.is_err() {
                    return;
                }
            }
            // Before the first wait too: what changed since it was read at the start is told by nobody.
            self.look(asked).await;
            watch.watch(self.files());
            let before = std::mem::replace(&mut passwords, self.look_at_passwords().await);
            // A file that is new is asked for as such.
            let any_changed = before
                .iter()
                .any(|(path, sum)| passwords.get(path).is_some_and(|now| now != sum));
            if any_changed {
                self.waker.wake();
            }
            asked = tokio::select! {
                () = watch.changed() => false,
                () = self.asked.notified() => true,
            };
        }
    }

    /// Takes what changed. For who asks, what was refused is tried again: it may have been for a cause that no file shows.
    async fn look(&mut self, asked: bool) {
        let args = self.args.clone();
        let Ok((now, manifest)) = spawn_blocking(move || Look::now(&args)).await else {
            return;
        };
        let is_other = now != self.seen || asked && now != self.taken;
        self.seen = now.clone();
        if is_other
            && self
                .reload(manifest, now.authorities != self.taken.authorities)
                .await
        {
            self.taken = now;
        }
    }

    /// The files whose changes count.
    fn files(&self) -> Vec<PathBuf> {
        let manifest = self.args.manifest.manifest.clone();
        let authorities = self.args.ca_file.clone();
        std::iter::once(manifest)
            .chain(authorities)
            .chain(self.passwords())
            .collect()
    }

    fn passwords(&self) -> impl Iterator<Item = PathBuf> {
        let files = self.spec.objects.iter().flat_map(|object| &object.files);
        files.filter_map(|file| match &file.content {
            Content::Certificate(content) => match content.password() {
                Some(PasswordSource::File(path)) => Some(path.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    async fn look_at_passwords(&self) -> BTreeMap<PathBuf, Sum> {
        let files: Vec<_> = self.passwords().collect();
        let look = spawn_blocking(|| {
            files
                .into_iter()
                .map(|path| (path.clone(), look::at(&path)))
                .collect()
        });
        look.await.unwrap_or_default()
    }

    /// Whether this manifest counts from now on.
    async fn reload(&mut self, manifest: io::Result<Vec<u8>>, authorities_changed: bool) -> bool {
        let (args, spec, vault) = (self.args.clone(), Arc::clone(&self.spec), Arc::clone(&self.vault));
        let read = spawn_blocking(move || read(&args, manifest, &spec, &vault, authorities_changed));
        let Ok(read) = read.await else { return false };
        match read {
            Ok(read) => self.take(read).await,
            Err(refusal) => {
                // The loop has ended.
                let _ = self.reloads.send(Reload::Refused(refusal.into_problems())).await;
                false
            }
        }
    }

    async fn take(&mut self, read: Read) -> bool {
        let Read { spec, vault, sign_in } = read;
        let (vault, (reply, taken)) = (Arc::new(vault), oneshot::channel());
        let manifest = NewManifest {
            spec: spec.clone(),
            vault: Arc::clone(&vault),
            reply,
        };
        // The loop has ended.
        let _ = self.reloads.send(Reload::Taken(Box::new(manifest))).await;
        let taken = taken.await == Ok(true);
        if taken {
            self.metrics.declare(&spec);
            if let Some(sign_in) = sign_in {
                self.metrics.sign_in_with(sign_in);
            }
            self.spec = Arc::new(spec);
            self.vault = vault;
        }
        taken
    }
}

impl Refusal {
    fn into_problems(self) -> Vec<String> {
        match self {
            Self::Told(problems) => problems,
            Self::Failure(failure) => {
                let told: Vec<_> = failure.chain.into_iter().chain(failure.hint).collect();
                vec![told.join(": ")]
            }
        }
    }
}

/// What the manifest says now, and whom to ask for it.
fn read(
    args: &SyncArgs,
    manifest: io::Result<Vec<u8>>,
    old: &SyncSpec,
    vault: &KeyVault,
    authorities_changed: bool,
) -> Result<Read, Refusal> {
    let path = &args.manifest.manifest;
    let text = manifest::text(path, manifest);
    let loaded = text.and_then(|text| manifest::load(&text, &manifest::name(path), &ProcessEnvironment));
    let Loaded { spec, warnings } = loaded.map_err(|problems| {
        manifest_log::log(&problems);
        Refusal::Told(problems.told().map(told).collect())
    })?;
    manifest_log::log(&warnings);
    let fixed = needs_restart(old, &spec);
    if !fixed.is_empty() {
        return Err(Refusal::Told(fixed.into_iter().map(str::to_owned).collect()));
    }
    if authorities_changed || spec.identity != old.identity {
        let signed_in =
            compose::sign_in(&spec, &compose::authorities(args), None).map_err(Refusal::Failure)?;
        let (vault, sign_in) = (signed_in.vault, Some(signed_in.sign_in));
        tracing::info!(
            identity = signed_in.identity,
            "Identity or certificate authorities changed"
        );
        return Ok(Read { spec, vault, sign_in });
    }
    let vault = vault
        .with_vaults(&spec.vaults)
        .map_err(|error| Refusal::Failure(CommandFailure::new(super::exit::Exit::Internal, &error, None)))?;
    Ok(Read {
        spec,
        vault,
        sign_in: None,
    })
}

/// A problem with its place.
fn told(problem: &Problem) -> String {
    match problem.at {
        Some(at) => format!("{at}: {}: {problem}", problem.code),
        None => format!("{}: {problem}", problem.code),
    }
}
