//! Calls of `secret`, `certificate` and `key`.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr};

use super::Analysis;
use domain::desired::Reference;
use domain::object::{NameError, ObjectKind, ObjectName, VaultName};

impl<'a> Analysis<'a> {
    /// Takes a call of the function that reads a collection; notes what it names.
    pub(super) fn reference(&mut self, kind: ObjectKind, call: &'a Call<'a>) {
        let span = call.expr.span();
        let (mut name, mut vault) = (None, None);
        for argument in &call.args {
            let (slot, value) = match argument {
                CallArg::Pos(value) if name.is_none() => (&mut name, value),
                CallArg::Kwarg("vault", value) => (&mut vault, value),
                CallArg::Kwarg("name", _) | CallArg::Pos(_) | CallArg::Kwarg(..) => {
                    return self.misused(kind, span, "takes one name, and `vault=`");
                }
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return self.not_literal(kind, span),
            };
            let Expr::Const(literal) = value else {
                if self.is_bare_name(value) {
                    return self.misused(kind, span, "takes a name in quotes: quote the name");
                }
                return self.not_literal(kind, span);
            };
            let Some(text) = literal.value.as_str() else {
                return self.misused(kind, span, "takes texts in quotes");
            };
            *slot = Some(text);
        }
        let Some(name) = name else {
            return self.misused(kind, span, "takes a name");
        };
        let name = ObjectName::parse(name);
        let vault = vault.map(VaultName::parse).transpose();
        match (name, vault) {
            (Ok(name), Ok(vault)) => {
                self.references.insert(Reference { kind, vault, name });
            }
            (name, vault) => {
                for error in [name.err(), vault.err()].into_iter().flatten() {
                    self.invalid(&error, span);
                }
            }
        }
    }

    /// Whether an expression is a name that somebody forgot to quote: `db-password` is a subtraction of what is nowhere.
    fn is_bare_name(&self, expression: &Expr<'_>) -> bool {
        match expression {
            Expr::Var(variable) => self.bound(variable.id).is_none() && !self.anywhere.contains(variable.id),
            Expr::BinOp(operation) => {
                matches!(operation.op, BinOpKind::Sub)
                    && self.is_bare_name(&operation.left)
                    && (self.is_bare_name(&operation.right) || matches!(&operation.right, Expr::Const(_)))
            }
            _ => false,
        }
    }

    fn misused(&mut self, kind: ObjectKind, span: Span, rule: &str) {
        let hint = format!("write `{kind}(\"NAME\")`, or `{kind}(\"NAME\", vault=\"VAULT\")`");
        self.problem(span, format!("`{kind}` {rule}"), &hint);
    }

    fn not_literal(&mut self, kind: ObjectKind, span: Span) {
        let message =
            format!("`{kind}` takes literal names: what a file is made of is known before it is read");
        let hint = format!("write `{kind}(\"NAME\")` for each, and choose between them with `if`");
        self.problem(span, message, &hint);
    }

    fn invalid(&mut self, error: &NameError, span: Span) {
        self.problem(
            span,
            error.to_string(),
            "names stand in a template as they do in Key Vault and in `vaults`",
        );
    }
}
