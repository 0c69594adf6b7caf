//! Exchanges the manifest between two passes.

use super::Daemon;
use crate::domain::event::Event;
use crate::ports::{Vault, Volume};
use crate::reconcile::reload::{NewManifest, Reload};

impl<V: Vault + 'static, W: Volume> Daemon<V, W> {
    /// Takes what became of a manifest that changed; says whether that is something for a pass.
    pub(super) async fn reload(&mut self, reload: Reload<V>) -> bool {
        let is_taken = matches!(reload, Reload::Taken(_));
        let events = match reload {
            Reload::Taken(manifest) => self.exchange(*manifest).await,
            Reload::Refused(problems) => vec![self.refuse(problems)],
            Reload::Watching(mode) => {
                self.status.reload.watching = mode;
                Vec::new()
            }
        };
        self.tell(&events);
        is_taken
    }

    async fn exchange(&mut self, manifest: NewManifest<V>) -> Vec<Event> {
        let NewManifest { spec, vault, reply } = manifest;
        let exchanged = self.pass.exchange(spec, vault).await;
        // Whoever sent it may have gone.
        let _ = reply.send(exchanged.is_ok());
        match exchanged {
            Ok(()) => self.status.reloaded(self.pass.clock.now(), &self.pass.spec),
            Err(failure) => {
                let problem = format!("{failure}: {}; {}", failure.cause(), failure.hint());
                vec![self.refuse(vec![problem])]
            }
        }
    }

    fn refuse(&mut self, problems: Vec<String>) -> Event {
        self.status.reload_refused(self.pass.clock.now(), problems)
    }
}
