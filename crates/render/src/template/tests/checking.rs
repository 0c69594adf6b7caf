//! What `check` sees.

use super::*;
use crate::template::engine;
use crate::template::vocabulary;

fn messages(source: &str) -> Vec<(Option<u32>, String)> {
    problems(source)
        .into_iter()
        .inspect(|problem| assert!(!problem.hint.is_empty(), "{problem:?}"))
        .map(|problem| (problem.line, problem.message))
        .collect()
}

/// The one problem of a template of one line.
fn message(source: &str) -> String {
    let messages = messages(source);
    assert_eq!(messages.len(), 1, "{source}: {messages:?}");
    assert_eq!(messages[0].0, Some(1), "{source}");
    messages[0].1.clone()
}

#[test]
fn references_are_found_wherever_they_stand_each_once_and_in_order() {
    let source = r#"
        {% macro line(k) %}{{ k }}={{ secret("in-macro") }}{% endmacro %}
        {% if secret("in-test") == "x" %}{{ key("k").pem }}{% elif false %}{{ secret("in-elif", vault="other") }}{% endif %}
        {% for v in [secret("in-list") ~ "", "y"] %}{{ v | default(secret("in-argument")) }}{% endfor %}
        {% set c = certificate("web") %}{{ c.leaf }}{{ {"a": secret("in-map")}["a"] }}
        {% filter upper %}{{ line("a") }}{{ secret("in-macro") }}{% endfilter %}
        {% with w = secret("in-with") %}{{ w[:secret("in-slice") | length] }}{% endwith %}
        {% set block %}{{ secret("in-block") if secret("in-if") else secret("in-else") }}{% endset %}"#;
    let template = text(source).expect("valid");
    let found: Vec<_> = template.references().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "secret `in-argument`",
            "secret `in-block`",
            "secret `in-else`",
            "secret `in-if`",
            "secret `in-list`",
            "secret `in-macro`",
            "secret `in-map`",
            "secret `in-slice`",
            "secret `in-test`",
            "secret `in-with`",
            "secret `in-elif` of vault `other`",
            "certificate `web`",
            "key `k`",
        ]
    );
}

#[test]
fn names_of_objects_are_literals() {
    for source in [
        "{% set n = 'a' %}{{ secret(n) }}",
        "{{ secret('a' ~ 'b') }}",
        "{{ secret('a', vault='v' ~ 'w') }}",
        "{{ certificate(*['a']).leaf }}",
        "{{ key(**{'name': 'a'}).pem }}",
    ] {
        assert!(message(source).contains("takes literal names"), "{source}");
    }
    for (source, expected) in [
        ("{{ secret() }}", "`secret` takes a name"),
        ("{{ secret(1) }}", "`secret` takes texts in quotes"),
        ("{{ secret('a', 'b') }}", "`secret` takes one name, and `vault=`"),
        (
            "{{ secret('a', version='b') }}",
            "`secret` takes one name, and `vault=`",
        ),
        (
            "{{ secret('../keys/a') }}",
            "an object name must be 1 to 127 letters, digits or dashes",
        ),
        (
            "{{ secret('a', vault='b_c') }}",
            "a vault name must be 1 to 64 letters, digits or dashes",
        ),
    ] {
        assert_eq!(message(source), expected, "{source}");
    }
}

#[test]
fn the_functions_cannot_be_reached_by_another_name() {
    for (source, expected) in [
        ("{% set s = secret %}{{ s('a') }}", "`secret` is a function"),
        ("{{ ['a'] | map(secret) | join }}", "`secret` is a function"),
        ("{{ 'a' | default(key) }}", "`key` is a function"),
        (
            "{% set secret = 1 %}",
            "`secret` is a function, and cannot be the name of anything else",
        ),
        (
            "{% macro key() %}{% endmacro %}",
            "`key` is a function, and cannot be the name of anything else",
        ),
        (
            "{% for range in [1] %}{% endfor %}",
            "`range` is a function, and cannot be the name of anything else",
        ),
    ] {
        assert_eq!(message(source), expected, "{source}");
    }
}

#[test]
fn what_does_not_exist_is_told_all_at_once_and_by_line() {
    let source = "{{ user }}\n{{ 'x' | uper }}\n\n{{ 'x' is textual }}\n{{ log('x') }}\n{{ certificate('a').fullchain }}\n\
                  {{ key('a')['der'] }}\n{{ 'x'.upper() }}\n{% set c = certificate('b') %}{{ c.privatekey }}\n\
                  {{ [1] | map('uper') | select('eve') | join }}";
    let expected = [
        (1, "`user` does not exist"),
        (2, "the filter `uper` does not exist"),
        (4, "the test `textual` does not exist"),
        (5, "`log` does not exist"),
        (6, "a certificate has no `fullchain`"),
        (7, "a key has no `der`"),
        (8, "`upper` is called on a value, and values have no methods"),
        (9, "a certificate has no `privatekey`"),
        (10, "the test `eve` does not exist"),
        (10, "the filter `uper` does not exist"),
    ];
    let found = messages(source);
    let mut found: Vec<_> = found
        .iter()
        .map(|(line, message)| (line.expect("a line"), message.as_str()))
        .collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(problems("{{ 'x' | uper }}")[0].hint, "did you mean `upper`?");
}

