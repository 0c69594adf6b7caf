//! The `akv-sync` binary: everything is in the library, so that tests and examples share one entry point.

use std::process::ExitCode;

fn main() -> ExitCode {
    akv_sync::cli::main(std::env::args_os())
}
