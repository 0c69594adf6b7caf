//! Writes metrics down, in one of two forms.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::family::{Family, Sample, Sort, Value};
use crate::ports::ExpositionForm;

/// Each family that has series, and those.
#[derive(Debug)]
pub(super) struct Page(pub(super) Vec<(&'static Family, Vec<Sample>)>);

impl Page {
    pub(super) fn written(self, form: ExpositionForm) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut page = String::new();
        let written = match form {
            ExpositionForm::Text => prometheus_text::encode(&mut page, &registry),
            ExpositionForm::OpenMetrics => text::encode(&mut page, &registry),
        };
        // Writing to a string cannot fail.
        debug_assert!(written.is_ok());
        page
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (family, samples) in &self.0 {
            let sort = match family.sort {
                Sort::Gauge => MetricType::Gauge,
                Sort::Counter => MetricType::Counter,
                Sort::Histogram => MetricType::Histogram,
                Sort::Info => MetricType::Info,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, sort)?;
            for sample in samples {
                let values = sample.labels.iter().map(String::as_str);
                let labels: Vec<_> = family.labels.iter().copied().zip(values).collect();
                match (&sample.value, labels.is_empty()) {
                    (Value::Info, _) => metric.encode_info(&labels)?,
                    (value, true) => write(&mut metric, family.sort, value)?,
                    (value, false) => write(&mut metric.encode_family(&labels)?, family.sort, value)?,
                }
            }
        }
        Ok(())
    }
}

fn write(metric: &mut MetricEncoder<'_>, sort: Sort, value: &Value) -> fmt::Result {
    match (sort, value) {
        (Sort::Counter, Value::Whole(value)) => metric.encode_counter::<NoLabelSet, _, f64>(value, None),
        (Sort::Counter, Value::Real(value)) => metric.encode_counter::<NoLabelSet, _, f64>(value, None),
        (_, Value::Whole(value)) => metric.encode_gauge(value),
        (_, Value::Real(value)) => metric.encode_gauge(value),
        (_, Value::Time(at)) => metric.encode_gauge(&at.unix_timestamp()),
        (_, Value::Histogram(histogram)) => {
            let buckets = histogram.buckets();
            metric.encode_histogram::<NoLabelSet>(histogram.sum(), histogram.count(), &buckets, None)
        }
        (_, Value::Info) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observers::metrics::family::Detail;

    static ODD: Family = Family {
        name: "odd",
        sort: Sort::Gauge,
        labels: &["rule"],
        detail: Detail::Always,
        help: "Odd.",
        series: |_| Vec::new(),
    };

    #[test]
    fn a_name_with_quotes_or_line_ends_in_it_stays_one_label() {
        for form in [ExpositionForm::Text, ExpositionForm::OpenMetrics] {
            let sample = Sample::of(&["tag=\"a\\b\"\nodd 7"], 1_u64);
            let text = Page(vec![(&ODD, vec![sample])]).written(form);
            let expected = r#"odd{rule="tag=\"a\\b\"\nodd 7"} 1"#;
            assert!(text.lines().any(|line| line == expected), "{text}");
        }
    }
}
