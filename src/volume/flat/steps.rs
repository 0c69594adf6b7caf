//! The numbered steps of the flat layout.

use crate::volume::steps::Action;

/// A step of [the module's list](super). Steps that handle many files or names are announced once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    /// The root is still the directory that was opened.
    CheckRoot = 1,
    /// The state file is read.
    ReadState = 2,
    /// What an earlier crash left is finished, or removed.
    Recover = 3,
    /// Published and wanted files are compared.
    Compare = 4,
    /// `..akv-sync.staged` is made.
    MakeStaging = 5,
    /// One new file is written there.
    StageFile = 6,
    /// One directory that stays gets its mode or owner.
    Adjust = 7,
    /// The intent is written to the state file: the commit.
    Commit = 8,
    /// One file or directory of ours is removed that stands where a new one goes.
    ClearWay = 9,
    /// One directory is made.
    MakeDirectory = 10,
    /// One new file is renamed into place.
    Rename = 11,
    /// One file that is gone is removed.
    RemoveFile = 12,
    /// One directory of ours in which nothing is left is removed.
    RemoveDirectory = 13,
    /// One directory gets its owner and mode, and is flushed.
    FinishDirectory = 14,
    /// The state file is written, without an intent.
    Settle = 15,
    /// `..akv-sync.staged` is removed.
    RemoveStaging = 16,
    /// What failed before the commit is removed.
    Abandon = 17,
}

impl Step {
    /// Its number in the module's list.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl Action for Step {
    fn action(self) -> &'static str {
        match self {
            Self::CheckRoot => "open",
            Self::ReadState => "read",
            Self::Recover => "recover",
            Self::Compare => "compare",
            Self::MakeStaging | Self::MakeDirectory => "create",
            Self::StageFile | Self::Commit | Self::Settle => "write",
            Self::Adjust | Self::FinishDirectory => "change owner of",
            Self::Rename => "rename",
            Self::ClearWay
            | Self::RemoveFile
            | Self::RemoveDirectory
            | Self::RemoveStaging
            | Self::Abandon => "remove",
        }
    }
}
