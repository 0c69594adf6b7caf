//! Bounds of a template, so that it ends, and fits on a stack, whoever wrote it.
//!
//! The engine bounds what a template does (fuel) and how deep its tags stand in each other. Its parser and its compiler
//! also recurse where it does not count: along a chain of operators or filters, along `elif`, and into brackets. Here
//! these are counted in the tokens, before anything recurses. Comparing and writing lists that hold lists is not
//! counted either; `analysis` lets none be built of variables, so that none grows from step to step.

use minijinja::machinery::{Span, Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::TemplateProblem;

/// Most bytes of a template.
const SOURCE: usize = 256 * 1024;
/// Most lines of a template; the engine does not count further.
const LINES: usize = 65_535;
/// Most bytes of a line; a syntax error behind more of them overflows the engine's columns.
const LINE: usize = 65_000;
/// Most bytes of a file.
pub(super) const OUTPUT: usize = 1024 * 1024;
/// Most work: about as many steps, 64 bytes of text count as one.
pub(super) const FUEL: u64 = 100_000;
/// How deep macros, loops and blocks may stand in each other while a template runs.
pub(super) const RECURSION: usize = 100;
/// Most tokens between one pair of `{{ }}` or `{% %}`.
const TOKENS: usize = 400;
/// How deep brackets may stand in each other.
const BRACKETS: usize = 16;
/// Most `elif` of a template.
const ELIFS: usize = 100;

/// Counts what one tag, or the whole template, has of something.
#[derive(Default)]
struct Count {
    tokens: usize,
    brackets: usize,
    elifs: usize,
}

/// Gives the first bound that a template exceeds. A text that is no template passes: its parser says more of it.
pub(super) fn check(source: &str, syntax: SyntaxConfig) -> Result<(), TemplateProblem> {
    if source.len() > SOURCE {
        return Err(exceeded(None, "bytes", SOURCE));
    }
    if source.lines().count() > LINES {
        return Err(exceeded(None, "lines", LINES));
    }
    if let Some(at) = source.lines().position(|line| line.len() > LINE) {
        let line = u32::try_from(at + 1).ok();
        return Err(exceeded(line, "bytes in a line", LINE));
    }
    let mut count = Count::default();
    for (token, span) in tokenize(source, false, syntax).map_while(Result::ok) {
        count.add(&token, span)?;
    }
    Ok(())
}

impl Count {
    fn add(&mut self, token: &Token<'_>, span: Span) -> Result<(), TemplateProblem> {
        self.tokens += 1;
        match token {
            Token::BlockStart | Token::VariableStart => (self.tokens, self.brackets) = (0, 0),
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => self.brackets += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.brackets = self.brackets.saturating_sub(1);
            }
            Token::Ident("elif") if self.tokens == 1 => self.elifs += 1,
            _ => {}
        }
        let line = Some(span.start_line.into());
        for (seen, what, limit) in [
            (self.tokens, "words and signs in one tag", TOKENS),
            (self.brackets, "brackets in each other", BRACKETS),
            (self.elifs, "`elif`", ELIFS),
        ] {
            if seen > limit {
                return Err(exceeded(line, what, limit));
            }
        }
        Ok(())
    }
}

fn exceeded(line: Option<u32>, what: &str, limit: usize) -> TemplateProblem {
    TemplateProblem {
        line,
        message: format!("a template may have at most {limit} {what}"),
        hint: "make several files of it, or keep the bulk of the text in a file of the application"
            .to_owned(),
    }
}
