//! The fake as a client sees it: over TLS, with a real HTTP client.

mod certificates;
mod client;
mod faults;
mod identity;
mod issuers;
mod lists;
mod recordings;
mod secrets;
mod sign_in;
mod versions;
