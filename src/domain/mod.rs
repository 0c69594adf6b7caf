//! What the program is about, without I/O: objects, versions, paths, modes, the desired state and its rendering.
//!
//! Nothing here reads a clock, a file, the environment or the network, and nothing here imports another module
//! of the crate.

pub mod certificate;
pub mod failure;
pub mod fetched;
pub mod mode;
pub mod object;
pub mod path;
pub mod payload;
pub mod plan;
pub mod render;
pub mod schedule;
pub mod secret;
pub mod spec;
