//! For the tests of several crates; nothing of it is in the released binary.
#![expect(
    missing_docs,
    reason = "values and fields are called as in the standards, and only tests name them"
)]

pub mod certificates;
pub mod fuzz;
pub mod pfx;
