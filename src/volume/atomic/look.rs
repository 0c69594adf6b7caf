//! Looks at an atomic volume and changes nothing: what is published, what stands in the way, what a publish would do.

use std::collections::BTreeSet;

use super::DATA;
use super::generation::{self, GenerationName};
use super::links;
use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::compare::{check_paths, compare};
use crate::volume::directory::Directory;
use crate::volume::failure::{published_by_another, refused};
use crate::volume::inspect::{Inspection, Inspector};
use crate::volume::layout;
use crate::volume::owner::Ownership;
use crate::volume::stat::Kind;
use crate::volume::state::{self, State};

/// The published generation.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) name: GenerationName,
    pub(super) dir: Directory,
    /// `None` when the state file cannot be understood.
    pub(super) state: Option<State>,
    /// Names in the root that are taken by something foreign.
    pub(super) refused: Vec<RefusedName>,
}

impl Current {
    /// Compares each recorded file with what is in the generation, all of which is ours.
    pub(super) fn inspect(
        &self,
        owner: &Ownership,
        inspector: &mut Inspector,
    ) -> Result<Inspection, VolumeFailure> {
        inspector.inspect(&self.dir, self.state.as_ref(), owner, |_| true)
    }
}

/// Says what is published. What a crash left is looked past.
pub(in crate::volume) fn observe(
    root: &Directory,
    owner: &Ownership,
    inspector: &mut Inspector,
) -> Result<Observation, VolumeFailure> {
    let Some(current) = current(root, inspector)? else {
        return Ok(Observation::nothing());
    };
    let inspection = current.inspect(owner, inspector)?;
    Ok(Observation {
        refused: current.refused,
        ..inspection.observed(current.state)
    })
}

/// Says at which first path elements of `paths` something foreign stands.
pub(in crate::volume) fn foreign(
    root: &Directory,
    paths: &BTreeSet<RelativePath>,
) -> Result<Vec<RefusedName>, VolumeFailure> {
    layout::check(root, Layout::Atomic)?;
    links::refused(root, &links::names_of(paths.iter()))
}

/// Says what a publish of `payload` would do.
pub(in crate::volume) fn foretell(
    root: &Directory,
    owner: &Ownership,
    inspector: &mut Inspector,
    payload: &Payload,
) -> Result<Publication, VolumeFailure> {
    check_paths(payload, root.path())?;
    let current = current(root, inspector)?;
    let inspection = match &current {
        Some(current) => current.inspect(owner, inspector)?,
        None => Inspection::default(),
    };
    let state = current.as_ref().and_then(|current| current.state.as_ref());
    Ok(Publication {
        refused: links::refused(root, &links::names_of(payload.files.keys()))?,
        ..compare(payload, state, &inspection, root.path())?.publication
    })
}

fn current(root: &Directory, inspector: &mut Inspector) -> Result<Option<Current>, VolumeFailure> {
    layout::check(root, Layout::Atomic)?;
    let published = published(root)?;
    has_staged_link(root)?;
    let Some((name, dir)) = published else {
        return Ok(None);
    };
    Ok(Some(Current {
        name,
        refused: links::refused(root, &links::names_in(&dir)?)?,
        state: inspector.recorded(&dir)?,
        dir,
    }))
}

/// The generation that `..data` points at; `None` also when it leads nowhere. Whatever else stands at `..data` belongs to
/// somebody else.
pub(super) fn published(root: &Directory) -> Result<Option<(GenerationName, Directory)>, VolumeFailure> {
    let path = root.path_of(DATA);
    let foreign = |found: &str| {
        refused(
            "open",
            &path,
            found,
            "another program writes to this volume; give akv-sync a volume of its own",
        )
    };
    let Some(target) = root.read_link(DATA)? else {
        let found = root.stat_of(DATA)?;
        return found.map_or(Ok(None), |found| Err(foreign(found.kind.describe())));
    };
    let Some(name) = GenerationName::parse(&target) else {
        return Err(foreign("a link to elsewhere"));
    };
    let Some(dir) = root.open(name.as_str())? else {
        return Ok(None);
    };
    if generation::is_ours(&dir)? {
        return Ok(Some((name, dir)));
    }
    let found = dir.stat_of(state::FILE)?;
    Err(published_by_another("open", dir.path(), found.as_ref()))
}

/// Whether a crash left `..data_tmp`. Anything else than a link there belongs to somebody else, and stops every publish.
pub(super) fn has_staged_link(root: &Directory) -> Result<bool, VolumeFailure> {
    match root.stat_of(links::STAGED)? {
        None => Ok(false),
        Some(found) if found.kind == Kind::Link => Ok(true),
        Some(found) => Err(refused(
            "remove",
            root.path_of(links::STAGED),
            found.kind.describe(),
            "akv-sync did not make it; remove it, or give akv-sync a volume of its own",
        )),
    }
}
