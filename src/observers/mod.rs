//! Who hears of each pass: the log; later metrics, probes, hooks. Each takes the status and the events, and keeps
//! nothing that the status has.

pub mod log;
