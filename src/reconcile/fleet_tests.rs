//! A hundred daemons on one vault, in paused time: whether the rules of the gate are gentle enough, and quick enough.
//!
//! The daemons are the real ones, over a vault and volumes in memory; only the scale is not: a vault of Key Vault's 4,000
//! calls in ten seconds and ten thousand sidecars behave like one of 40 calls and a hundred, except that chance is
//! rougher: one sidecar's ten calls are a quarter of a window. `cargo test --lib fleet -- --nocapture` prints the figures
//! of `docs/performance.md`.

mod chance;
mod fleet;
mod outage;
mod poison;
mod restart;
mod trace;
mod vault;
