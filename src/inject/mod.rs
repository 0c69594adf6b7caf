//! The sidecar in another's pod: `inject` adds it to the YAML of a workload.

mod fragment;
#[cfg(test)]
mod helm;
mod node;
mod read;
