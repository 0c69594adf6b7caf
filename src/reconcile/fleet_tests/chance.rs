//! Chance that falls alike in each run.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ports::Jitter;

/// An xorshift generator.
#[derive(Debug)]
pub(super) struct Chance(AtomicU64);

impl Chance {
    /// One of many: streams of neighbouring numbers have nothing in common.
    pub(super) fn new(seed: u64, stream: usize) -> Self {
        let mixed = (seed << 32 | stream as u64).wrapping_add(1);
        // The finalizer of SplitMix64; it gives zero for zero alone.
        let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(AtomicU64::new(mixed ^ mixed >> 31))
    }
}

impl Jitter for Chance {
    fn sample(&self) -> f64 {
        let mut state = self.0.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.store(state, Ordering::Relaxed);
        let upper = u32::try_from(state >> 32).expect("32 bits");
        f64::from(upper) / (f64::from(u32::MAX) + 1.0)
    }
}

#[test]
fn it_is_even_and_each_stream_is_its_own() {
    let mean = |stream| {
        let chance = Chance::new(7, stream);
        (0..10_000).map(|_| chance.sample()).sum::<f64>() / 10_000.0
    };
    let means: Vec<f64> = (0..20).map(mean).collect();
    assert!(means.iter().all(|mean| (0.48..0.52).contains(mean)), "{means:?}");
    let first: Vec<f64> = (0..100).map(|stream| Chance::new(7, stream).sample()).collect();
    let low = first.iter().filter(|first| **first < 0.5).count();
    assert!((30..70).contains(&low), "{low}");
}
