//! Expressions: every name exists, and no list or map grows out of others.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, GetItem, IfExpr};

use super::{Analysis, Shape, go, is_function, nearest};
use crate::template::vocabulary;
use domain::object::ObjectKind;

impl<'a> Analysis<'a> {
    /// An expression that is written, or goes into a filter: a certificate or key is no text.
    pub(super) fn text(&mut self, expression: &'a Expr<'a>) {
        if let Shape::Object(kind) = self.expression(expression) {
            let message = format!("a {kind} has parts, and is no text itself");
            let hint = format!("add one of {}", list(vocabulary::attributes(kind)));
            self.problem(expression.span(), message, &hint);
        }
    }

    /// Gives what is known of the expression's value.
    pub(super) fn expression(&mut self, expression: &'a Expr<'a>) -> Shape {
        let span = expression.span();
        match expression {
            Expr::Const(_) => return Shape::Scalar,
            Expr::Var(variable) => return self.variable(variable.id, span),
            Expr::Call(call) => return self.call(call),
            Expr::GetAttr(access) => {
                let shape = self.expression(&access.expr);
                if shape == Shape::Scalar {
                    self.part_of_text(access.name, span);
                }
                return self.attribute(shape, access.name, span);
            }
            Expr::GetItem(access) => return self.item(access, span),
            Expr::Filter(filter) => {
                filter.expr.iter().for_each(|piped| {
                    self.text(piped);
                });
                self.arguments(&filter.args);
                return self.filter(filter.name, &filter.args, span);
            }
            Expr::Test(test) => {
                self.expression(&test.expr);
                self.arguments(&test.args);
                self.test(test.name, span);
                return Shape::Scalar;
            }
            Expr::UnaryOp(operation) => {
                self.expression(&operation.expr);
                return Shape::Scalar;
            }
            Expr::BinOp(operation) => {
                self.expression(&operation.left);
                self.expression(&operation.right);
                if matches!(operation.op, BinOpKind::Concat) {
                    return Shape::Scalar;
                }
            }
            Expr::Compare(comparison) => {
                self.expression(&comparison.expr);
                comparison.ops.iter().for_each(|with| {
                    self.expression(&with.expr);
                });
                return Shape::Scalar;
            }
            Expr::IfExpr(choice) => return self.choice(choice),
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                let bounds = [&slice.start, &slice.stop, &slice.step];
                bounds.into_iter().flatten().for_each(|bound| {
                    self.expression(bound);
                });
            }
            Expr::List(list) => self.elements(&list.items),
            Expr::Tuple(tuple) => self.elements(&tuple.items),
            Expr::Map(map) => {
                self.elements(&map.keys);
                self.elements(&map.values);
            }
        }
        Shape::Unknown
    }

    /// `object["name"]` is `object.name`.
    fn item(&mut self, access: &'a GetItem<'a>, span: Span) -> Shape {
        let shape = self.expression(&access.expr);
        self.expression(&access.subscript_expr);
        if let Expr::Const(name) = &access.subscript_expr
            && let Some(name) = name.value.as_str()
        {
            return self.attribute(shape, name, span);
        }
        Shape::Unknown
    }

    fn choice(&mut self, choice: &'a IfExpr<'a>) -> Shape {
        self.expression(&choice.test_expr);
        let (yes, no) = (self.expression(&choice.true_expr), choice.false_expr.as_ref());
        match no.map(|no| self.expression(no)) {
            Some(no) if no == yes => yes,
            _ => Shape::Unknown,
        }
    }

    /// A variable in a list could be a list, and that in another. Comparing such values takes time without a bound.
    fn elements(&mut self, elements: &'a [Expr<'a>]) {
        for element in elements {
            let shape = self.expression(element);
            let literal = matches!(element, Expr::List(_) | Expr::Tuple(_) | Expr::Map(_));
            if !literal && (shape != Shape::Scalar || matches!(element, Expr::Var(_))) {
                self.problem(
                    element.span(),
                    "a list or map is made of literals and texts".to_owned(),
                    "write the values one after the other, or make a text of each first, `x ~ \"\"`",
                );
            }
        }
    }

    fn variable(&mut self, name: &'a str, span: Span) -> Shape {
        if is_function(name) {
            let message = format!("`{name}` is a function");
            let argument = if name == "range" { "3" } else { "\"NAME\"" };
            self.problem(
                span,
                message,
                &format!("call it with brackets: `{name}({argument})`"),
            );
            return Shape::Unknown;
        }
        let hoisted = self.in_macro && self.anywhere.contains(name);
        self.bound(name).unwrap_or_else(|| {
            if !hoisted {
                self.unbound(name, span);
            }
            Shape::Unknown
        })
    }

    /// A name that nothing binds. A template of Go has many such, and is told once.
    fn unbound(&mut self, name: &str, span: Span) {
        let behind = usize::try_from(span.end_offset)
            .ok()
            .and_then(|end| self.source.get(end..));
        if go::has_action(name, behind.unwrap_or_default()) {
            let problem = go::told(Some(span.start_line.into()));
            if !self.problems.iter().any(|told| told.message == problem.message) {
                self.problems.push(problem);
            }
            return;
        }
        self.problem(span, format!("`{name}` does not exist"), &nearest::name(name));
    }

    pub(super) fn call(&mut self, call: &'a Call<'a>) -> Shape {
        match &call.expr {
            Expr::Var(function) if let Some(kind) = vocabulary::source(function.id) => {
                self.reference(kind, call);
                return match kind {
                    ObjectKind::Secret => Shape::Scalar,
                    ObjectKind::Certificate | ObjectKind::Key => Shape::Object(kind),
                };
            }
            Expr::Var(function) if vocabulary::FUNCTIONS.contains(&function.id) => {}
            Expr::GetAttr(method) if !matches!(&method.expr, Expr::Var(base) if base.id == "loop") => {
                self.expression(&method.expr);
                let message = format!(
                    "`{}` is called on a value, and values have no methods",
                    method.name
                );
                self.problem(call.expr.span(), message, "use a filter, `value | filter`");
            }
            function => {
                self.expression(function);
            }
        }
        self.arguments(&call.args);
        Shape::Unknown
    }

    fn arguments(&mut self, arguments: &'a [CallArg<'a>]) {
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.expression(value);
        }
    }

    /// A text has no parts, whatever its name.
    fn part_of_text(&mut self, name: &str, span: Span) {
        self.problem(
            span,
            format!("a text has no `{name}`, and the value of a secret is one"),
            "write `secret(\"NAME\")` alone, or `(secret(\"NAME\") | from_json).MEMBER` for a member of JSON",
        );
    }

    fn attribute(&mut self, shape: Shape, name: &str, span: Span) -> Shape {
        let Shape::Object(kind) = shape else {
            return Shape::Unknown;
        };
        if !vocabulary::attributes(kind).contains(&name) {
            let message = format!("a {kind} has no `{name}`");
            let hint = format!("it has {}", list(vocabulary::attributes(kind)));
            self.problem(span, message, &hint);
        }
        if name == "tags" {
            Shape::Unknown
        } else {
            Shape::Scalar
        }
    }

    fn filter(&mut self, name: &str, arguments: &[CallArg<'_>], span: Span) -> Shape {
        if !vocabulary::is_filter(name) {
            let message = format!("the filter `{name}` does not exist");
            self.problem(span, message, &nearest::filter(name));
        }
        // These call others by name.
        let named = |index: usize| match arguments.get(index) {
            Some(CallArg::Pos(Expr::Const(name))) => name.value.as_str(),
            _ => None,
        };
        match name {
            "map" => {
                if let Some(inner) = named(0) {
                    self.filter(inner, &[], span);
                }
            }
            "select" | "reject" | "selectattr" | "rejectattr" => {
                if let Some(inner) = named(usize::from(name.ends_with("attr"))) {
                    self.test(inner, span);
                }
            }
            _ => {}
        }
        if vocabulary::gives_scalar(name) {
            Shape::Scalar
        } else {
            Shape::Unknown
        }
    }

    fn test(&mut self, name: &str, span: Span) {
        if !vocabulary::TESTS.contains(&name) {
            let message = format!("the test `{name}` does not exist");
            self.problem(span, message, &nearest::test(name));
        }
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
