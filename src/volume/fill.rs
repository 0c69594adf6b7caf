//! Fills a new generation (steps 5 to 8), while nobody else can enter it.

use std::io::{self, Seek as _, Write as _};
use std::path::PathBuf;

use super::Writer;
use super::compare::not_there;
use super::digest::{Digest, DigestKey};
use super::directory::Directory;
use super::failure::{failed, refused};
use super::file::FileWriter;
use super::recover::Current;
use super::state::{self, FileEntry, State};
use super::steps::Step;
use super::tree::{self, Tree};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, PayloadFile};
use crate::ports::VolumeFailure;

impl Writer {
    /// Fills a new generation (steps 5 to 8).
    pub(super) fn fill(
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
