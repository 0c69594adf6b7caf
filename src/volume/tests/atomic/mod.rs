//! Tests of what only the layout `atomic` does.

mod crash;
mod foreign;
mod publishing;
mod readers;
mod replaced;
