//! A [`Node`] as YAML in block style.

use crate::encoding::yaml::{double_quoted, push_indent, push_line, push_text};

use super::node::{Node, Scalar};

/// The text of a document, from its first key to the end of its last line.
pub(super) fn document(root: &Node) -> String {
    let mut out = String::new();
    write(root, 0, &mut out);
    out
}

/// Writes it from the start of a line on, or, behind a dash, from where the line is; ends the line.
fn write(node: &Node, indent: usize, out: &mut String) {
    match node {
        Node::Scalar(scalar) => write_scalar(scalar, indent, out),
        Node::List(items) if items.is_empty() => push_line("[]", out),
        Node::Map(entries) if entries.is_empty() => push_line("{}", out),
        Node::Map(entries) => {
            for (number, (key, value)) in entries.iter().enumerate() {
                // The first key of an element stands behind its dash.
                if number > 0 || out.is_empty() || out.ends_with('\n') {
                    push_indent(indent, out);
                }
                out.push_str(&if key.plain {
                    key.text.clone()
                } else {
                    double_quoted(&key.text)
                });
                out.push(':');
                out.push(if is_long(value) { '\n' } else { ' ' });
                write(value, indent + 2, out);
            }
        }
        Node::List(items) => {
            for (number, item) in items.iter().enumerate() {
                if number > 0 || out.is_empty() || out.ends_with('\n') {
                    push_indent(indent, out);
                }
                out.push_str("- ");
                write(item, indent + 2, out);
            }
        }
    }
}

/// Whether it takes lines of its own.
fn is_long(node: &Node) -> bool {
    match node {
        Node::Scalar(_) => false,
        Node::List(items) => !items.is_empty(),
        Node::Map(entries) => !entries.is_empty(),
    }
}

fn write_scalar(scalar: &Scalar, indent: usize, out: &mut String) {
    match scalar.text.as_str() {
        text if scalar.plain && !text.contains('\n') => push_line(text, out),
        // Its quotes are kept: a number in quotes is a text, and whoever wrote them may want them.
        text if text.contains('\n') => push_text(text, indent, out),
        text => push_line(&double_quoted(text), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::read;

    fn rewritten(text: &str) -> String {
        document(&read::document(text).expect("YAML").expect("something"))
    }

    #[test]
    fn keys_keep_their_order_and_values_what_they_are() {
        let text =
            "b: 1\na:\n  - \"2\"\n  - no\n  - - x\n    - y\n  - c: {}\n    d: []\ne: |\n  one\n  two\n";
        assert_eq!(rewritten(text), text);
        assert_eq!(
            rewritten("{z: 0440, 'y': ~, x: 'a''b', w: [], v: }"),
            "z: 0440\n\"y\": ~\nx: \"a'b\"\nw: []\nv: ~\n"
        );
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in [
            "a: 'x\n\n  y'\nb: >\n  folded\n  text\nc: plain\n  on two lines\nd: \"\\t\\u0000\"\n",
            "a: &x {b: [1, 2]}\nc: *x\n",
            "- [a, {b: c}]\n- - - d\n",
            "a:\n- b\n- c: |+\n    x\n\n\n",
        ] {
            let once = read::document(text).expect("YAML").expect("something");
            let written = document(&once);
            assert_eq!(read::document(&written), Ok(Some(once)), "{written}");
        }
    }
}
