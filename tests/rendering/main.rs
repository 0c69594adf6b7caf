//! Rendering judged by others: OpenSSL, OpenSSH, Java, and values that Key Vault answered with.
//!
//! A test says so and passes when its judge is absent: `openssl`, `ssh-keygen`, `keytool`, `java` and `javac` in `PATH`,
//! the folder in `AKV_SYNC_RECORDINGS`.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a skipped judge is said plainly, and a test reports by panicking"
)]

mod java;
mod openssl;
mod public_keys;
mod reading;
mod recorded;
mod render;
mod shapes;
mod writing;
