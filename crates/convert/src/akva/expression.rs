//! The expressions of templates that have a form in a manifest.
//!
//! Go's `text/template` and sprig know hundreds more. What is not here is refused with its reason, never guessed at.

use crate::note::quoted;

/// Parentheses inside one another. Nobody writes four.
const MAX_DEPTH: usize = 8;

/// The maps of resources that a template sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Secret,
    Cert,
    Key,
}

/// What the helpers for certificates give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pem {
    PrivateKey,
    Cert,
    Issuers,
    FullChain,
}

/// What an expression stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// `.Secrets`, `.Certs`, `.Keys`.
    Map(Kind),
    /// One resource of a map.
    Item(Kind, String),
    /// The value of a secret.
    Value { name: String, base64: bool, trim: bool },
    /// Parts of the certificate behind a resource.
    Pem(Pem, Kind, String),
    /// All secrets as names and values.
    Values,
    /// The same as JSON.
    ValuesJson,
    /// The JSON Web Key of a key.
    Jwk(String),
    /// The same as JSON.
    JwkJson(String),
    /// A constant.
    Text(String),
}

/// Reads the inside of `{{ }}`; gives why it has no form in a manifest otherwise.
pub(super) fn parse(text: &str) -> Result<Term, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
    };
    let term = parser.pipeline()?;
    if parser.tokens.is_empty() {
        Ok(term)
    } else {
        Err(unknown(text))
    }
}

/// Shows the first word only: constants may be anything.
fn unknown(text: &str) -> String {
    let word = text
        .trim()
        .split(|c: char| !is_name(c) && !matches!(c, '.' | '$'))
        .next()
        .unwrap_or_default();
    format!(
        "its template has an expression that starts with {} and has no form here",
        quoted(word)
    )
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `.A.B` as its names; of `.`, none.
    Fields(Vec<String>),
    /// The same, directly behind a parenthesis.
    Access(Vec<String>),
    Text(String),
    Open,
    Close,
    Pipe,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut behind_parenthesis = false;
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            ' ' | '\t' | '\r' | '\n' => (None, 1),
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            '|' => (Some(Token::Pipe), 1),
            '"' | '`' => {
                let (value, length) = constant(rest, c).ok_or_else(|| unknown(text))?;
                (Some(Token::Text(value)), length)
            }
            '.' => {
                let length = rest.find(|c: char| !is_name(c) && c != '.').unwrap_or(rest.len());
                let names = rest[1..length].split('.').filter(|name| !name.is_empty());
                let names = names.map(str::to_owned).collect();
                let token = if behind_parenthesis {
                    Token::Access(names)
                } else {
                    Token::Fields(names)
                };
                (Some(token), length)
            }
            c if is_name(c) => {
                let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                (Some(Token::Word(rest[..length].to_owned())), length)
            }
            _ => return Err(unknown(text)),
        };
        behind_parenthesis = token == Some(Token::Close);
        tokens.extend(token);
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A constant in quotes and its length with them. Escapes other than of quotes and backslashes are not read.
fn constant(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => {
                let (_, escaped) = chars.next().filter(|(_, c)| matches!(c, '"' | '\\'))?;
                value.push(escaped);
            }
            c => value.push(c),
        }
    }
    None
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Commands, each of which gets the result of the one before as its last argument.
    fn pipeline(&mut self) -> Result<Term, String> {
        let mut result = self.command(None)?;
        while self.tokens.first() == Some(&Token::Pipe) {
            self.next();
            result = self.command(Some(result))?;
        }
        Ok(result)
    }

    fn command(&mut self, piped: Option<Term>) -> Result<Term, String> {
        if let Some(Token::Word(function)) = self.tokens.first() {
            self.next();
            let mut arguments = Vec::new();
            while !matches!(self.tokens.first(), None | Some(Token::Pipe | Token::Close)) {
                arguments.push(self.operand()?);
            }
            arguments.extend(piped);
            return apply(function, arguments);
        }
        match piped {
            None => self.operand(),
            Some(_) => Err("its template pipes into something that is no function".to_owned()),
        }
    }

    fn operand(&mut self) -> Result<Term, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Term::Text(text.clone())),
            Some(Token::Fields(names)) => from_root(names),
            Some(Token::Open) => self.parenthesis(),
            Some(Token::Word(word)) => Err(format!("its template uses {} as a value", quoted(word))),
            _ => Err("its template has an expression without a value".to_owned()),
        }
    }

    fn parenthesis(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("its template has too many parentheses".to_owned());
        }
        let term = self.pipeline()?;
        self.depth -= 1;
        if self.next() != Some(&Token::Close) {
            return Err("its template has a parenthesis that is not closed".to_owned());
        }
        match self.tokens.first() {
            Some(Token::Access(names)) => {
                self.next();
                names.iter().try_fold(term, |term, name| field(term, name))
            }
            _ => Ok(term),
        }
    }
}

