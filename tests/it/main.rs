//! One binary for all tests that see the program from outside; each module is one subject.

mod architecture;
mod certificates;
mod commands;
mod crash;
mod failures;
mod identities;
mod leak;
mod links;
mod network;
mod once;
mod outage;
mod promises;
mod run;
mod starting;
mod support;
mod terminal;
mod tokens;
mod volume;
mod volume_reader;
