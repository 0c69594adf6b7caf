//! Takes a changed manifest, or refuses it whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, mpsc, oneshot};

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
use super::manifest_log;
use super::system::ProcessEnvironment;

/// Reads the manifest again when it may have changed.
pub(super) struct Reloader {
    pub(super) args: SyncArgs,
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

/// What is read of files: enough to see that they changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    manifest: Vec<u8>,
    authorities: Vec<u8>,
    passwords: Vec<Vec<u8>>,
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
        if self.args.manifest.manifest == Path::new("-") {
            // What came from stdin cannot come again.
            return;
        }
        let mut watch = FileWatch::new(self.files());
        let mut seen = self.look().await;
        let mut mode = None;
        loop {
            if mode != Some(watch.mode()) {
                mode = Some(watch.mode());
                if self.reloads.send(Reload::Watching(watch.mode())).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = watch.changed() => {}
                () = self.asked.notified() => {}
            }
            let now = self.look().await;
            if now.manifest != seen.manifest || now.authorities != seen.authorities {
                self.reload(now.authorities != seen.authorities).await;
                watch.watch(self.files());
            } else if now.passwords != seen.passwords {
                self.waker.wake();
            }
            seen = now;
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

    /// What the files are now. What cannot be read is empty; whoever needs it says why.
    async fn look(&self) -> Seen {
        let (manifest, authorities) = (self.args.manifest.manifest.clone(), self.args.ca_file.clone());
        let passwords: Vec<_> = self.passwords().collect();
        let seen = tokio::task::spawn_blocking(move || Seen {
            manifest: digest(&manifest),
            authorities: authorities.as_deref().map(digest).unwrap_or_default(),
            passwords: passwords.iter().map(|path| digest(path)).collect(),
        });
        seen.await.unwrap_or_default()
    }

    async fn reload(&mut self, authorities_changed: bool) {
        let (args, spec, vault) = (self.args.clone(), Arc::clone(&self.spec), Arc::clone(&self.vault));
        let read = tokio::task::spawn_blocking(move || read(&args, &spec, &vault, authorities_changed));
        let Ok(read) = read.await else { return };
        match read {
            Ok(read) => self.take(read).await,
            Err(refusal) => {
                let problems = match refusal {
                    Refusal::Told(problems) => problems,
                    Refusal::Failure(failure) => {
                        let hint = failure.hint.into_iter();
                        vec![
                            failure
                                .chain
                                .into_iter()
                                .chain(hint)
                                .collect::<Vec<_>>()
                                .join(": "),
                        ]
                    }
                };
                // The loop has ended.
                let _ = self.reloads.send(Reload::Refused(problems)).await;
            }
        }
    }

    async fn take(&mut self, read: Read) {
        let Read { spec, vault, sign_in } = read;
        let (vault, (reply, taken)) = (Arc::new(vault), oneshot::channel());
        let manifest = NewManifest {
            spec: spec.clone(),
            vault: Arc::clone(&vault),
            reply,
        };
        // The loop has ended.
        let _ = self.reloads.send(Reload::Taken(Box::new(manifest))).await;
        if taken.await == Ok(true) {
            self.metrics.declare(&spec);
            if let Some(sign_in) = sign_in {
                self.metrics.sign_in_with(sign_in);
            }
            self.spec = Arc::new(spec);
            self.vault = vault;
        }
    }
}

/// What the manifest says now, and whom to ask for it.
fn read(
    args: &SyncArgs,
    old: &SyncSpec,
    vault: &KeyVault,
    authorities_changed: bool,
) -> Result<Read, Refusal> {
    let path = &args.manifest.manifest;
    let text = manifest::read(path);
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
        let signed_in = compose::sign_in(args, &spec).map_err(Refusal::Failure)?;
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

/// Of a file's bytes; empty when they cannot be read.
fn digest(path: &Path) -> Vec<u8> {
    manifest::bytes(path, LONGEST)
        .map(|bytes| Sha256::digest(bytes).to_vec())
        .unwrap_or_default()
}

/// Of the largest file that is looked at; what follows decides nothing.
const LONGEST: usize = 4 << 20;
