//! What 20 PFX values cost to read, in milliseconds of one core: `cargo run --release --package akv-sync-keystore --example
//! derivation`. They are as Azure Key Vault stores certificates: 3DES, and 2,000 rounds of the derivation of PKCS#12 with SHA-1. The
//! lowest of some runs is given, because other work only adds.

#![expect(clippy::print_stdout, reason = "the figure is the output")]

use std::time::{Duration, Instant};

use keystore::certificate::{Form, read};
use testing::certificates::{Authority, rsa_key};
use testing::pfx::{MODERN, Protection, Recipe, SHA1, TRIPLE_DES_3};

const VALUES: u32 = 20;
const RUNS: u32 = 30;

fn main() {
    let recipe = Recipe {
        key: Protection::Pkcs12(TRIPLE_DES_3),
        certificates: Protection::Pkcs12(TRIPLE_DES_3),
        mac: Some(SHA1),
        mac_iterations: Some(2000),
        iterations: 2000,
        ..MODERN
    };
    let issued = Authority::root("root").issue_for("leaf", &rsa_key());
    let value = recipe.pfx_of(&issued.key, &[&issued.der]);
    let mut lowest = Duration::MAX;
    for _ in 0..RUNS {
        let began = Instant::now();
        for _ in 0..VALUES {
            assert!(read(&value, Some(Form::Pfx)).is_ok(), "it is readable");
        }
        lowest = lowest.min(began.elapsed());
    }
    println!("{VALUES} values: {:.1} ms", lowest.as_secs_f64() * 1000.0);
}
