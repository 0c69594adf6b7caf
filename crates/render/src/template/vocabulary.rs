//! The names that a template may use. `docs/templates.md` explains them.
//!
//! The engine has more. Left out is what shows the state of a template (`debug`, `pprint`), what can build values in
//! values without end (`dict`, `namespace`, `batch`, `slice`, `groupby`, `zip`, `chain`), and what no file of settings needs.

use domain::object::ObjectKind;

/// Functions that give an object.
pub(super) const SOURCES: [(&str, ObjectKind); 3] = [
    ("secret", ObjectKind::Secret),
    ("certificate", ObjectKind::Certificate),
    ("key", ObjectKind::Key),
];

/// Functions of the engine.
pub(super) const FUNCTIONS: [&str; 1] = ["range"];

/// Functions of the engine that are taken from it.
pub(super) const REMOVED_FUNCTIONS: [&str; 3] = ["debug", "dict", "namespace"];

/// Filters that `filters` adds.
pub(super) const OWN_FILTERS: [&str; 11] = [
    "b64decode",
    "b64encode",
    "dotenv",
    "from_json",
    "json",
    "pem_certificate",
    "pem_certificates",
    "pem_private_key",
    "properties",
    "shell",
    "yaml",
];

/// Filters of the engine.
pub(super) const FILTERS: [&str; 35] = [
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "title",
    "trim",
    "unique",
    "upper",
];

/// Filters of the engine that are taken from it.
pub(super) const REMOVED_FILTERS: [&str; 11] = [
    "abs", "attr", "batch", "chain", "format", "groupby", "pprint", "round", "slice", "sum", "zip",
];

/// Tests of the engine.
pub(super) const TESTS: [&str; 35] = [
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];

/// What `certificate(…)` has.
pub(super) const CERTIFICATE: [&str; 9] = [
    "fullChain",
    "leaf",
    "chain",
    "ca",
    "privateKey",
    "notBefore",
    "expires",
    "version",
    "tags",
];

/// What `key(…)` has.
pub(super) const KEY: [&str; 5] = ["pem", "jwk", "ssh", "version", "tags"];

/// The collection that a function reads, if it is one of those.
pub(super) fn source(function: &str) -> Option<ObjectKind> {
    let mut sources = SOURCES.iter();
    sources.find(|(name, _)| *name == function).map(|&(_, kind)| kind)
}

/// The attributes of what a function gives; none for a text.
pub(super) fn attributes(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::Secret => &[],
        ObjectKind::Certificate => &CERTIFICATE,
        ObjectKind::Key => &KEY,
    }
}

/// Whether a filter exists.
pub(super) fn is_filter(name: &str) -> bool {
    filters().any(|filter| filter == name)
}

/// All filters.
pub(super) fn filters() -> impl Iterator<Item = &'static str> + Clone {
    OWN_FILTERS.into_iter().chain(FILTERS)
}

/// Whether a filter gives a text, number or boolean whatever it is given.
pub(super) fn gives_scalar(filter: &str) -> bool {
    const OTHERS: [&str; 20] = [
        "d",
        "default",
        "dictsort",
        "first",
        "from_json",
        "items",
        "last",
        "lines",
        "list",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
        "split",
        "unique",
    ];
    is_filter(filter) && !OTHERS.contains(&filter)
}
