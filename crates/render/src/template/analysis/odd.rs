//! Characters of word processors where the language of templates has others.

use crate::template::TemplateProblem;
use domain::odd_character::OddCharacter;

/// The first in an expression or statement of a text that is no template for it. In a text of the template it is meant.
pub(super) fn problem(source: &str) -> Option<TemplateProblem> {
    let mut inside = Inside::File;
    let mut last = ' ';
    for (at, c) in source.char_indices() {
        inside = match inside {
            Inside::File if last == '{' && matches!(c, '{' | '%') => Inside::Block,
            Inside::Block if matches!(last, '}' | '%') && c == '}' => Inside::File,
            Inside::Block if matches!(c, '"' | '\'') => Inside::Text(c),
            Inside::Text(quote) if c == quote && last != '\\' => Inside::Block,
            other => other,
        };
        if inside == Inside::Block
            && let Some(odd) = OddCharacter::of(c)
        {
            let line = source[..at].matches('\n').count() + 1;
            return Some(TemplateProblem {
                line: u32::try_from(line).ok(),
                message: odd.message().to_owned(),
                hint: odd.hint().to_owned(),
            });
        }
        last = c;
    }
    None
}

/// Where a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    File,
    Block,
    Text(char),
}
