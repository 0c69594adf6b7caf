//! Makes a payload the published set (steps 4 to 14).
//!
//! Invariant: up to the commit nothing that a reader can see is touched, and a failure removes what was made.

use std::collections::BTreeSet;
use std::io::{self, Seek as _, Write as _};
use std::path::PathBuf;

use super::Writer;
use super::compare::{Difference, check_paths, compare, not_there};
use super::digest::{Digest, DigestKey};
use super::directory::Directory;
use super::failure::{failed, refused};
use super::file::FileWriter;
use super::generation::{self, GenerationName};
use super::links;
use super::observe::Inspection;
use super::recover::Current;
use super::state::{self, FileEntry, State};
use super::steps::Step;
use super::tree::{self, Tree};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, PayloadFile, Publication, RefusedName};
use crate::ports::VolumeFailure;

impl Writer {
    /// Publishes; see [`crate::ports::Volume::publish`].
    pub(super) fn publish(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.dir.path())?;
        let current = self.recover()?;

        // 4. Compare; when nothing differs, nothing is touched.
        self.announce(Step::Compare, self.root.dir.path())?;
        let inspection = match &current {
            Some(current) => self.inspect(current)?,
            None => Inspection::default(),
        };
        let (difference, mut publication) =
            compare(payload, current.as_ref(), &inspection, self.root.dir.path())?;
        publication.refused = match (difference, current) {
            (Difference::Files, current) => self.replace(payload, current.as_ref())?,
            (Difference::Records, Some(mut current)) => {
                self.record(payload, &mut current)?;
                current.refused
            }
            (_, current) => current.map(|current| current.refused).unwrap_or_default(),
        };
        Ok(publication)
    }

    /// Records new versions of bytes that stay: only the state file changes, by a rename of its own.
    fn record(&self, payload: &Payload, current: &mut Current) -> Result<(), VolumeFailure> {
        let Some(state) = &mut current.state else {
            return Ok(());
        };
        for (path, entry) in &mut state.files {
            if let Some(file) = payload.files.get(path) {
                entry.record = file.record.clone();
            }
        }
        self.announce(Step::WriteState, current.dir.path())?;
        let writer = FileWriter::new(&self.owner, self.root.durable);
        state.replace(&current.dir, &writer)?;
        if self.root.durable {
            current.dir.flush()?;
        }
        Ok(())
    }

    /// Puts a new generation in place of the current one; gives the names that are taken by something foreign.
    fn replace(
        &self,
        payload: &Payload,
        current: Option<&Current>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        let root = &self.root.dir;

        // 5. A directory that nobody else can enter, marked as ours.
        self.announce(Step::MakeGeneration, root.path())?;
        let (name, dir) = generation::make(root, self.clock.now())?;
        let committed = self
            .fill(&dir, payload, current)
            .and_then(|()| self.commit(&name));
        if let Err(failure) = committed {
            self.abandon(&name);
            return Err(failure);
        }
        self.root.flush()?;

        // 12. Links to names that are new. They come after the commit, so that none ever leads nowhere.
        let names: BTreeSet<_> = payload
            .files
            .keys()
            .map(|path| path.first_element().to_owned())
            .collect();
        let refused = links::make_missing(root, &names, |path| self.announce(Step::LinkName, path))?;

        // 13. Links to names that are gone.
        links::remove_stale(root, &names, |path| self.announce(Step::UnlinkName, path))?;
        self.root.flush()?;

        // 14. The old generation. Readers that hold its files open keep them.
        if let Some(current) = current {
            self.announce(Step::RemoveOld, current.dir.path())?;
            self.remove_generation(&current.name);
        }
        Ok(refused)
    }

    /// Fills a new generation (steps 5 to 8).
    fn fill(
        &self,
        generation: &Directory,
        payload: &Payload,
        current: Option<&Current>,
    ) -> Result<(), VolumeFailure> {
        let writer = FileWriter::new(&self.owner, self.root.durable);
        self.announce(Step::MakeGeneration, generation.path())?;
        state::mark(generation, &writer)?;

        // 6. The files, each complete before it has a name.
        let published = current.and_then(|current| Some((&current.dir, current.state.as_ref()?)));
        let key = match published {
            Some((_, state)) => state.digest_key.clone(),
            None => DigestKey::random().map_err(|error| failed("create", generation.path(), error))?,
        };
        let mut state = State::new(key);
        let mut new = Tree::new(generation);
        let mut old = published.map(|(dir, state)| (Tree::new(dir), state));
        for (path, file) in &payload.files {
            self.announce(Step::WriteFile, &generation.path_of(path.as_str()))?;
            let (directory, name) = tree::split(path);
            let directory = new.make(directory)?;
            let (digest, length) = match (&file.bytes, &mut old) {
                (FileBytes::Write(bytes), _) => {
                    writer.write(directory, name, file.mode, |sink| sink.write_all(bytes.expose()))?;
                    (state.digest_key.digest(bytes.expose()), bytes.len() as u64)
                }
                (FileBytes::Keep, Some((old, recorded))) => {
                    self.copy(old, recorded, path, file, directory, &writer)?
                }
                (FileBytes::Keep, None) => return Err(not_there(self.root.dir.path(), path)),
            };
            readable(directory, name)?;
            let entry = FileEntry {
                record: file.record.clone(),
                digest,
                length,
                mode: file.mode,
                uid: self.owner.uid(),
                gid: self.owner.gid(),
            };
            state.files.insert(path.clone(), entry);
        }

        // 7. What was written, in place of the mark.
        self.announce(Step::WriteState, generation.path())?;
        state.write(generation, &writer)?;

        // 8. The directories. The generation is the last: until then nobody else can reach any of them.
        for directory in tree::directories(payload.files.keys()) {
            self.finish(new.make(directory)?)?;
        }
        self.finish(generation)
    }

    /// Copies a file of the published generation, if its bytes still are those that were published.
    fn copy(
        &self,
        old: &mut Tree<'_>,
        recorded: &State,
        path: &RelativePath,
        file: &PayloadFile,
        directory: &Directory,
        writer: &FileWriter<'_>,
    ) -> Result<(Digest, u64), VolumeFailure> {
        let altered = || not_there(self.root.dir.path(), path);
        let (from, name) = tree::split(path);
        let entry = recorded.files.get(path).ok_or_else(altered)?;
        let from = old.open(from)?.ok_or_else(altered)?;
        let mut source = from.open_file(name)?.ok_or_else(altered)?;
        let copied = writer.write(directory, name, file.mode, |sink| {
            source.rewind()?;
            recorded
                .digest_key
                .digest_stream(&mut source, |chunk| sink.write_all(chunk))
        })?;
        if copied.0 == entry.digest {
            Ok(copied)
        } else {
            Err(altered())
        }
    }

    /// Gives a complete directory its owner and mode.
    fn finish(&self, directory: &Directory) -> Result<(), VolumeFailure> {
        self.announce(Step::FinishDirectory, directory.path())?;
        self.owner.give_directory(directory, directory.path())?;
        if !self.owner.stays_accessible(directory) {
            self.owner.take_back(directory)?;
            return Err(no_way_back(directory.path().to_owned()));
        }
        if self.root.durable {
            directory.flush()
        } else {
            Ok(())
        }
    }

    /// Makes a generation the published one (steps 9 to 11).
    fn commit(&self, name: &GenerationName) -> Result<(), VolumeFailure> {
        let root = &self.root.dir;

        // 9. On a disk, the generation is there for good before anything points at it.
        self.announce(Step::FlushRoot, root.path())?;
        self.root.flush()?;

        // 10. The link that will be `..data`.
        self.announce(Step::StageLink, &root.path_of(links::STAGED))?;
        root.make_link(name.as_str(), links::STAGED)?;

        // 11. The commit: one rename.
        self.announce(Step::Commit, &root.path_of(links::DATA))?;
        root.rename(links::STAGED, links::DATA)
    }

    /// 15. Removes what a failure left, as far as that is possible; recovery removes the rest.
    fn abandon(&self, name: &GenerationName) {
        let root = &self.root.dir;
        if self
            .announce(Step::Abandon, &root.path_of(name.as_str()))
            .is_err()
        {
            return;
        }
        if matches!(root.read_link(links::STAGED), Ok(Some(target)) if target.to_str() == Some(name.as_str()))
        {
            // Its failure leaves a link that the next call removes first of all.
            root.remove(links::STAGED).unwrap_or_default();
        }
        self.remove_generation(name);
    }
}

/// Checks that the process can read back what it wrote; it could never tell otherwise whether it is still there.
fn readable(directory: &Directory, name: &str) -> Result<(), VolumeFailure> {
    match directory.open_file(name) {
        Ok(_) => Ok(()),
        Err(failure) if failure.source.kind() == io::ErrorKind::PermissionDenied => {
            Err(no_way_back(directory.path_of(name)))
        }
        Err(failure) => Err(failure),
    }
}

fn no_way_back(path: PathBuf) -> VolumeFailure {
    refused(
        "read back",
        path,
        "with the declared owner and mode, akv-sync could not read or replace it any more",
        "let the mode give its owner read access (directories: read and search), and share files with another \
         user through `group` instead of `owner`",
    )
}
