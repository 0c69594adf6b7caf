//! Tests of what only the layout `flat` does.

mod changing;
mod crash;
mod foreign;
mod mounts;
mod owners;
mod readers;
mod refusals;
