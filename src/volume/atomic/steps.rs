//! The numbered steps of the atomic layout.

use crate::volume::steps::Action;

/// A step of [the module's list](super). Steps that handle many files or names are announced once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    /// The root is still the directory that was opened.
    CheckRoot = 1,
    /// One leftover of an earlier crash is removed or completed.
    Recover = 2,
    /// The state of the published generation is read.
    ReadState = 3,
    /// Published and wanted files are compared.
    Compare = 4,
    /// The directory of the new generation is made.
    MakeGeneration = 5,
    /// One file is written.
    WriteFile = 6,
    /// The state file is written.
    WriteState = 7,
    /// One directory gets its owner and mode.
    FinishDirectory = 8,
    /// The root is flushed to disk.
    FlushRoot = 9,
    /// `..data_tmp` is made.
    StageLink = 10,
    /// `..data_tmp` becomes `..data`: the commit.
    Commit = 11,
    /// One user-visible link is made.
    LinkName = 12,
    /// One stale link is removed.
    UnlinkName = 13,
    /// The replaced generation is removed.
    RemoveOld = 14,
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
            Self::FlushRoot => "flush",
            Self::Commit => "rename",
            Self::UnlinkName | Self::RemoveOld | Self::Abandon => "remove",
        }
    }
}
