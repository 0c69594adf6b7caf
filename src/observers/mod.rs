//! Who hears of each pass: the log and the metrics. Each takes the status and the events, and keeps nothing that the
//! status has.

pub mod log;
pub mod metrics;
