//! Templates of Mustache and Handlebars: they share `{{` with ours, and have sections where ours has statements.

use crate::template::TemplateProblem;

/// The first tag that only they have, in a text that is no template of ours.
pub(super) fn problem(source: &str) -> Option<TemplateProblem> {
    let (at, _) = source
        .match_indices("{{")
        .find(|(at, _)| is_tag(&source[at + 2..]))?;
    let line = source[..at].matches('\n').count() + 1;
    Some(TemplateProblem {
        line: u32::try_from(line).ok(),
        message: "this is a template of Mustache or Handlebars".to_owned(),
        hint: "akv-sync's templates are Jinja, another language: write `{{ secret(\"NAME\") }}`, which escapes nothing, \
               `{% if … %}` and `{% for … %}`, and see `docs/templates.md`"
            .to_owned(),
    })
}

/// Whether a section, its end, a partial, a comment or a value without escapes follows a `{{`.
fn is_tag(rest: &str) -> bool {
    let inside = rest.split("}}").next().unwrap_or_default();
    let Some(name) = inside.strip_prefix(['#', '/', '^', '>', '!', '&', '{']) else {
        return false;
    };
    name.trim_start().starts_with(|c: char| c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_mustache_is_told_from_an_expression_of_ours_and_an_action_of_go() {
        for tag in [
            "{ password }}}",
            "#if tls}}",
            "/if}}",
            "^tls}}",
            "> header}}",
            "! a note }}",
            "& password}}",
        ] {
            assert!(is_tag(tag), "{tag}");
        }
        for other in [
            " secret(\"a\") }}",
            "/* a note */}}",
            "- end }}",
            "{}}}",
            " {\"a\": 1} }}",
        ] {
            assert!(!is_tag(other), "{other}");
        }
        let problem = problem("a\n{{{ password }}}\n").expect("of Mustache");
        assert_eq!(problem.line, Some(2));
    }
}
