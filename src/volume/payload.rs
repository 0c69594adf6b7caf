//! Writes the files of a payload, wherever a layout wants them.

use std::io::Write as _;

use super::copy::PublishedSet;
use super::digest::DigestKey;
use super::directory::Directory;
use super::file::{Attributes, FileWriter, readable};
use super::state::FileEntry;
use crate::domain::payload::{FileBytes, PayloadFile};
use crate::ports::VolumeFailure;

/// Writes bytes that are given, and copies of what is published.
#[derive(Debug)]
pub(super) struct PayloadWriter<'a> {
    pub(super) files: FileWriter<'a>,
    pub(super) published: PublishedSet<'a>,
    pub(super) key: &'a DigestKey,
}

impl PayloadWriter<'_> {
    /// Writes one file; gives what is to be recorded of it.
    pub(super) fn write(
        &mut self,
        (directory, name): (&Directory, &str),
        file: &PayloadFile,
        newer_than: Option<i64>,
    ) -> Result<FileEntry, VolumeFailure> {
        let mode = file.mode;
        let attributes = Attributes { mode, newer_than };
        let (digest, length) = match &file.bytes {
            FileBytes::Write(bytes) => {
                self.files
                    .write(directory, name, attributes, |sink| sink.write_all(bytes.expose()))?;
                (self.key.digest(bytes.expose()), bytes.len() as u64)
            }
            FileBytes::Published(at) => self
                .published
                .copy(at, |fill| self.files.write(directory, name, attributes, fill))?,
        };
        readable(directory, name)?;
        Ok(FileEntry::new(file, digest, length, self.files.owner))
    }
}
