//! Tests of the adapter as a whole: scripted answers below, the real SDK clients above.

mod answers;
mod cold_start;
mod failures;
mod gate;
mod hostile;
mod leaks;
mod recordings;
mod refused_tokens;
mod retries;
mod stage;
mod transport_errors;
mod troubleshooting;
