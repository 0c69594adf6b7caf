//! Says what is ours while a publish is under way.

use std::collections::BTreeSet;

use super::Writer;
use super::staging::Staging;
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::inspect::Inspection;
use crate::volume::state::{Intent, Staged, State};

/// The new files of an intent that still wait.
pub(super) fn waiting<'i>(
    intent: &'i Intent,
    staging: Option<&Directory>,
) -> Result<BTreeSet<&'i RelativePath>, VolumeFailure> {
    let mut waiting = BTreeSet::new();
    for (path, staged) in &intent.staged {
        let name = Staging::name_of(staged.number);
        if let Some(staging) = staging
            && staging.stat_of(name)?.is_some()
        {
            waiting.insert(path);
        }
    }
    Ok(waiting)
}

impl Writer {
    /// What was published, and what the intent has put into place already; and what of it is intact.
    ///
    /// What waits is not ours where it shall be, unless it replaces a file of ours: somebody else's file there may even
    /// have the same bytes.
    pub(super) fn under_way(
        &mut self,
        state: &State,
        intent: &Intent,
        staging: Option<&Directory>,
    ) -> Result<(State, Inspection), VolumeFailure> {
        let waiting = waiting(intent, staging)?;
        let mut ours = state.clone();
        ours.directories.extend(intent.directories.iter().cloned());
        for (path, entry) in &intent.files {
            let replaces = intent
                .staged
                .get(path)
                .is_some_and(|staged: &Staged| staged.replaces);
            if replaces || !waiting.contains(path) {
                ours.files.entry(path.clone()).or_insert_with(|| entry.clone());
            }
        }
        let inspection = self.inspect(Some(&ours))?;
        ours.files.retain(|path, _| {
            state.files.contains_key(path) || waiting.contains(path) || inspection.intact.contains_key(path)
        });
        Ok((ours, inspection))
    }
}
