//! Fills a new generation (steps 6 to 9), while nobody else can enter it.

use super::Writer;
use super::look::Current;
use super::steps::Step;
use crate::domain::hook::Outbox;
use crate::domain::payload::Payload;
use crate::ports::VolumeFailure;
use crate::volume::copy::PublishedSet;
use crate::volume::digest::DigestKey;
use crate::volume::directory::Directory;
use crate::volume::failure::failed;
use crate::volume::payload::PayloadWriter;
use crate::volume::state::{self, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Fills a new generation (steps 6 to 9).
    pub(super) fn fill(
        &self,
        generation: &Directory,
        (payload, outbox): (&Payload, &Outbox),
        current: Option<&Current>,
    ) -> Result<(), VolumeFailure> {
        self.announce(Step::MakeGeneration, generation.path())?;
        state::mark(generation, &self.files())?;

        // 7. The files, each complete before it has a name.
        let published = current.and_then(|current| current.state.as_ref());
        let mut state = if let Some(state) = published {
            state.next()
        } else {
            let key = DigestKey::random().map_err(|error| failed("create", generation.path(), error))?;
            State::new(key)
        };
        state.outbox.clone_from(outbox);
        state.replaces = current.map(|current| current.name.to_string());
        let key = state.digest_key.clone();
        let mut new = Tree::new(generation);
        let top = current.map_or(generation, |current| &current.dir);
        let mut writer = PayloadWriter {
            files: self.files(),
            published: PublishedSet::new(top, published, self.root.dir.path()),
            key: &key,
        };
        for (path, file) in &payload.files {
            self.announce(Step::WriteFile, &generation.path_of(path.as_str()))?;
            let (directory, name) = tree::split(path);
            let entry = writer.write((new.make(directory)?, name), file, None)?;
            let earlier = published.and_then(|state| state.files.get(path));
            state.files.insert(path.clone(), entry.after(earlier));
        }

        // 8. What was written, in place of the mark.
        self.announce(Step::WriteState, generation.path())?;
        let text = state.write(generation, &writer.files)?;
        self.inspector.wrote(text, state);

        // 9. The directories. The generation is the last: until then nobody else can reach any of them.
        for directory in tree::directories(payload.files.keys()) {
            self.finish(new.make(directory)?)?;
        }
        self.finish(generation)
    }

    /// Gives a complete directory its owner and mode.
    fn finish(&self, directory: &Directory) -> Result<(), VolumeFailure> {
        self.announce(Step::FinishDirectory, directory.path())?;
        self.owner.finish_directory(directory)
    }
}
