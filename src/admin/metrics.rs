//! `/metrics`: in the form that is asked for.

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap};

use super::Admin;
use super::answer::{Answer, of_kind};
use crate::ports::ExpositionForm;

pub(super) fn answer(admin: &Admin, headers: &HeaderMap) -> Answer {
    let form = form(headers);
    let kind = match form {
        ExpositionForm::Text => "text/plain; version=0.0.4; charset=utf-8",
        ExpositionForm::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
    };
    let status = admin.exposed.status();
    of_kind(StatusCode::OK, kind, admin.metrics.text(status.as_deref(), form))
}

/// The form of more weight; of two with the same weight the newer one, where it is named: other tools would not understand it.
fn form(headers: &HeaderMap) -> ExpositionForm {
    let values = headers.get_all(ACCEPT).iter();
    let ranges: Vec<_> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(Range::parse)
        .collect();
    let open_metrics = wish(&ranges, "application", "openmetrics-text", "1.0.0");
    let text = wish(&ranges, "text", "plain", "0.0.4");
    let is_named = open_metrics.precision >= Precision::Kind;
    if open_metrics.weight > text.weight
        || is_named && open_metrics.weight > 0.0 && open_metrics.weight >= text.weight
    {
        ExpositionForm::OpenMetrics
    } else {
        ExpositionForm::Text
    }
}

/// A range of `Accept`, as RFC 9110 (12.5.1) has it.
struct Range<'h> {
    kind: &'h str,
    subkind: &'h str,
    version: Option<&'h str>,
    weight: f32,
}

/// How much a range says of a form. The most precise one that fits decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Nothing,
    Anything,
    Family,
    Kind,
    Version,
}

/// How much a form is wanted.
struct Wish {
    precision: Precision,
    weight: f32,
}

impl<'h> Range<'h> {
    fn parse(text: &'h str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let mut range = Self {
            kind,
            subkind,
            version: None,
            weight: 1.0,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.eq_ignore_ascii_case("q") {
                // What cannot be a weight is not wanted, as is what has the weight 0.
                let weight = value
                    .parse::<f32>()
                    .ok()
                    .filter(|weight| (0.0..=1.0).contains(weight));
                range.weight = weight.unwrap_or(0.0);
            } else if name.eq_ignore_ascii_case("version") {
                range.version = Some(value.trim_matches('"'));
            }
        }
        Some(range)
    }

    fn precision(&self, kind: &str, subkind: &str, version: &str) -> Precision {
        if self.kind == "*" && self.subkind == "*" {
            return Precision::Anything;
        }
        if !self.kind.eq_ignore_ascii_case(kind) {
            return Precision::Nothing;
        }
        match self.version {
            _ if self.subkind == "*" => Precision::Family,
            _ if !self.subkind.eq_ignore_ascii_case(subkind) => Precision::Nothing,
            None => Precision::Kind,
            Some(named) if named == version => Precision::Version,
            Some(_) => Precision::Nothing,
        }
    }
}

fn wish(ranges: &[Range<'_>], kind: &str, subkind: &str, version: &str) -> Wish {
    let nothing = Wish {
        precision: Precision::Nothing,
        weight: 0.0,
    };
    ranges.iter().fold(nothing, |wish, range| {
        let precision = range.precision(kind, subkind, version);
        if precision > wish.precision
            || precision == wish.precision && precision > Precision::Nothing && range.weight > wish.weight
        {
            Wish {
                precision,
                weight: range.weight,
            }
        } else {
            wish
        }
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn open_metrics_is_for_who_asks_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, expected) in [
            (prometheus, ExpositionForm::OpenMetrics),
            ("application/openmetrics-text", ExpositionForm::OpenMetrics),
            (
                "text/plain, Application/OpenMetrics-Text; q=1",
                ExpositionForm::OpenMetrics,
            ),
            (
                "application/openmetrics-text; version=1.0.0; q=0",
                ExpositionForm::Text,
            ),
            ("text/plain;version=0.0.4", ExpositionForm::Text),
            ("*/*", ExpositionForm::Text),
            ("text/*, */*;q=0.1", ExpositionForm::Text),
            // The one form that is acceptable.
            ("application/*", ExpositionForm::OpenMetrics),
            (
                "application/openmetrics-text;q=0.1, text/plain;q=0.9",
                ExpositionForm::Text,
            ),
            (
                "text/plain;q=0.1, application/openmetrics-text;q=0.9",
                ExpositionForm::OpenMetrics,
            ),
            // The most precise range counts, wherever it stands.
            (
                "text/plain;q=0.1, application/*;q=0.9, application/openmetrics-text;q=0",
                ExpositionForm::Text,
            ),
            (
                "application/openmetrics-text;version=0.0.1, text/plain;q=0.5",
                ExpositionForm::Text,
            ),
            (
                "application/openmetrics-text; Q=nan, text/plain;q=0.5",
                ExpositionForm::Text,
            ),
            ("", ExpositionForm::Text),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(form(&headers), expected, "{accept:?}");
        }
        assert_eq!(form(&HeaderMap::new()), ExpositionForm::Text);
    }
}
