//! Text that is no YAML, and what makes it so.

use std::collections::HashMap;

use granit_parser::{ErrorKind, ScanError, Span};

use super::problem::{Code, Mark, Problem};
use super::tree::{MAX_DEPTH, NodeId, Tree};
use super::typography;
use domain::placeholder::Placeholder;

/// What made a text no YAML, and its line: a placeholder or an odd sign in the line where the parser stopped, or in the last
/// one before it that is not empty.
pub(super) fn cause(text: &str, problem: &Problem) -> Option<(u32, Problem)> {
    let at = problem.at?.line;
    let before = (1..at).rev().find(|line| !line_of(text, *line).trim().is_empty());
    let lines = [Some(at), before].into_iter().flatten();
    let unrendered = lines.clone().find_map(|line| {
        let content = line_of(text, line);
        // Where the parser stopped, a bracket may have been open since a line above.
        let lenient = (line == at)
            .then(|| Placeholder::without_quotes(content))
            .flatten();
        let found = Placeholder::in_broken_line(content).or(lenient)?;
        Some((line, unrendered(content, line, &found)))
    });
    unrendered.or_else(|| {
        lines.clone().find_map(|line| {
            let (column, odd) = typography::in_broken_line(line_of(text, line))?;
            let mark = Mark {
                line,
                column,
                ..Mark::START
            };
            Some((line, odd.at(mark)))
        })
    })
}

/// What to say of the placeholder in a line.
fn unrendered(content: &str, line: u32, placeholder: &Placeholder) -> Problem {
    Problem::placeholder(placeholder, &"this line").at(mark_in(content, line, placeholder))
}

/// Where a placeholder stands in a line.
fn mark_in(content: &str, line: u32, placeholder: &Placeholder) -> Mark {
    let columns = |range: &str| u32::try_from(range.chars().count()).unwrap_or(u32::MAX);
    Mark {
        line,
        column: columns(&content[..placeholder.range.start]).saturating_add(1),
        width: columns(&content[placeholder.range.clone()]),
        block: 0,
    }
}

/// The placeholder that YAML takes for a comment where a value should stand, and where it is.
pub fn commented_out(tree: &Tree<'_>, id: NodeId) -> Option<(Placeholder, Mark)> {
    let node = tree.node(id);
    let line = node.mark.line;
    let content = node.is_null().then(|| line_of(tree.source(), line))?;
    let found = Placeholder::in_comment(content)?;
    let mark = mark_in(content, line, &found);
    Some((found, mark))
}

fn line_of(text: &str, line: u32) -> &str {
    let index = usize::try_from(line).unwrap_or(usize::MAX).checked_sub(1);
    index
        .and_then(|index| text.lines().nth(index))
        .unwrap_or_default()
}

/// What stopped the parser, in words of a person who does not know YAML.
pub(super) fn syntax_problem(error: &ScanError, text: &str) -> Problem {
    let mark = mark_of(&Span::empty(*error.marker()));
    let hint = match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep(mark),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => return tab(text, mark),
        ErrorKind::UnknownAnchor => "an alias repeats the value that has the same name after `&`, further up",
        ErrorKind::UnclosedQuotedScalar => "close the quotes",
        _ => {
            "check the indentation here and in the line above, and put quotes round values with special characters"
        }
    };
    Problem::new(Code::YamlSyntax, error.kind().to_string())
        .at(mark)
        .hint(hint)
}

/// A tab in an indentation. The parser stops at it, behind it, or at the end of a value in the line before it.
fn tab(text: &str, stopped: Mark) -> Problem {
    let column = |line: u32| {
        let indentation = line_of(text, line).chars().take_while(|c| c.is_whitespace());
        let before = indentation.take_while(|c| *c != '\t').count();
        let is_there = line_of(text, line).chars().nth(before) == Some('\t');
        is_there.then_some((line, u32::try_from(before).unwrap_or(u32::MAX)))
    };
    let at = [stopped.line, stopped.line.saturating_add(1)]
        .into_iter()
        .find_map(column);
    let mark = at.map_or(stopped, |(line, before)| Mark {
        line,
        column: before.saturating_add(1),
        ..stopped
    });
    indented_with_tab(mark)
}

