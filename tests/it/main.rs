//! One binary for all tests that see the program from outside; each module is one subject.

mod architecture;
mod certificates;
mod commands;
mod convert;
mod crash;
mod failures;
mod flat;
mod forms;
mod groups;
mod identities;
mod leak;
mod links;
mod network;
mod once;
mod outage;
mod promises;
mod run;
mod selection;
mod starting;
mod support;
mod templates;
mod terminal;
mod tokens;
mod versions;
mod volume;
mod volume_reader;
