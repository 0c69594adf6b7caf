//! What becomes of a file, and why.

use std::sync::Arc;

use time::OffsetDateTime;

use super::entry_plan::HeldBack;
use crate::failure::Failure;
use crate::mode::FileMode;
use crate::object::VersionId;
use crate::path::RelativePath;
use crate::payload::{FileRecord, Input};

/// One file that shall be on the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlan {
    /// Whose it is, by number; `None` for a file that is no entry's any more and is kept for a group.
    pub entry: Option<usize>,
    /// Where its bytes come from.
    pub action: Action,
    /// Its mode.
    pub mode: FileMode,
    /// What is recorded of it. Of a file that is made now, the validity is known when it is.
    pub record: Arc<FileRecord>,
    /// Why so.
    pub why: Why,
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// They are made of what was told.
    Write,
    /// They are published, at this path.
    Keep(RelativePath),
}

/// Why a file is written, kept or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is published there, or what is there was changed by somebody else.
    Missing,
    /// The file there is of something else.
    OtherSource,
    /// Something that it is made of has another version.
    Version {
        /// What has.
        of: Input,
        /// The version that is published.
        from: VersionId,
        /// The version that was told.
        to: VersionId,
    },
    /// The manifest wants another form of it, or of other inputs.
    Form,
    /// Tags or attributes changed.
    Attributes,
    /// Nothing changed.
    Unchanged,
    /// Only its mode changes.
    Mode {
        /// As published.
        from: FileMode,
        /// As asked for.
        to: FileMode,
    },
    /// Only its owner or group changes.
    Owner,
    /// Its bytes come from another path.
    Moved {
        /// Where they are now.
        from: RelativePath,
    },
    /// The vault says since then that its secret is gone, with many others of the selection.
    GoneSince(OffsetDateTime),
    /// Nothing was told of it.
    NotAsked,
    /// An answer is under way.
    Waits,
    /// It could not be fetched, made or placed.
    Failed(Failure),
    /// What it moves together with cannot move.
    HeldBack(HeldBack),
    /// No entry of the manifest has this path.
    LeavesManifest,
    /// The vault says that it does not belong to the selection or history any more.
    LeavesVault,
}

impl Why {
    /// The word for it in logs and in `plan --output json`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::OtherSource => "otherSource",
            // Its version is a digest that means nothing to anybody.
            Self::Version {
                of: Input::File(_), ..
            } => "newPassword",
            Self::Version { .. } => "newVersion",
            Self::Form => "newForm",
            Self::Attributes => "newAttributes",
            Self::Unchanged => "unchanged",
            Self::Mode { .. } => "mode",
            Self::Owner => "owner",
            Self::Moved { .. } => "moved",
            Self::GoneSince(_) => "goneFromVault",
            Self::NotAsked => "notAsked",
            Self::Waits => "noAnswer",
            Self::Failed(_) => "failed",
            Self::HeldBack(_) => "heldBack",
            Self::LeavesManifest => "leavesManifest",
            Self::LeavesVault => "leavesVault",
        }
    }
}
