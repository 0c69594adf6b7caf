//! Placeholders that something was to fill in before: Helm, `envsubst`, Kubernetes, a pipeline, a person.

use std::fmt;
use std::ops::Range;

/// A placeholder in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Its bytes.
    pub range: Range<usize>,
    form: &'static Form,
}

/// A form of placeholder.
#[derive(Debug, PartialEq, Eq)]
struct Form {
    start: &'static str,
    end: &'static str,
    /// How a message calls it.
    shown: &'static str,
    hint: &'static str,
}

/// The forms, those first in which another one can stand.
static FORMS: [Form; 5] = [
    Form {
        start: "{{",
        end: "}}",
        shown: "{{ … }}",
        hint: "it is not rendered yet: run `helm template` first, or what else fills it in",
    },
    Form {
        start: "#{",
        end: "}#",
        shown: "#{…}#",
        hint: "it is not rendered yet: run the step of the pipeline first that replaces tokens",
    },
    Form {
        start: "${",
        end: "}",
        shown: "${…}",
        hint: "it is not rendered yet: run `envsubst` first, or what else fills it in; akv-sync replaces no variables",
    },
    Form {
        start: "$(",
        end: ")",
        shown: "$(…)",
        hint: "it is not rendered yet: fill it in first; akv-sync replaces no variables",
    },
    Form {
        start: "<",
        end: ">",
        shown: "<…>",
        hint: "write your own value in its place",
    },
];

/// `$NAME`, which has no end of its own.
static VARIABLE: Form = Form {
    start: "$",
    end: "",
    shown: "$NAME",
    hint: "it is not rendered yet: run `envsubst` first, or what else fills it in; akv-sync replaces no variables",
};

/// `{NAME}`, which is part of a path of a selection, and so no placeholder everywhere.
static BRACES: Form = Form {
    start: "{",
    end: "}",
    shown: "{…}",
    hint: "it is not rendered yet: write your own value in its place",
};

impl Placeholder {
    /// The first in a text that is a value.
    pub fn in_value(text: &str) -> Option<Self> {
        let delimited = FORMS.iter().filter_map(|form| form.find(text));
        delimited
            .chain(variable(text))
            .min_by_key(|placeholder| placeholder.range.start)
    }

    /// The first `{{ … }}` in a line that is not YAML: it is one for sure, open or closed.
    pub fn in_broken_line(line: &str) -> Option<Self> {
        let start = line.find("{{")?;
        let end = line[start..].find("}}").map_or(line.len(), |end| start + end + 2);
        Some(Self {
            range: start..end,
            form: &FORMS[0],
        })
    }

    /// The first in a value in which no brace can stand by right: a host, an ID.
    pub fn in_name(text: &str) -> Option<Self> {
        Self::in_value(text).or_else(|| BRACES.find(text))
    }

    /// The one that is all of a text. A password may hold what looks like one, and is none from end to end.
    pub fn whole(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::in_value(text).filter(|placeholder| placeholder.range == (0..text.len()))
    }

    /// That it stands in `subject`.
    pub fn told_of(&self, subject: &impl fmt::Display) -> String {
        format!(
            "{subject} holds the placeholder `{}`, which nothing filled in",
            self.shown()
        )
    }

    /// As a message calls it: `{{ … }}`.
    pub const fn shown(&self) -> &'static str {
        self.form.shown
    }

    /// What to do.
    pub const fn hint(&self) -> &'static str {
        self.form.hint
    }
}

impl Form {
    fn find(&'static self, text: &str) -> Option<Placeholder> {
        let start = text.find(self.start)?;
        let inside = start + self.start.len();
        let length = text[inside..].find(self.end)?;
        let name = text[inside..inside + length].trim();
        // `<` and `>` may be signs of their own; a placeholder has words between them.
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
        if name.is_empty() || (self.start == "<" && !name.chars().all(is_name)) {
            return None;
        }
        Some(Placeholder {
            range: start..inside + length + self.end.len(),
            form: self,
        })
    }
}

/// Variables are in capitals by custom; anything else behind a `$` may be meant.
fn variable(text: &str) -> Option<Placeholder> {
    let is_name = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_';
    text.match_indices('$').find_map(|(start, _)| {
        let name = text[start + 1..].chars().take_while(is_name).count();
        let range = start..start + 1 + name;
        let ends = text[range.end..]
            .chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric());
        (name >= 2 && ends).then_some(Placeholder {
            range,
            form: &VARIABLE,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_rendered_is_found_wherever_it_stands() {
        for (text, shown) in [
            ("https://${VAULT}.vault.azure.net", "${…}"),
            ("https://$(VAULT).vault.azure.net", "$(…)"),
            ("{{ .Values.vault }}", "{{ … }}"),
            ("{{- .Values.vault -}}-app", "{{ … }}"),
            ("https://{{ .Values.vault }}.vault.azure.net", "{{ … }}"),
            ("${{ secrets.VAULT }}", "${…}"),
            ("<your-vault-name>", "<…>"),
            ("https://<vault name>.vault.azure.net", "<…>"),
            ("#{vaultName}#", "#{…}#"),
            ("$KEYVAULT_NAME", "$NAME"),
            ("/mnt/$APP/akv", "$NAME"),
        ] {
            let found = Placeholder::in_value(text).map(|placeholder| placeholder.shown());
            assert_eq!(found, Some(shown), "{text}");
        }
    }

    #[test]
    fn a_brace_is_a_placeholder_where_none_can_stand_by_right() {
        let shown = |text| Placeholder::in_name(text).map(|placeholder| placeholder.shown());
        assert_eq!(shown("http://{p}:9"), Some("{…}"));
        assert_eq!(shown("http://${p}:9"), Some("${…}"));
        assert_eq!(shown("http://p:9"), None);
    }

    #[test]
    fn a_password_is_a_placeholder_from_end_to_end_only() {
        let shown = |text| Placeholder::whole(text).map(|placeholder| placeholder.shown());
        assert_eq!(shown("${SECRET}"), Some("${…}"));
        assert_eq!(shown(" $SECRET\n"), Some("$NAME"));
        assert_eq!(shown("a${SECRET}"), None);
        assert_eq!(shown("x$AB"), None);
    }

    #[test]
    fn what_only_looks_like_a_placeholder_is_none() {
        for text in [
            "",
            "app/{name}",
            "a$b",
            "$",
            "svc$",
            "$1",
            "a < b",
            "<>",
            "${}",
            "<a/b>",
            "contoso",
            "machine$",
        ] {
            assert_eq!(Placeholder::in_value(text), None, "{text}");
        }
    }
}
