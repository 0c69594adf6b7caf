//! The volume: the only code that writes files.
//!
//! Two layouts, each in a module of its own with its numbered steps: [`atomic`] replaces the whole set with one rename,
//! as a Kubernetes projected volume does; [`flat`] renames real files into place, one after another, for programs that
//! do not follow links. What both stand on is here: the locked root, directories and files by descriptor, owners, the
//! state file, the comparison of what is wanted with what is there. Their calls block; [`OffThread`] makes them the port.
//! [`ReadOnlyVolume`] looks at either layout with the same eyes, and changes nothing.
//!
//! Invariant of both: no file is ever partial, or wider than declared; no link is followed; what is not ours is never
//! touched.

pub mod atomic;
pub mod flat;

mod blocking;
mod compare;
mod copy;
mod digest;
mod directory;
mod failure;
mod file;
mod inspect;
mod layout;
mod lock;
mod off_thread;
mod owner;
mod payload;
mod read_only;
mod root;
mod stat;
mod state;
mod steps;
mod sync;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

pub use atomic::AtomicVolume;
pub use blocking::BlockingVolume;
pub use flat::FlatVolume;
pub use layout::{AnyVolume, open};
pub use off_thread::OffThread;
pub use read_only::ReadOnlyVolume;
pub use steps::{StepObserver, Unobserved};
pub use writer::LayoutVolume;
