//! Templates that want to hang, to crash or to fill the memory. A test has 2 MiB of stack.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Optimised, each of these takes a fraction of a second; tests run without, and beside each other.
const PATIENCE: Duration = Duration::from_mins(1);

fn outcome(source: &str) -> Result<Result<String, TemplateFault>, Vec<TemplateProblem>> {
    text(source)?;
    Ok(rendered(
        source,
        &[("s", MARKER), ("j", r#"{"a":[1,2.50,{"b":null}]}"#)],
    ))
}

fn problem(source: &str) -> String {
    let problems = outcome(source).expect_err("refused before it runs");
    problems[0].message.clone()
}

fn fault(source: &str) -> Fault {
    *outcome(source).expect("valid").expect_err("stopped").fault
}

#[test]
fn chains_and_nests_of_the_syntax_are_bounded() {
    for (source, expected) in [
        (
            format!("{{% set {}", "(".repeat(50_000)),
            "16 brackets in each other",
        ),
        (
            format!("{{{{ {}", "[".repeat(50_000)),
            "16 brackets in each other",
        ),
        (
            format!("{{{{ {} 1 }}}}", "1 if false else ".repeat(4_000)),
            "400 words",
        ),
        (format!("{{{{ 1{} }}}}", "+1".repeat(10_000)), "400 words"),
        (format!("{{{{ {}1 }}}}", "not ".repeat(10_000)), "400 words"),
        (format!("{{{{ 1{} }}}}", "**1".repeat(10_000)), "400 words"),
        (format!("{{{{ 'x'{} }}}}", "|upper".repeat(10_000)), "400 words"),
        (format!("{{{{ {{}}{} }}}}", ".a".repeat(10_000)), "400 words"),
        (
            format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(5_000)),
            "100 `elif`",
        ),
        ("x".repeat(256 * 1024 + 1), "262144 bytes"),
    ] {
        let message = problem(&source);
        assert!(message.contains(expected), "{message}");
    }
    assert!(problem(&"{% for x in [1] %}\n".repeat(10_000)).contains("recursion"));
}

#[test]
fn the_largest_that_is_allowed_fits_on_the_stack() {
    let chain = |piece: &str, count| format!("{{{{ 1{} }}}}", piece.repeat(count));
    let brackets = format!("{{{{ {}1{} | json }}}}", "[".repeat(16), "]".repeat(16));
    let elifs = format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(100));
    let choices = format!("{{{{ {}1 }}}}", "0 if 0 else ".repeat(90));
    for tag in [
        chain("+1", 190),
        chain("|string", 190),
        chain(" and 1", 190),
        brackets,
        elifs,
        choices,
    ] {
        let (open, close) = ("{% if 1 %}".repeat(40), "{% endif %}".repeat(40));
        let loops = ("{% for x in [1] %}".repeat(40), "{% endfor %}".repeat(40));
        let source = format!("{open}{}{tag}{}{close}", loops.0, loops.1);
        assert!(outcome(&source).expect("allowed").is_ok(), "{tag}");
    }
}

#[test]
fn many_lines_long_lines_and_many_problems_are_no_trouble() {
    assert!(problem(&("\n".repeat(200_000) + "{{ x }}")).contains("65535 lines"));
    assert_eq!(problems(&("\n".repeat(65_534) + "{{ x }}"))[0].line, Some(65_535));
    assert!(problem(&(" ".repeat(200_000) + "{{ x }}")).contains("65000 bytes in a line"));
    assert!(problem(&(" ".repeat(64_900) + "{{ ! }}")).contains("unexpected"));
    let problems = problems(&"{{ a | b }}\n".repeat(20_000));
    assert_eq!(problems.len(), 50, "enough to see that nothing fits");
}

