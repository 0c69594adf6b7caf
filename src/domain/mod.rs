//! What the program is about, without I/O: objects, versions, paths, modes, the desired state and its rendering.
//!
//! Nothing here reads a clock, a file, the environment or the network, and nothing here imports another module
//! of the crate.

pub mod certificate;
pub mod encoding;
pub mod entry;
pub mod expand;
pub mod facts;
pub mod failure;
pub mod fetched;
pub mod json;
pub mod keystore;
pub mod listed;
pub mod mode;
pub mod object;
pub mod path;
pub mod path_set;
pub mod payload;
pub mod plan;
pub mod published;
pub mod query;
pub mod render;
pub mod schedule;
pub mod secret;
pub mod spec;
pub mod template;
pub mod validity;
pub mod volume_failure;