#[test]
fn a_template_of_go_is_told_once_and_as_such() {
    for (source, line) in [
        ("{{ secret \"db\" }}", 1),
        ("{{ key \"x\" }}", 1),
        ("{{ env }}", 1),
        ("{{ env \"HOME\" }}", 1),
        ("a\n{{ index .Secrets \"a\" }}", 2),
        ("{{/* a note */}}a", 1),
        ("a\n\n{{ end }}\n{{ else }}", 3),
        ("{{ with secret \"kv/app\" }}{{ .Data.password }}{{ end }}", 1),
        ("{{ range (ls \"app\") }}x{{ end }}", 1),
        ("{{ .Values.a | quote }}", 1),
        ("{{ len .Items }}", 1),
        ("a\n{{ base64Decode .data }}", 2),
        ("{{ or .a .b }}", 1),
        ("{{ not .a }}", 1),
        ("{{ (.Data).a }}", 1),
    ] {
        let problems = problems(source);
        assert_eq!(problems.len(), 1, "{source}: {problems:?}");
        assert!(
            problems[0].message.starts_with("this is a Go template"),
            "{source}: {problems:?}"
        );
        assert!(problems[0].hint.contains("Jinja"), "{source}");
        assert_eq!(problems[0].line, Some(line), "{source}");
    }
    assert!(text("{% set end = 'x' %}{{ end }}").is_ok());
}

#[test]
fn the_nearest_name_is_said_and_no_other() {
    for (source, expected) in [
        (
            "{{ toJson(secret('a')) }}",
            "did you mean the filter `json`? It stands behind its value: `VALUE | json`",
        ),
        ("{{ cert('a') }}", "did you mean `certificate(\"NAME\")`?"),
        ("{{ secrets.a }}", "did you mean `secret(\"NAME\")`?"),
        ("{{ secrets['a'] }}", "did you mean `secret(\"NAME\")`?"),
        ("{{ Secret('a') }}", "did you mean `secret(\"NAME\")`?"),
        ("{{ secert('a') }}", "did you mean `secret(\"NAME\")`?"),
        ("{{ secret.a }}", "call it with brackets: `secret(\"NAME\")`"),
        (
            "{{ secret 'a' }}",
            "a function takes a name in brackets: `secret(\"NAME\")`",
        ),
    ] {
        assert_eq!(problems(source)[0].hint, expected, "{source}");
    }
    assert!(
        problems("{{ 'x' | foo }}")[0]
            .hint
            .starts_with("there are `b64decode`")
    );
    assert!(
        problems("{{ user }}")[0]
            .hint
            .starts_with("a template has `secret`")
    );
    assert!(
        problems("{{ getenv('HOME') }}")[0]
            .hint
            .contains("no environment variables")
    );
}

#[test]
fn names_that_are_bound_exist_in_their_scope_only() {
    for good in [
        "{% if true %}{% set a = 1 %}{% endif %}{{ a }}",
        "{% for a, b in {'x': 1} | items %}{{ a }}{{ b }}{{ loop.index }}{{ loop.cycle('x', 'y') }}{% endfor %}",
        "{% macro outer() %}{{ inner() }}{{ later }}{% endmacro %}{% macro inner() %}{% endmacro %}{% set later = 1 %}",
        "{% macro m(a, b='c') %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call(x) m(1) %}{% endcall %}",
        "{% with a = 1, b = a %}{{ b }}{% endwith %}",
    ] {
        assert!(text(good).is_ok(), "{good}: {:?}", text(good));
    }
    for bad in [
        "{% for a in [1] %}{% endfor %}{{ a }}",
        "{% with a = 1 %}{% endwith %}{{ a }}",
        "{% macro m(a) %}{% endmacro %}{{ a }}",
        "{{ a }}{% set a = 1 %}",
        "{% for x in [1] %}{% else %}{{ x }}{% endfor %}",
        "{{ a is defined }}",
    ] {
        assert!(message(bad).ends_with("does not exist"), "{bad}");
    }
    assert!(message("{{ loop.index }}").starts_with("`loop`"));
}

#[test]
fn a_certificate_is_not_written_as_a_whole() {
    for source in [
        "{{ certificate('a') }}",
        "{% set c = key('a') %}{{ c | b64encode }}",
    ] {
        assert!(
            message(source).ends_with("has parts, and is no text itself"),
            "{source}"
        );
    }
}

