//! A metric and its series, as data: how they are written down is [`super::text`]'s.

use std::time::Duration;

use time::OffsetDateTime;

use super::histogram::Histogram;
use super::scrape::Scrape;
use crate::domain::desired::PerObject;

/// All series of one name.
#[derive(Debug)]
pub(super) struct Family {
    /// Without the ending that its sort gives it.
    pub(super) name: &'static str,
    pub(super) sort: Sort,
    /// The names of its labels. Their values are of closed sets, or names of the manifest.
    pub(super) labels: &'static [&'static str],
    /// For which `metrics.perObject` it is there.
    pub(super) detail: Detail,
    /// What it says, in a sentence.
    pub(super) help: &'static str,
    /// Its series as they are now; what is gone has none.
    pub(super) series: fn(&Scrape<'_>) -> Vec<Sample>,
}

/// What may be done with a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It goes up and down.
    Gauge,
    /// It only grows, and begins anew with the process.
    Counter,
    /// Counts by size.
    Histogram,
    /// Always 1: its labels are what it says.
    Info,
}

/// How much is said of single objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Nothing; it is there in any case.
    Always,
    /// What matters most.
    Few,
    /// Everything.
    All,
}

/// One series, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// One for each of the family's labels, in their order.
    pub(super) labels: Vec<String>,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    /// As seconds since 1970.
    Time(OffsetDateTime),
    Histogram(Histogram),
    /// Of an [`Sort::Info`].
    Info,
}

impl Detail {
    /// Whether it is wanted.
    pub(super) const fn is_in(self, wanted: PerObject) -> bool {
        match self {
            Self::Always => true,
            Self::Few => !matches!(wanted, PerObject::None),
            Self::All => matches!(wanted, PerObject::All),
        }
    }
}

impl Sample {
    /// Of a family without labels.
    pub(super) fn alone(value: impl Into<Value>) -> Vec<Self> {
        vec![Self::of(&[], value)]
    }

    /// The same, if there is a value.
    pub(super) fn known(value: Option<impl Into<Value>>) -> Vec<Self> {
        value.map(Self::alone).unwrap_or_default()
    }

    pub(super) fn of(labels: &[&str], value: impl Into<Value>) -> Self {
        Self {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            value: value.into(),
        }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        Self::Real(value.as_secs_f64())
    }
}

impl From<OffsetDateTime> for Value {
    fn from(value: OffsetDateTime) -> Self {
        Self::Time(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_leaves_out_most_of_what_is_said_of_single_objects_and_none_all_of_it() {
        let shown = |wanted| [Detail::Always, Detail::Few, Detail::All].map(|detail| detail.is_in(wanted));
        assert_eq!(shown(PerObject::All), [true, true, true]);
        assert_eq!(shown(PerObject::Few), [true, true, false]);
        assert_eq!(shown(PerObject::None), [true, false, false]);
    }
}
