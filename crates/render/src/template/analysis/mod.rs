//! Reads a template without running it: what it names, and what can be seen to be wrong.
//!
//! The names of objects are literals, and the three functions that take them are used in no other way than called, so
//! that the references are all that the template can ask for.

mod expression;
mod go;
mod mustache;
mod names;
mod nearest;
mod odd;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::ast::{Expr, ForLoop, Macro, SetBlock, Stmt};
use minijinja::machinery::{Span, parse};

use super::TemplateProblem;
use super::engine;
use super::limits;
use super::vocabulary;
use domain::desired::Reference;
use domain::object::ObjectKind;

/// Most problems that are told; a text with more is no template.
const PROBLEMS: usize = 50;

/// Takes the text of a template; gives the objects that it names, or every problem that can be seen.
pub(super) fn references(source: &str) -> Result<BTreeSet<Reference>, Vec<TemplateProblem>> {
    limits::check(source, engine::syntax()).map_err(|problem| vec![problem])?;
    let template =
        parse(source, "template", engine::syntax()).map_err(|error| vec![syntax(&error, source)])?;
    let mut names = BTreeSet::new();
    names::collect(&template, &mut names);
    let mut analysis = Analysis {
        source,
        references: BTreeSet::new(),
        problems: Vec::new(),
        scopes: vec![BTreeMap::new()],
        anywhere: names,
        in_macro: false,
    };
    analysis.statement(&template);
    if analysis.problems.is_empty() {
        Ok(analysis.references)
    } else {
        analysis.problems.sort_by_key(|problem| problem.line);
        Err(analysis.problems)
    }
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A text, number or boolean, or null: nothing that holds other values.
    Scalar,
    /// What `certificate` or `key` gives.
    Object(ObjectKind),
    /// Nothing.
    Unknown,
}

struct Analysis<'a> {
    source: &'a str,
    references: BTreeSet<Reference>,
    problems: Vec<TemplateProblem>,
    /// What is bound, innermost scope last.
    scopes: Vec<BTreeMap<&'a str, Shape>>,
    /// What is bound anywhere in the template: a macro sees what is bound when it is called.
    anywhere: BTreeSet<&'a str>,
    in_macro: bool,
}

