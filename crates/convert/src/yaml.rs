//! Writes YAML in block style. Knows no key.
//!
//! Invariant: every text comes back as itself from any YAML 1.1 or 1.2 reader: what could be read as something else is
//! in quotes.

use encoding::yaml::{double_quoted, push_indent, push_line, push_text};

/// A value to write.
#[derive(Debug)]
pub(super) enum Yaml {
    /// A text, in quotes where it needs them.
    Text(String),
    /// A text, in quotes always.
    Quoted(String),
    /// A number or boolean, as it is.
    Bare(String),
    /// Keys and values.
    Map(Vec<(&'static str, Self)>),
    /// Elements.
    List(Vec<Self>),
}

impl Yaml {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// `true`.
    pub(super) fn yes() -> Self {
        Self::Bare("true".to_owned())
    }

    /// The mapping as the text of a document.
    pub(super) fn document(entries: Vec<(&'static str, Self)>) -> String {
        let mut out = String::new();
        Self::Map(entries).write(0, &mut out);
        out
    }

    /// The value as the text of one element of a list under a key of the document.
    pub(super) fn element(self) -> String {
        let mut out = String::new();
        Self::List(vec![self]).write(2, &mut out);
        out
    }

    /// Writes it from the start of a line on, or, a single value, from where the line is; ends the line.
    fn write(&self, indent: usize, out: &mut String) {
        match self {
            Self::Text(text) => push_text(text, indent, out),
            Self::Quoted(text) => push_line(&double_quoted(text), out),
            Self::Bare(text) => push_line(text, out),
            Self::Map(entries) => {
                for (number, (key, value)) in entries.iter().enumerate() {
                    // The first key of an element stands behind its dash.
                    if number > 0 || out.ends_with('\n') {
                        push_indent(indent, out);
                    }
                    out.push_str(key);
                    out.push(':');
                    value.write_behind(indent, out);
                }
            }
            Self::List(items) => {
                for item in items {
                    push_indent(indent, out);
                    out.push_str("- ");
                    item.write(indent + 2, out);
                }
            }
        }
    }

    /// Writes it as the value of a key.
    fn write_behind(&self, indent: usize, out: &mut String) {
        match self {
            Self::Text(_) | Self::Quoted(_) | Self::Bare(_) => {
                out.push(' ');
                self.write(indent + 2, out);
            }
            Self::Map(_) | Self::List(_) => {
                out.push('\n');
                self.write(indent + 2, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::input::{Value, documents};

    #[test]
    fn nesting_is_by_two_blanks_and_elements_start_behind_their_dash() {
        let file = Yaml::Map(vec![
            ("path", Yaml::text("a")),
            ("mode", Yaml::Quoted("0400".to_owned())),
        ]);
        let entry = Yaml::Map(vec![("name", Yaml::text("x")), ("files", Yaml::List(vec![file]))]);
        let text = Yaml::document(vec![("list", Yaml::List(vec![entry])), ("last", Yaml::yes())]);
        let expected =
            "list:\n  - name: x\n    files:\n      - path: a\n        mode: \"0400\"\nlast: true\n";
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "(\\PC|[\n\t:#'\"|>%&*!?{}\\[\\],~ \\x00-\\x1f\u{85}\u{feff}\u{2028}]){0,30}") {
            let written = Yaml::document(vec![("a", Yaml::List(vec![Yaml::Map(vec![("b", Yaml::text(text.clone()))])]))]);
            let trees = documents(&written).expect("YAML");
            let mut items = Value::root(&trees[0]).get("a").expect("there").items().expect("a list");
            let read = items.next().expect("one").get("b").and_then(Value::raw_text);
            prop_assert_eq!(read, Some(text.as_str()), "{}", written);
        }
    }
}
