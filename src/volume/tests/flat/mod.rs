//! Tests of the layout `flat`.

mod changing;
mod crash;
mod damaged;
mod foreign;
mod held;
mod moving;
mod owners;
mod processes;
mod properties;
mod publishing;
mod readers;
mod refusals;
mod support;
