//! `akv-sync` writes Azure Key Vault secrets, keys and certificates to a volume, atomically, and keeps them current.
//!
//! The map of the modules, and what each may import, is in `docs/architecture.md`.

pub mod admin;
pub mod cli;
pub mod convert;
pub mod domain;
pub mod hooks;
pub mod identity;
pub mod inject;
pub mod keyvault;
pub mod manifest;
mod named_file;
pub mod observers;
pub mod passwords;
pub mod ports;
pub mod reconcile;
pub mod render;
pub mod telemetry;
pub mod transport;
pub mod volume;
pub mod watch;