#[test]
fn there_are_no_other_templates() {
    for source in [
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% from 'a' import b %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
    ] {
        let problem = &problems(source)[0];
        assert!(problem.message.starts_with("unknown statement"), "{problem:?}");
        assert!(problem.hint.starts_with("a template stands alone"), "{problem:?}");
    }
    assert!(message("{% autoescape true %}{% endautoescape %}").starts_with("`autoescape` does not exist"));
}

#[test]
fn a_syntax_error_has_its_line() {
    assert_eq!(
        messages("a\nb {{ 'c' d }}"),
        [(
            Some(2),
            "unexpected identifier, expected end of variable block".to_owned()
        )]
    );
    assert_eq!(messages("{% if true %}\n\n").len(), 1);
    assert_eq!(messages("{{ '\\u{110000}' }}").len(), 1);
}

#[test]
fn a_part_of_a_secret_is_a_problem_before_anything_is_fetched() {
    for bad in [
        "{{ secret('a').value }}",
        "{% set a = secret('a') %}{{ a.value }}",
        "{{ certificate('a').leaf.value }}",
    ] {
        assert_eq!(
            message(bad),
            "a text has no `value`, and the value of a secret is one",
            "{bad}"
        );
    }
    for good in [
        "{{ (secret('a') | from_json).value }}",
        "{% for x in range(2) %}{{ loop.index }}{% endfor %}",
        "{{ certificate('a').tags.value }}",
        "{% set a = secret('a') | from_json %}{{ a.value }}",
        "{{ {'value': secret('a')}.value }}",
    ] {
        assert!(text(good).is_ok(), "{good}: {:?}", text(good));
    }
}

#[test]
fn what_a_word_processor_writes_in_an_expression_is_named_with_its_line() {
    for (source, line, expected) in [
        (
            "a\n{{ secret(\u{201c}db\u{201d}) }}",
            2,
            "typographic quotes are not quotes",
        ),
        ("{{\u{a0}secret('db') }}", 1, "a no-break space is not a space"),
        (
            "{{ 'x' }}\n\n{%\u{a0}if true %}{% endif %}",
            3,
            "a no-break space is not a space",
        ),
        (
            "{{ sec\u{200b}ret('db') }}",
            1,
            "a character that cannot be seen stands here, such as a zero-width space",
        ),
    ] {
        assert_eq!(messages(source), [(Some(line), expected.to_owned())], "{source}");
    }
    for meant in [
        "\u{201c}a\u{201d}\u{a0}{{ '\u{201c}\u{a0}' }}\u{201d}",
        "{{ \"\\\"\u{201e}\" }}",
    ] {
        assert!(text(meant).is_ok(), "{meant}");
    }
    assert_eq!(
        messages("\u{201c} {{ '\u{201c}' ~ }}").len(),
        1,
        "a mistake of another sort is told as it is"
    );
    assert!(!message("\u{201c} {{ '\u{201c}' ~ }}").contains("typographic"));
}

#[test]
fn lists_are_made_of_literals_and_texts() {
    for good in [
        "{{ ['a', 1, [none], {'b': secret('c')}, secret('d') | upper, 'e' ~ 'f'] | json }}",
        "{% set a = 'x' %}{{ [a ~ '', a | string] | join }}",
    ] {
        assert!(text(good).is_ok(), "{good}: {:?}", text(good));
    }
    for bad in [
        "{% set a = [1] %}{% set b = [a] %}",
        "{% set a = [1] %}{% set b = {'x': a} %}",
        "{% set a = [1] %}{% set b = a, 2 %}",
        "{{ ['a' | list] | json }}",
        "{% set a | list %}x{% endset %}{{ [a if true else a] | json }}",
        "{{ [[1] * 2] | json }}",
    ] {
        assert_eq!(
            message(bad),
            "a list or map is made of literals and texts",
            "{bad}"
        );
    }
}

#[test]
fn the_vocabulary_is_what_the_engine_has() {
    let env = engine::environment();
    let is = |test: &str, name: &str| {
        let source = format!("'{name}' is {test}");
        let expression = env.compile_expression(&source).expect("an expression");
        expression.eval(()).expect("a test").is_true()
    };
    for name in vocabulary::filters() {
        assert!(is("filter", name), "{name}");
    }
    for name in vocabulary::REMOVED_FILTERS {
        assert!(!is("filter", name), "{name}");
    }
    for name in vocabulary::TESTS {
        assert!(is("test", name), "{name}");
    }
    let globals: Vec<_> = env.globals().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(
        globals,
        vocabulary::FUNCTIONS,
        "secret, certificate and key are added later"
    );
}
