//! How often something took how long.

use std::time::Duration;

/// Upper bounds of the sizes that a histogram tells apart, in seconds: from a call within a region to the longest list.
const BOUNDS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Histogram {
    counts: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    pub(super) fn take(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.counts[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        self.sum = self.sum.saturating_add(took);
    }

    pub(super) const fn sum(&self) -> f64 {
        self.sum.as_secs_f64()
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are within each bound and not within the one before it; the last bound has no end.
    pub(super) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        bounds.zip(self.counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_long_as_a_bound_is_within_it_and_the_longest_has_a_place_too() {
        let mut histogram = Histogram::default();
        for millis in [0, 10, 11, 30_000, 90_000] {
            histogram.take(Duration::from_millis(millis));
        }
        let buckets = histogram.buckets();
        assert_eq!(buckets[..2], [(0.01, 2), (0.025, 1)]);
        assert_eq!(buckets[10..], [(30.0, 1), (f64::INFINITY, 1)]);
        assert_eq!(histogram.count(), 5);
        assert!((histogram.sum() - 120.021).abs() < 1e-9);
    }
}