impl<'a> Analysis<'a> {
    fn statements(&mut self, body: &'a [Stmt<'a>]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Stmt<'a>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => {
                self.text(&emit.expr);
            }
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(each) => self.for_loop(each, each.span()),
            // Binds in the scope around it, whichever way it goes.
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::WithBlock(with) => self.scope(|analysis| {
                for (target, value) in &with.assignments {
                    let shape = analysis.expression(value);
                    analysis.target(target, shape);
                }
                analysis.statements(&with.body);
            }),
            Stmt::Set(set) => {
                let shape = self.expression(&set.expr);
                self.target(&set.target, shape);
            }
            Stmt::SetBlock(set) => self.set_block(set),
            Stmt::AutoEscape(escape) => {
                self.problem(
                    escape.span(),
                    "`autoescape` does not exist: nothing is escaped by itself".to_owned(),
                    "use the filter of the format on each value",
                );
                self.statements(&escape.body);
            }
            Stmt::FilterBlock(block) => {
                self.expression(&block.filter);
                self.scope(|analysis| analysis.statements(&block.body));
            }
            Stmt::Macro(declaration) => {
                self.bind(declaration.name, Shape::Unknown, declaration.span());
                self.declaration(declaration);
            }
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                self.declaration(&block.macro_decl);
            }
            Stmt::Do(run) => {
                self.call(&run.call);
            }
        }
    }

    fn for_loop(&mut self, each: &'a ForLoop<'a>, span: Span) {
        self.expression(&each.iter);
        self.scope(|analysis| {
            analysis.bind("loop", Shape::Unknown, span);
            analysis.target(&each.target, Shape::Unknown);
            each.filter_expr.iter().for_each(|filter| {
                analysis.expression(filter);
            });
            analysis.statements(&each.body);
        });
        self.scope(|analysis| analysis.statements(&each.else_body));
    }

    /// Text is captured, and a filter may make anything of it.
    fn set_block(&mut self, set: &'a SetBlock<'a>) {
        set.filter.iter().for_each(|filter| {
            self.expression(filter);
        });
        self.statements(&set.body);
        let filtered = set.filter.is_some();
        self.target(&set.target, if filtered { Shape::Unknown } else { Shape::Scalar });
    }

    fn declaration(&mut self, declaration: &'a Macro<'a>) {
        let outside = self.in_macro;
        self.scope(|analysis| {
            analysis.in_macro = true;
            for default in &declaration.defaults {
                analysis.expression(default);
            }
            for argument in &declaration.args {
                analysis.target(argument, Shape::Unknown);
            }
            analysis
                .scopes
                .last_mut()
                .expect("never empty")
                .insert("caller", Shape::Unknown);
            analysis.statements(&declaration.body);
        });
        self.in_macro = outside;
    }

    fn scope(&mut self, inside: impl FnOnce(&mut Self)) {
        self.scopes.push(BTreeMap::new());
        inside(self);
        self.scopes.pop();
    }

    /// Binds the names on the left of an assignment.
    fn target(&mut self, target: &'a Expr<'a>, shape: Shape) {
        match target {
            Expr::Var(variable) => self.bind(variable.id, shape, target.span()),
            Expr::List(list) => list
                .items
                .iter()
                .for_each(|item| self.target(item, Shape::Unknown)),
            Expr::Tuple(tuple) => tuple
                .items
                .iter()
                .for_each(|item| self.target(item, Shape::Unknown)),
            _ => self.problem(
                target.span(),
                "only names can be set".to_owned(),
                "set a variable of its own",
            ),
        }
    }

    /// A name that is bound twice can be either.
    fn bind(&mut self, name: &'a str, shape: Shape, span: Span) {
        if is_function(name) {
            let message = format!("`{name}` is a function, and cannot be the name of anything else");
            return self.problem(span, message, "choose another name");
        }
        let scope = self.scopes.last_mut().expect("never empty");
        let bound = scope.entry(name).or_insert(shape);
        if *bound != shape {
            *bound = Shape::Unknown;
        }
    }

    fn bound(&self, name: &str) -> Option<Shape> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.get(name).copied())
    }

    fn problem(&mut self, span: Span, message: String, hint: &str) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(TemplateProblem {
                line: Some(span.start_line.into()),
                message,
                hint: hint.to_owned(),
            });
        }
    }
}

/// Whether a name is one of the functions that every template has.
fn is_function(name: &str) -> bool {
    vocabulary::source(name).is_some() || vocabulary::FUNCTIONS.contains(&name)
}

/// Whether the name of an object follows its function without brackets, in quotes that Go has no texts in.
fn lacks_brackets(source: &str) -> bool {
    let actions = source
        .split("{{")
        .skip(1)
        .map(|rest| rest.trim_start_matches(['-', ' ']));
    actions.into_iter().any(|action| {
        let mut functions = vocabulary::SOURCES.iter();
        let rest = functions.find_map(|(name, _)| action.strip_prefix(name));
        rest.is_some_and(|rest| rest.trim_start().starts_with('\''))
    })
}

/// A syntax error quotes the template at most, which is no secret.
fn syntax(error: &minijinja::Error, source: &str) -> TemplateProblem {
    let foreign = odd::problem(source)
        .or_else(|| mustache::problem(source))
        .or_else(|| go::problem(source));
    if let Some(problem) = foreign {
        return problem;
    }
    let detail = error
        .detail()
        .unwrap_or("a string has an escape that does not exist");
    let other_files = ["include", "import", "from", "extends", "block"];
    let statement = detail.strip_prefix("unknown statement ");
    let hint = if statement.is_some_and(|name| other_files.contains(&name)) {
        "a template stands alone: there are no others to include, import or extend"
    } else if lacks_brackets(source) {
        "a function takes a name in brackets: `secret(\"NAME\")`"
    } else {
        "`{{`, `{%` and `{#` start an expression, a statement and a comment; write them as `{{ \"{{\" }}` to have \
         them in the file"
    };
    TemplateProblem {
        line: error.line().and_then(|line| u32::try_from(line).ok()),
        message: detail.to_owned(),
        hint: hint.to_owned(),
    }
}
