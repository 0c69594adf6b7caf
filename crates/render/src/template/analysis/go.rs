//! Templates of Go, which Vault Agent, consul-template and Helm have: they share `{{` with ours, and little else.

use crate::template::TemplateProblem;
use crate::template::vocabulary;

/// Words that are an action of their own, or its first word.
const KEYWORDS: [&str; 12] = [
    "block",
    "break",
    "continue",
    "define",
    "else",
    "end",
    "env",
    "if",
    "range",
    "template",
    "timestamp",
    "with",
];
/// Words behind which a text stands in an expression of ours too.
const OPERATORS: [&str; 8] = ["and", "elif", "else", "if", "in", "is", "not", "or"];

/// The first action that only a template of Go has, in a text that is none of ours.
pub(super) fn problem(source: &str) -> Option<TemplateProblem> {
    let (at, _) = source
        .match_indices("{{")
        .find(|(at, _)| is_action(&source[at + 2..]))?;
    let line = source[..at].matches('\n').count() + 1;
    Some(told(u32::try_from(line).ok()))
}

/// What to say of a template of Go, of which a line shows it.
pub(super) fn told(line: Option<u32>) -> TemplateProblem {
    TemplateProblem {
        line,
        message: "this is a Go template, the language of consul-template, Vault Agent and Helm".to_owned(),
        hint: "akv-sync's templates are Jinja, another language: write `{{ secret(\"NAME\") }}`, `{% if … %}` and \
               `{% endif %}`, and see `docs/templates.md`"
            .to_owned(),
    }
}

/// Whether a name that nothing binds is Go's, by what follows it in the source: `{{ end }}`, `{{ len .Items }}`, which is an
/// attribute to ours.
pub(super) fn has_action(name: &str, behind: &str) -> bool {
    let field = behind.trim_start_matches([' ', '\t']);
    is_keyword(name) || (field.len() < behind.len() && is_field(field))
}

fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Whether a field of Go begins here: `.name`, `.` alone or a variable `$name`.
fn is_field(text: &str) -> bool {
    let rest = text.strip_prefix(['.', '$']);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether only a template of Go has what follows a `{{`.
fn is_action(rest: &str) -> bool {
    let inside = rest.find("}}").map_or(rest, |end| &rest[..end]);
    let action = inside.trim_start_matches('-').trim();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let (word, behind) = action.split_at(action.find(|c| !is_name(c)).unwrap_or(action.len()));
    if word.is_empty() {
        // A comment, a field, a variable or a raw text.
        let inner = action.trim_start_matches(['(', ' ']);
        return action.starts_with("/*") || inner.starts_with(['.', '$', '`']) || has_argument(action);
    }
    let argument = behind.trim_start();
    let is_alone = behind.trim_end_matches('-').trim().is_empty();
    let is_followed =
        argument.len() < behind.len() && argument.starts_with(|c| is_name(c) || matches!(c, '(' | '-'));
    has_argument(action)
        || (OPERATORS.contains(&word) && argument.len() < behind.len() && is_field(argument))
        || (is_keyword(word) && (is_alone || is_followed))
        || (vocabulary::source(word).is_some()
            && argument.len() < behind.len()
            && argument.starts_with(is_name))
}

/// Whether an argument follows a word without brackets, `word "argument"`: there is no such expression of ours.
fn has_argument(action: &str) -> bool {
    let outside: String = without_texts(action);
    outside.char_indices().any(|(at, c)| {
        let before = outside[..at].trim_end();
        let word = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        matches!(c, '"' | '.' | '$' | '`')
            && before.len() < at
            && word.starts_with(|c: char| c.is_alphabetic())
            && !OPERATORS.contains(&word)
    })
}

/// An action with each text in it as one quote.
fn without_texts(action: &str) -> String {
    let mut inside = None;
    let mut outside = String::new();
    for c in action.chars() {
        match inside {
            Some(quote) if c == quote => inside = None,
            Some(_) => {}
            None => {
                inside = matches!(c, '"' | '`' | '\'').then_some(c);
                outside.push(c);
            }
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_go_is_told_from_an_expression_of_ours() {
        for action in [
            "secret \"db\" }}",
            "- key \"x\" }}",
            " with secret \"secret/data/db\" -}}",
            " env }}",
            " env \"HOME\" }}",
            " index .Secrets \"a\" }}",
            "/* a note */}}",
            "- /* a note */ -}}",
            " end }}",
            " end -}}",
            " .Values.a | quote }}",
            " $x := 1 }}",
            " range (ls \"app\") }}",
            " printf \"%s\" .x }}",
            " else if .x }}",
            " if (eq .x 1) }}",
            " base64Decode (secret \"a\") }}",
            " \"a\" | printf \"%s\" }}",
            " if eq .x \"a\" }}",
            " not .x }}",
            " or .a .b }}",
            " (.Data).x }}",
            " ( $x ) }}",
        ] {
            assert!(is_action(action), "{action}");
        }
        for expression in [
            " secret(\"db\") }}",
            " not \"a\" }}",
            " range(3) | list }}",
            " a if b else c }}",
            " user }}",
            " secret 'db' }}",
            " 'x' if a else \"b\" }}",
            " a ~ \"b\" }}",
            " 'secret \"a\"' }}",
            " x in \"abc\" and \"b\" }}",
            " 'a' ~ .5 }}",
        ] {
            assert!(!is_action(expression), "{expression}");
        }
    }
}