fn from_root(names: &[String]) -> Result<Term, String> {
    let (first, rest) = names
        .split_first()
        .ok_or("its template writes everything at once (`.`)")?;
    let map = match first.as_str() {
        "Secrets" => Kind::Secret,
        "Certs" => Kind::Cert,
        "Keys" => Kind::Key,
        _ => return Err(format!("its template uses {}", quoted(&format!(".{first}")))),
    };
    rest.iter()
        .try_fold(Term::Map(map), |term, name| field(term, name))
}

fn field(term: Term, name: &str) -> Result<Term, String> {
    match (term, name) {
        (Term::Map(kind), name) => Ok(Term::Item(kind, name.to_owned())),
        (Term::Item(Kind::Secret, secret), "Value") => Ok(value(secret)),
        (Term::Item(Kind::Key, key), "Key") => Ok(Term::Jwk(key)),
        (Term::Jwk(_), _) => Err(format!(
            "its template takes {} out of a key; `keys` with `format: jwk` writes the whole of it",
            quoted(name)
        )),
        _ => Err(format!("its template takes {} of a resource", quoted(name))),
    }
}

const fn value(name: String) -> Term {
    Term::Value {
        name,
        base64: false,
        trim: false,
    }
}

fn apply(function: &str, arguments: Vec<Term>) -> Result<Term, String> {
    let pem = match function {
        "privateKey" => Some(Pem::PrivateKey),
        "cert" => Some(Pem::Cert),
        "issuers" => Some(Pem::Issuers),
        "fullChain" => Some(Pem::FullChain),
        _ => None,
    };
    let mut arguments = arguments.into_iter();
    let applied = match (function, arguments.next(), arguments.next()) {
        ("index", Some(map @ Term::Map(_)), None) => Some(map),
        ("index", Some(Term::Map(kind)), Some(Term::Text(name))) => Some(indexed(kind, name)),
        ("toValues", Some(Term::Map(Kind::Secret)), None) => Some(Term::Values),
        ("toJson", Some(Term::Values), None) => Some(Term::ValuesJson),
        ("toJson", Some(Term::Jwk(name)), None) => Some(Term::JwkJson(name)),
        ("trim", Some(Term::Value { name, base64, .. }), None) => Some(Term::Value {
            name,
            base64,
            trim: true,
        }),
        (
            "b64dec",
            Some(Term::Value {
                name,
                base64: false,
                trim: false,
            }),
            None,
        ) => Some(Term::Value {
            name,
            base64: true,
            trim: false,
        }),
        // The first versions took a name, and looked it up among the secrets.
        (_, Some(Term::Text(name)), None) => pem.map(|pem| Term::Pem(pem, Kind::Secret, name)),
        (_, Some(Term::Item(kind, name)), None) => pem.map(|pem| Term::Pem(pem, kind, name)),
        _ => None,
    };
    applied.filter(|_| arguments.next().is_none()).ok_or_else(|| {
        format!(
            "its template calls {} in a way that has no form here",
            quoted(function)
        )
    })
}

/// The documentation writes the field into the name: `index .Secrets "NAME.Value"`.
fn indexed(kind: Kind, name: String) -> Term {
    match name.strip_suffix(".Value") {
        Some(secret) if kind == Kind::Secret => value(secret.to_owned()),
        _ => Term::Item(kind, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_way_to_name_a_value_is_the_same() {
        for text in [
            " .Secrets.password.Value ",
            "(index .Secrets \"password\").Value",
            "index .Secrets \"password.Value\"",
            "(index .Secrets `password`).Value",
            "((.Secrets.password)).Value",
        ] {
            assert_eq!(parse(text), Ok(value("password".to_owned())), "{text}");
        }
    }

    #[test]
    fn helpers_take_a_resource_by_pipe_as_an_argument_or_a_name() {
        let expected = Term::Pem(Pem::FullChain, Kind::Secret, "tls".to_owned());
        for text in [
            "index .Secrets \"tls\" | fullChain",
            "fullChain .Secrets.tls",
            "fullChain \"tls\"",
            "\"tls\" | fullChain",
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        }
        assert_eq!(parse("index .Secrets | toValues | toJson"), Ok(Term::ValuesJson));
    }

    #[test]
    fn what_has_no_form_is_refused_and_nothing_is_too_deep() {
        for text in [
            "",
            ".",
            "range .Secrets",
            "end",
            "if .Secrets.a",
            "$x := 1",
            ".Secrets.a.Value | upper",
            ".Secrets.a.Value | trim | b64dec",
            ".Keys.k.Key.N",
            ".Certs.c.Cer",
            ".Secrets.a.ContentType",
            "index .Secrets \"a",
            "index .Secrets \"a\" \"b\"",
            "trim .Secrets.a.Value .Secrets.b.Value",
            ".Secrets.a.Value .Secrets.b.Value",
            "printf \"%s\" .Secrets.a.Value",
            "(.Secrets",
            "|",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }
}
