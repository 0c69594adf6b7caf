//! A [`Node`] as YAML in block style.

use encoding::yaml::{double_quoted, push_indent, push_line, push_text};

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
                if stays_plain(key) {
                    out.push_str(&key.text);
                } else {
                    out.push_str(&double_quoted(&key.text));
                }
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

/// Whether it may stand without quotes as it stood. What is more than words, numbers and times is a text in any case, and as well off
/// with quotes: between brackets and over several lines stands what could not stand alone.
fn stays_plain(scalar: &Scalar) -> bool {
    let text = scalar.text.as_str();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./+~:=@,()% *".contains(c);
    let after_dash = text.strip_prefix('-').unwrap_or(text);
    let starts = after_dash.starts_with(|c: char| c.is_ascii_alphanumeric() || "-_./+~(".contains(c));
    let starts = starts && !after_dash.trim_start_matches(['-', '.']).is_empty();
    scalar.plain && starts && text.chars().all(is_safe) && !text.contains(": ") && !text.ends_with([':', ' '])
}

fn write_scalar(scalar: &Scalar, indent: usize, out: &mut String) {
    match scalar.text.as_str() {
        text if stays_plain(scalar) => push_line(text, out),
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
    fn what_could_not_stand_alone_gets_quotes_and_numbers_stay_numbers() {
        assert_eq!(
            rewritten("{a\n\n  b : c, d: ?, f: \u{e4}, g: a:b, h: -1, i: .inf, j: 2026-11-30, k: --x}"),
            "\"a\\nb\": c\nd: \"?\"\nf: \"\u{e4}\"\ng: a:b\nh: -1\ni: .inf\nj: 2026-11-30\nk: --x\n"
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
