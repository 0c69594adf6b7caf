//! Tests of what only the layout `flat` does.

mod altered;
mod changing;
mod crash;
mod damaged;
mod foreign;
mod held;
mod mounts;
mod owners;
mod planted;
mod readers;
mod refusals;
mod resolved;
