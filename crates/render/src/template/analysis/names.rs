//! The names that a template binds.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{Expr, Stmt};

/// Collects the names that macros and `set` bind, wherever they stand.
pub(super) fn collect<'a>(statement: &'a Stmt<'a>, names: &mut BTreeSet<&'a str>) {
    let bodies: &[&'a [Stmt<'a>]] = match statement {
        Stmt::Template(template) => &[&template.children],
        Stmt::ForLoop(each) => &[&each.body, &each.else_body],
        Stmt::IfCond(condition) => &[&condition.true_body, &condition.false_body],
        Stmt::WithBlock(with) => &[&with.body],
        Stmt::FilterBlock(block) => &[&block.body],
        Stmt::Macro(declaration) => {
            names.insert(declaration.name);
            &[&declaration.body]
        }
        Stmt::CallBlock(block) => &[&block.macro_decl.body],
        Stmt::Set(set) => return target_names(&set.target, names),
        Stmt::SetBlock(set) => {
            target_names(&set.target, names);
            &[&set.body]
        }
        Stmt::AutoEscape(escape) => &[&escape.body],
        Stmt::EmitExpr(_) | Stmt::EmitRaw(_) | Stmt::Do(_) => &[],
    };
    for statement in bodies.iter().copied().flatten() {
        collect(statement, names);
    }
}

fn target_names<'a>(target: &'a Expr<'a>, names: &mut BTreeSet<&'a str>) {
    match target {
        Expr::Var(variable) => {
            names.insert(variable.id);
        }
        Expr::List(list) => list.items.iter().for_each(|item| target_names(item, names)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| target_names(item, names)),
        _ => {}
    }
}
