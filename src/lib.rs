//! `akv-sync` writes Azure Key Vault secrets, keys and certificates to a volume, atomically, and keeps them current.
//!
//! The map of the modules, and what each may import, is in `docs/architecture.md`.

pub mod admin;
pub mod cli;
pub mod hooks;
pub mod identity;
pub mod inject;
pub mod keyvault;
pub mod observers;
pub mod passwords;
pub mod reconcile;
pub mod telemetry;
pub mod transport;
pub mod volume;
pub mod watch;

// The crates below `crates` that know the product.
pub use {convert, domain, manifest, ports, render};