#[test]
fn work_depth_and_output_are_bounded() {
    let started = Instant::now();
    let nested = "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}";
    assert_eq!(fault(nested), Fault::TooMuchWork);
    assert_eq!(
        fault("{% for a in range(90000) %}{{ a }}{% endfor %}"),
        Fault::TooMuchWork
    );
    assert_eq!(fault("{{ 'a' * 100000000 }}"), Fault::TooMuchWork);
    assert_eq!(fault("{% set a = 'x' * 600000 %}{{ a }}{{ a }}"), Fault::TooLong);
    assert!(matches!(fault("{{ range(10000000) | json }}"), Fault::Engine(_)));
    assert!(matches!(
        fault("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}"),
        Fault::Engine(_)
    ));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn comparing_long_values_again_and_again_ends() {
    let started = Instant::now();
    for source in [
        "{% set a = [1] * 15000 %}{% set b = [1] * 15000 %}{% for i in range(5000) %}{% if a == b %}{% endif %}{% endfor %}",
        "{% set a = 'a' * 900000 %}{% for i in range(9000) %}{% if 'b' in a %}{% endif %}{% endfor %}",
        "{% for i in range(300) %}{% set a = secret('j') | from_json | json | from_json | json %}{% endfor %}",
    ] {
        assert!(outcome(source).is_ok(), "{source}");
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_has_problems(source in "\\PC{0,60}|[{}%#|()\\[\\]a-f'\"= .,~+*<>!:-]{0,60}") {
        let _ = outcome(&source);
    }

    #[test]
    fn any_valid_template_ends_and_its_error_shows_no_value(source in template()) {
        if let Ok(Err(fault)) = outcome(&source) {
            prop_assert!(!format!("{fault} {fault:?}").contains(MARKER), "{source}: {fault:?}");
        }
    }
}

const ATOMS: &[&str] = &[
    "x",
    "secret('s')",
    "(secret('j') | from_json)",
    "certificate('c').leaf",
    "range(50)",
    "1",
    "100",
    "-0.5",
    "'a'",
    "['a', 2]",
    "{'k': 'v'}",
    "none",
    "true",
    "(x[1:])",
    "x.a",
    "x[0]",
];
const FILTERS: &[&str] = &[
    "json",
    "from_json",
    "join",
    "list",
    "sort",
    "shell",
    "dotenv",
    "properties",
    "yaml",
    "b64encode",
    "b64decode",
    "pem_certificates",
    "pem_certificate(x)",
    "default(1)",
    "map('json')",
    "map('list')",
    "items",
    "dictsort",
    "unique",
    "split(x)",
    "replace(x, 'y')",
    "int",
    "float",
    "length",
    "first",
    "last",
    "min",
    "reverse",
    "indent(x)",
    "title",
];
const OPERATORS: &[&str] = &[
    "~", "+", "-", "*", "/", "//", "%", "**", "==", "<", "in", "and", "or", "is eq",
];

fn expression() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(ATOMS).prop_map(str::to_owned);
    atom.prop_recursive(4, 24, 3, |inner| {
        let filters = prop::sample::select(FILTERS);
        let operators = prop::sample::select(OPERATORS);
        prop_oneof![
            (inner.clone(), filters).prop_map(|(value, filter)| format!("({value} | {filter})")),
            (inner.clone(), operators, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            (inner.clone(), inner).prop_map(|(yes, no)| format!("[{yes} ~ '', ({no} | string)]")),
        ]
    })
}

fn template() -> impl Strategy<Value = String> {
    let statement = (0..6, expression(), expression()).prop_map(|(kind, one, two)| match kind {
        0 => format!("{{{{ {one} | json }}}}"),
        1 => format!("{{% set x = {one} %}}"),
        2 => format!("{{% for x in {one} %}}{{{{ {two} }}}}{{% endfor %}}"),
        3 => format!("{{% if {one} %}}{{{{ {two} }}}}{{% endif %}}"),
        4 => format!("{{% macro f(x) %}}{{{{ {one} }}}}{{% endmacro %}}{{{{ f({two}) }}}}"),
        _ => format!("{{% filter upper %}}{{{{ {one} }}}}{{% endfilter %}}"),
    });
    let statements = prop::collection::vec(statement, 1..6);
    statements.prop_map(|all| format!("{{% set x = 'x' %}}{}", all.concat()))
}
