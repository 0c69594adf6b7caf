//! Templates of Go's `text/template`, as far as they have a form in a manifest.

use super::expression::{self, Term};

/// White space, as Go trims it.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Text(String),
    Term(Term),
}

/// Reads a template; gives why it has no form in a manifest otherwise. Texts are never empty or next to each other.
pub(super) fn parse(template: &str) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    let mut rest = template;
    let mut trims_start = false;
    while let Some(start) = rest.find("{{") {
        let mut action = Action::at(&rest[start + 2..])?;
        let mut text = &rest[..start];
        if trims_start {
            text = text.trim_start_matches(BLANKS);
        }
        if action.trims_before {
            text = text.trim_end_matches(BLANKS);
        }
        push_text(&mut segments, text);
        match action.body.take().map(expression::parse).transpose()? {
            None => {}
            Some(Term::Text(constant)) => push_text(&mut segments, &constant),
            Some(term) => segments.push(Segment::Term(term)),
        }
        trims_start = action.trims_after;
        rest = action.rest;
    }
    push_text(
        &mut segments,
        if trims_start {
            rest.trim_start_matches(BLANKS)
        } else {
            rest
        },
    );
    Ok(segments)
}

fn push_text(segments: &mut Vec<Segment>, text: &str) {
    match segments.last_mut() {
        _ if text.is_empty() => {}
        Some(Segment::Text(before)) => before.push_str(text),
        _ => segments.push(Segment::Text(text.to_owned())),
    }
}

/// What stands between `{{` and `}}`.
struct Action<'t> {
    trims_before: bool,
    /// `None` for a comment.
    body: Option<&'t str>,
    trims_after: bool,
    /// What follows `}}`.
    rest: &'t str,
}

impl<'t> Action<'t> {
    fn at(text: &'t str) -> Result<Self, String> {
        let unclosed = || "its template has a `{{` that is not closed".to_owned();
        let inner = text.strip_prefix('-').filter(|inner| inner.starts_with(BLANKS));
        let trims_before = inner.is_some();
        let inner = inner.unwrap_or(text);
        if let Some(comment) = inner.trim_start_matches(BLANKS).strip_prefix("/*") {
            let (_, end) = comment.split_once("*/").ok_or_else(unclosed)?;
            let (gap, rest) = end.split_once("}}").ok_or_else(unclosed)?;
            let trims_after = match gap.trim_matches(BLANKS) {
                "" => false,
                "-" => true,
                _ => return Err("its template has a comment that is no comment".to_owned()),
            };
            return Ok(Self {
                trims_before,
                body: None,
                trims_after,
                rest,
            });
        }
        let end = end_of(inner).ok_or_else(unclosed)?;
        let body = &inner[..end];
        let trimmed = body.strip_suffix('-').filter(|body| body.ends_with(BLANKS));
        Ok(Self {
            trims_before,
            trims_after: trimmed.is_some(),
            body: Some(trimmed.unwrap_or(body)),
            rest: &inner[end + 2..],
        })
    }
}

/// Where the first `}}` outside of quotes is.
fn end_of(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '`') => quote = Some(c),
            None if text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(template: &str) -> Result<Vec<String>, String> {
        parse(template).map(|segments| segments.into_iter().map(shown).collect())
    }

    fn shown(segment: Segment) -> String {
        match segment {
            Segment::Text(text) => text,
            Segment::Term(Term::Value { name, .. }) => format!("<{name}>"),
            Segment::Term(term) => format!("{term:?}"),
        }
    }

    #[test]
    fn text_and_values_alternate_and_blanks_are_trimmed_as_go_does() {
        let parts = |template| shape(template).expect("readable");
        assert_eq!(parts("a={{ .Secrets.x.Value }};\n"), ["a=", "<x>", ";\n"]);
        assert_eq!(parts("a \n {{- .Secrets.x.Value -}} \n b"), ["a", "<x>", "b"]);
        assert_eq!(parts("a{{/* } }} */}} b"), ["a b"]);
        assert_eq!(parts("a {{- /* c */ -}} b"), ["ab"]);
        assert_eq!(parts("{{ \"{{\" }}x{{ `}}` }}"), ["{{x}}"]);
        assert_eq!(parts(""), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for template in ["{{", "{{ .Secrets.x.Value }", "{{ \"}}", "{{/* ", "{{/* */ x }}"] {
            assert!(parse(template).is_err(), "{template}");
        }
    }
}
