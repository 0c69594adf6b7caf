//! Environment variables, from lines or from a Kubernetes manifest.
//!
//! Invariant: a value can be a client secret, so no type here shows one and no remark holds one.

use std::collections::BTreeMap;

use crate::input::{Value, documents};
use crate::note::Notes;
use crate::{ConvertError, Tool};
use manifest::env_file::{is_blank, is_env_file, name_of};
use manifest::quoted_key;

/// Variables that only this agent has.
const TELLING: [&str; 3] = ["VAULT_BASE_URL", "SECRETS_KEYS", "CERTS_KEYS"];

/// The variables of the agent. The last of several with one name counts, in a shell as in Kubernetes.
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Reads the variables of an input, in whichever form they are.
    pub(super) fn read(text: &str, notes: &Notes) -> Result<Self, ConvertError> {
        if is_env_file(text) {
            return Ok(Self::of_lines(text, notes));
        }
        let trees = documents(text)?;
        let mut lists = Vec::new();
        for tree in &trees {
            find_lists(Value::root(tree), &mut lists);
        }
        let Some((first, others)) = lists.split_first() else {
            return Err(ConvertError::NotOfTool {
                tool: Tool::AcsKeyvaultAgent,
                known_by: "lines `NAME=value`, or an `env` list, with VAULT_BASE_URL",
            });
        };
        if !others.is_empty() {
            notes.not_carried(
                "env",
                "there are several containers of the agent; the first is taken, convert the others alone",
            );
        }
        Ok(Self::of_list(*first, notes))
    }

    fn of_lines(text: &str, notes: &Notes) -> Self {
        let mut variables = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            if is_blank(line) {
                continue;
            }
            match assignment(line) {
                Some((name, value)) => drop(variables.insert(name.to_owned(), value)),
                None => notes.not_carried(format!("line {number}"), "its quotes are not closed"),
            }
        }
        Self(variables)
    }

    fn of_list(list: Value<'_>, notes: &Notes) -> Self {
        let mut variables = BTreeMap::new();
        for item in list.items().into_iter().flatten() {
            let Some(name) = item.text_of("name") else {
                continue;
            };
            if item.get("valueFrom").is_some() {
                let reason = if name == "CLIENT_SECRET" {
                    "mount the Secret that it comes from as the file `identity.clientSecretFile`"
                } else {
                    "its value comes from elsewhere (`valueFrom`); write it out and convert again"
                };
                notes.not_carried(quoted_key(name), reason);
            } else {
                variables.insert(
                    name.to_owned(),
                    item.text_of("value").unwrap_or_default().to_owned(),
                );
            }
        }
        Self(variables)
    }

    /// The value of a variable that is set, trimmed; it may be empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    /// The value of a variable that is set to something.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Whether a switch is on; the agent compares with `true` without case.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Whether a text is lines of the agent's variables.
pub(crate) fn is_mine(text: &str) -> bool {
    let mut names = text.lines().filter_map(name_of);
    is_env_file(text) && names.any(|name| TELLING.contains(&name))
}

/// Whether a document has an `env` list of the agent.
pub(crate) fn is_my_document(root: Value<'_>) -> bool {
    let mut lists = Vec::new();
    find_lists(root, &mut lists);
    !lists.is_empty()
}

/// Name and value of a line; `None` when quotes are not closed.
fn assignment(line: &str) -> Option<(&str, String)> {
    let name = name_of(line)?;
    let (_, value) = line.split_once('=')?;
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => unquoted(&value[1..], quote)?,
        _ => match value.find(" #") {
            Some(comment) => value[..comment].to_owned(),
            None => value.to_owned(),
        },
    };
    Some((name, value))
}

/// The text up to the closing quote; in double quotes, a backslash keeps the character that follows.
fn unquoted(text: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Some(value),
            '\\' if quote == '"' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    None
}

/// Lists of names and values that hold a variable of the agent, wherever they are. Depth is bounded by the reader.
fn find_lists<'a>(value: Value<'a>, found: &mut Vec<Value<'a>>) {
    if value.items().is_some_and(|mut items| items.any(is_telling)) {
        found.push(value);
        return;
    }
    for (_, inner) in value.entries() {
        find_lists(inner, found);
    }
    for item in value.items().into_iter().flatten() {
        find_lists(item, found);
    }
}

/// Whether an item of a list is a variable that only the agent has.
fn is_telling(item: Value<'_>) -> bool {
    item.text_of("name").is_some_and(|name| TELLING.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Option<String> {
        assignment(line).map(|(_, value)| value)
    }

    #[test]
    fn a_line_is_read_as_a_shell_would_read_it() {
        for (line, expected) in [
            ("A=b", "b"),
            ("export A=b # note", "b"),
            ("  A='b;c # d' # note", "b;c # d"),
            ("A=\"b\\\"c\"", "b\"c"),
            ("A=", ""),
            ("A=b=c", "b=c"),
        ] {
            assert_eq!(value(line).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(value("A='b"), None);
    }
}
