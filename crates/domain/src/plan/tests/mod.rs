//! What is decided for each file, row by row.
//!
//! The layout of the volume is no axis here, since a decision does not know it: a plan is the same for both. What a layout
//! adds (what is seen in between, what a crash leaves, which names are refused) is for the tests of `volume`, under
//! `src/volume/tests/atomic` and `src/volume/tests/flat`.

mod groups;
mod histories;
mod objects;
mod places;
mod reasons;
mod records;
mod stage;
mod table;
