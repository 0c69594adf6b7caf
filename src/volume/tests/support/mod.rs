//! What the tests of both layouts stand on.

mod foreign;
mod payloads;
mod process;
mod readers;
mod steps;
mod volume;

pub(super) use foreign::{FOREIGN, Make, clear, refused};
pub(super) use payloads::{
    at_version, expected, file, kept, moved, path, payload, record, telling, texts, with_mode,
};
pub(super) use process::{
    given_root, is_inner, is_privileged, is_unprivileged, mount, run_as_nobody, run_on_small_volume,
    run_with_hostile_umask, start, test_name, unmount,
};
pub(super) use readers::{PUBLISHES, number_in, numbered, pair, publish_sets, read_pair, settled_pair};
pub(super) use steps::{AnyObserver, AnyStep, Before, StopAt};
pub(super) use volume::{Files, Place, TestVolume, fingerprint, later, mode_of, names, set_mode};
