//! The `akv-sync` binary: everything is in the library, so that tests and examples share one entry point.

fn main() {}
