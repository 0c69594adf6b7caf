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

/// The newer form is for who asks for it: other tools would not understand it.
fn form(headers: &HeaderMap) -> ExpositionForm {
    let values = headers.get_all(ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    if ranges.any(asks_for_open_metrics) {
        ExpositionForm::OpenMetrics
    } else {
        ExpositionForm::Text
    }
}

fn asks_for_open_metrics(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    // What has the weight 0 is not wanted.
    named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
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
            ("application/*", ExpositionForm::Text),
            ("", ExpositionForm::Text),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(form(&headers), expected, "{accept:?}");
        }
        assert_eq!(form(&HeaderMap::new()), ExpositionForm::Text);
    }
}
