//! What the program is about, without I/O: objects, versions, paths, modes, the desired state, and what is done for it.
//!
//! Nothing here reads a clock, a file, the environment or the network, and nothing here imports another module
//! of the crate.

pub mod age;
pub mod answers;
pub mod attribute_digest;
pub mod backoff;
pub mod call;
pub mod desired;
pub mod entry;
pub mod event;
pub mod expand;
pub mod failure;
pub mod fetched;
pub mod gate;
pub mod hint;
pub mod hook;
pub mod identifier;
pub mod lasting;
pub mod listed;
pub mod mode;
pub mod moment;
pub mod news;
pub mod notice;
pub mod object;
pub mod odd_character;
pub mod outcome;
pub mod path;
pub mod path_set;
pub mod payload;
pub mod placeholder;
pub mod plain_text;
pub mod plan;
pub mod protocol;
pub mod published;
pub mod query;
pub mod schedule;
pub mod secret;
pub mod status;
pub mod stretch;
pub mod timing;
pub mod unread;
pub mod unread_pem;
pub mod validity;
pub mod variable;
pub mod volume_failure;
