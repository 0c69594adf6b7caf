//! Tests of the adapter as a whole: scripted answers below, the real SDK clients above.

mod answers;
mod cold_start;
mod failure_table;
mod failures;
mod gate;
mod hostile;
mod leaks;
mod list_bounds;
mod lists;
mod other_vaults;
mod over_the_wire;
mod recorded_lists;
mod recordings;
mod refused_tokens;
mod reply;
mod retries;
mod stage;
mod transport_errors;
mod troubleshooting;
