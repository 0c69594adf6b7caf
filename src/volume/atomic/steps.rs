//! The numbered steps of the atomic layout.

use crate::volume::steps::Action;

/// A step of [the module's list](super). Steps that handle many files or names are announced once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    /// The root is still the directory that was opened.
    CheckRoot = 1,
    /// The state of the published generation is read.
    ReadState = 2,
    /// One leftover of an earlier crash is removed or completed, or a replaced generation is removed in its time.
    Recover = 3,
    /// Published and wanted files are compared.
    Compare = 4,
    /// The generation that is kept for readers makes room before its time.
    RemoveReplaced = 5,
    /// The directory of the new generation is made.
    MakeGeneration = 6,
    /// One file is written.
    WriteFile = 7,
    /// The state file is written.
    WriteState = 8,
    /// One directory gets its owner and mode.
    FinishDirectory = 9,
    /// All that is new is synced: files, directories and the root.
    Sync = 10,
    /// `..data_tmp` is made.
    StageLink = 11,
    /// `..data_tmp` becomes `..data`: the commit.
    Commit = 12,
    /// One user-visible link is made.
    LinkName = 13,
    /// One stale link is removed.
    UnlinkName = 14,
    /// A generation that failed before the commit is removed.
    Abandon = 15,
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
            Self::Recover => "recover",
            Self::ReadState => "read",
            Self::Compare => "compare",
            Self::MakeGeneration | Self::LinkName | Self::StageLink => "create",
            Self::WriteFile | Self::WriteState => "write",
            Self::FinishDirectory => "change owner of",
            Self::Sync => "flush",
            Self::Commit => "rename",
            Self::RemoveReplaced | Self::UnlinkName | Self::Abandon => "remove",
        }
    }
}
