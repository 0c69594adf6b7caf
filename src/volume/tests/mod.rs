//! Tests of the volume through its port, on a real file system.

mod crash;
mod flat;
mod foreign;
mod opening;
mod owners;
mod processes;
mod properties;
mod publishing;
mod readers;
mod support;
mod times;