/// What to say of a tab in an indentation.
pub(super) fn indented_with_tab(mark: Mark) -> Problem {
    Problem::new(Code::YamlSyntax, "a tab indents this line")
        .at(mark)
        .hint("indent with spaces: YAML takes no tabs there")
}

/// A line that has a tab before its first character.
pub(super) struct TabbedLine {
    /// The column of the tab, from 1.
    pub(super) tab: u32,
    /// The column of the first character.
    pub(super) first: u32,
    /// Whether that is the dash of a list.
    pub(super) is_dash: bool,
}

/// Every such line of a text by its number: the parser lets some of these tabs pass.
pub(super) fn tabbed_lines(text: &str) -> HashMap<u32, TabbedLine> {
    let tabbed = (1..).zip(text.lines()).filter_map(|(number, line)| {
        let first = line.find(|c| !matches!(c, ' ' | '\t'))?;
        let tab = line[..first].find('\t')?;
        let column = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
        let is_dash = line[first..].starts_with("- ") || &line[first..] == "-";
        Some((
            number,
            TabbedLine {
                tab: column(tab),
                first: column(first),
                is_dash,
            },
        ))
    });
    tabbed.collect()
}

/// Where the parser is.
pub(super) fn mark_of(span: &Span) -> Mark {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let width = if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col())
    } else {
        1
    };
    Mark {
        line: narrow(span.start.line()),
        column: narrow(span.start.col().saturating_add(1)),
        width: narrow(width.max(1)),
        block: 0,
    }
}

/// Collections that nothing needs.
pub(super) fn too_deep(mark: Mark) -> Problem {
    limit(
        format!("lists and mappings must not be more than {MAX_DEPTH} deep"),
        mark,
    )
}

/// A bound that is exceeded.
pub(super) fn limit(message: String, mark: Mark) -> Problem {
    let hint = "make several manifests, each with a volume of its own";
    Problem::new(Code::YamlLimit, message).at(mark).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    /// The codes and the lines of what a manifest's vaults, in the third line, are told to be.
    fn told(vaults: &str) -> Vec<(Code, Option<u32>)> {
        let text = format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n{vaults}\nvolume: {{ path: /mnt/akv }}\nsecrets: [{{ name: a }}]\n"
        );
        let problems = load(&text, "m", &[("", "")].as_slice()).expect_err("a placeholder");
        problems
            .iter()
            .map(|problem| (problem.code, problem.at.map(|at| at.line)))
            .collect()
    }

    #[test]
    fn a_placeholder_without_quotes_between_brackets_is_what_breaks_the_yaml() {
        for (vaults, line) in [
            ("vaults: [{ name: app, url: ${URL} }]", 3),
            ("vaults: [{name: ${NAME}}]", 3),
            (
                "vaults: [\n  { name: app,\n    url: https://${V}.vault.azure.net }\n]",
                5,
            ),
            ("vaults: [{ name: app, url: $[variables.url] }]", 3),
            ("vaults: [{ name: app, url: #{URL}# }]", 3),
            ("%{ for v in vaults ~}\nvaults: [{ name: app }]", 3),
            (
                "vaults:\n  %{ for v in vaults ~}\n  - name: app\n  %{ endfor ~}",
                4,
            ),
        ] {
            let told = told(vaults);
            assert_eq!(
                told.first(),
                Some(&(Code::Placeholder, Some(line))),
                "{vaults}: {told:?}"
            );
            assert!(
                told.iter().all(|(code, _)| *code == Code::Placeholder),
                "{vaults}: {told:?}"
            );
        }
    }

    #[test]
    fn a_placeholder_that_yaml_takes_for_a_comment_is_no_missing_value() {
        for (vaults, line) in [
            ("vaults:\n  - name: app\n    url: #{VAULT_URL}#", 5),
            ("vaults: #{VAULTS}#", 3),
            ("vaults:\n  - #{VAULT}#", 4),
        ] {
            assert_eq!(told(vaults), [(Code::Placeholder, Some(line))], "{vaults}");
        }
        assert_eq!(told("vaults: # later"), [(Code::NoValue, Some(3))]);
    }
}
