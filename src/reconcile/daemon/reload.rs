//! Exchanges the manifest between two passes.

use super::Daemon;
use crate::domain::event::Event;
use crate::ports::{Vault, Volume};
use crate::reconcile::reload::{NewManifest, Reload};

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Takes what became of a manifest that changed.
    pub(super) async fn reload(&mut self, reload: Reload<V>) {
        let event = match reload {
            Reload::Taken(manifest) => Some(self.exchange(*manifest).await),
            Reload::Refused(problems) => Some(self.refuse(problems)),
            Reload::Watching(mode) => {
                self.status.reload.watching = mode;
                None
            }
        };
        self.tell(event.as_slice());
    }

    async fn exchange(&mut self, manifest: NewManifest<V>) -> Event {
        let NewManifest { spec, vault, reply } = manifest;
        let exchanged = self.pass.exchange(spec, vault).await;
        // Whoever sent it may have gone.
        let _ = reply.send(exchanged.is_ok());
        match exchanged {
            Ok(()) => self.status.reloaded(self.pass.clock.now(), &self.pass.spec),
            Err(failure) => self.refuse(vec![format!(
                "{failure}: {}; {}",
                failure.cause(),
                failure.hint()
            )]),
        }
    }

    fn refuse(&mut self, problems: Vec<String>) -> Event {
        self.status.reload_refused(self.pass.clock.now(), problems)
    }
}
