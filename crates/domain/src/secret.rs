//! Values that must never be seen. Their type has no concept of this program, and is of the crate `encoding`.

pub use encoding::SecretBytes;
