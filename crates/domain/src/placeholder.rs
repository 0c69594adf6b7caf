//! Placeholders that something was to fill in before: Helm, `envsubst`, Kubernetes, a pipeline, a person.

#[cfg(test)]
mod tests;

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
    /// What stands between the two.
    inside: Inside,
    /// How a message calls it.
    shown: &'static str,
    hint: &'static str,
}

/// What stands in a placeholder; less than anything where its signs may be meant as such.
#[derive(Debug, PartialEq, Eq)]
enum Inside {
    Anything,
    Words,
    Capitals,
    /// What begins with a word of Terraform: `curl` writes `%{http_code}`.
    Directive,
}

const VARIABLES: &str =
    "it is not rendered yet: run `envsubst` first, or what else fills it in; akv-sync replaces no variables";
const TERRAFORM: &str =
    "it is not rendered yet: Terraform fills it in where the file goes through `templatefile`";
const TOKENS: &str = "it is not rendered yet: run the step of the pipeline first that replaces tokens";

/// The forms, those first in which another one can stand.
static FORMS: [Form; 15] = [
    Form {
        start: "${{",
        end: "}}",
        inside: Inside::Anything,
        shown: "${{ … }}",
        hint: "it is an expression of a CI system (GitHub Actions, Azure Pipelines), which fills it in in its own files \
               only: write the manifest in a step of the workflow, such as with `envsubst`",
    },
    Form {
        start: "{{",
        end: "}}",
        inside: Inside::Anything,
        shown: "{{ … }}",
        hint: "it is not rendered yet: run `helm template` first, or what else fills it in",
    },
    Form {
        start: "{%",
        end: "%}",
        inside: Inside::Anything,
        shown: "{% … %}",
        hint: "it is not rendered yet: run first what renders it, such as Ansible or another tool with Jinja",
    },
    Form {
        start: "<%",
        end: "%>",
        inside: Inside::Anything,
        shown: "<% … %>",
        hint: "it is not rendered yet: run first what renders it, such as ERB or EJS",
    },
    Form {
        start: "#{",
        end: "}#",
        inside: Inside::Anything,
        shown: "#{…}#",
        hint: TOKENS,
    },
    Form {
        start: "%{",
        end: "}",
        inside: Inside::Directive,
        shown: "%{ … }",
        hint: TERRAFORM,
    },
    Form {
        start: "${var.",
        end: "}",
        inside: Inside::Anything,
        shown: "${var.…}",
        hint: TERRAFORM,
    },
    Form {
        start: "${local.",
        end: "}",
        inside: Inside::Anything,
        shown: "${local.…}",
        hint: TERRAFORM,
    },
    Form {
        start: "$[",
        end: "]",
        inside: Inside::Anything,
        shown: "$[…]",
        hint: "it is an expression of Azure Pipelines, which fills it in in its own files only: write the manifest in a step \
               of the pipeline, such as with `envsubst`",
    },
    Form {
        start: "${",
        end: "}",
        inside: Inside::Anything,
        shown: "${…}",
        hint: VARIABLES,
    },
    Form {
        start: "$(",
        end: ")",
        inside: Inside::Anything,
        shown: "$(…)",
        hint: "it is not rendered yet: fill it in first; akv-sync replaces no variables",
    },
    Form {
        start: "@@",
        end: "@@",
        inside: Inside::Words,
        shown: "@@…@@",
        hint: TOKENS,
    },
    Form {
        start: "@",
        end: "@",
        inside: Inside::Capitals,
        shown: "@…@",
        hint: TOKENS,
    },
    Form {
        start: "__",
        end: "__",
        inside: Inside::Capitals,
        shown: "__…__",
        hint: TOKENS,
    },
    Form {
        start: "<",
        end: ">",
        inside: Inside::Words,
        shown: "<…>",
        hint: "write your own value in its place",
    },
];

/// `%NAME%`, of which a URL may hold what looks like one: `%2F%20`.
static PERCENT: Form = Form {
    start: "%",
    end: "%",
    inside: Inside::Capitals,
    shown: "%…%",
    hint: "it is not filled in: akv-sync replaces no variables, and only Windows writes them so",
};

/// `$NAME`, which has no end of its own.
static VARIABLE: Form = Form {
    start: "$",
    end: "",
    inside: Inside::Capitals,
    shown: "$NAME",
    hint: VARIABLES,
};

/// `{NAME}`, which is part of a path of a selection, and so no placeholder everywhere.
static BRACES: Form = Form {
    start: "{",
    end: "}",
    inside: Inside::Anything,
    shown: "{…}",
    hint: "it is not rendered yet: write your own value in its place",
};

impl Placeholder {
    /// The first in a text that is a value.
    pub fn in_value(text: &str) -> Option<Self> {
        // One look at a text without any of their signs, however long it is and however often an alias repeats it.
        let has_sign = text
            .bytes()
            .any(|byte| matches!(byte, b'{' | b'<' | b'$' | b'#' | b'@' | b'_' | b'%'));
        if !has_sign {
            return None;
        }
        let delimited = FORMS.iter().filter_map(|form| form.find(text));
        delimited
            .chain(percent(text))
            .chain(variable(text))
            .min_by_key(|placeholder| placeholder.range.start)
    }

    /// The one in a line that is not YAML which makes it so: a form whose first sign starts something else there, open or
    /// closed; one with a bracket in it, between brackets; or any, where it is all of the line.
    pub fn in_broken_line(line: &str) -> Option<Self> {
        let opened = FORMS.iter().filter(|form| form.start.starts_with('{'));
        let opened = opened.filter_map(|form| {
            let start = line.find(form.start)?;
            let end = line[start..].find(form.end);
            let end = end.map_or(line.len(), |end| start + end + form.end.len());
            Some(Self {
                range: start..end,
                form,
            })
        });
        let closed = FORMS.iter().filter(|form| form.start.starts_with(['@', '%']));
        let closed = closed.filter_map(|form| form.find(line)).chain(percent(line));
        let breaking = opened
            .chain(closed)
            .chain(Self::without_quotes(line).filter(|found| is_in_brackets(&line[..found.range.start])))
            .chain(Self::in_comment(line))
            .min_by_key(|placeholder| placeholder.range.start);
        breaking.or_else(|| Self::all_of_line(line))
    }

    /// The first outside of quotes in whose signs YAML sees a bracket. In a value that no bracket is open round, it breaks nothing.
    pub fn without_quotes(line: &str) -> Option<Self> {
        let bracketed = FORMS.iter().filter(|form| form.start.contains(['{', '[']));
        let found = bracketed.filter_map(|form| form.find(line));
        let found = found.filter(|found| found.form.start != "#{" && is_bare(&line[..found.range.start]));
        found.min_by_key(|found| found.range.start)
    }

    /// One that YAML takes for a comment: a `#` behind a blank starts one.
    pub fn in_comment(line: &str) -> Option<Self> {
        let found = Self::in_value(line).filter(|found| found.form.start == "#{")?;
        let before = &line[..found.range.start];
        (before.ends_with([' ', '\t']) && is_bare(before)).then_some(found)
    }

    /// One that takes the place of a line, or of an element of a list.
    fn all_of_line(line: &str) -> Option<Self> {
        let text = line.trim();
        let found = Self::in_value(text).filter(|found| found.range == (0..text.len()))?;
        let before = line.len() - line.trim_start().len();
        Some(Self {
            range: before..before + text.len(),
            form: found.form,
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

    /// Whether it stands for one value, in signs that no markup and no template of ours has.
    pub fn is_variable(&self) -> bool {
        self.form.start != "<" && !self.form.start.starts_with('{')
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
    /// The first in a text.
    fn find(&'static self, text: &str) -> Option<Placeholder> {
        text.match_indices(self.start).find_map(|(start, _)| {
            let inside = start + self.start.len();
            let rest = self.inside.window(&text[inside..]);
            let length = rest.find(self.end)?;
            let name = rest[..length].trim();
            (!name.is_empty() && self.inside.is(name)).then_some(Placeholder {
                range: start..inside + length + self.end.len(),
                form: self,
            })
        })
    }
}

impl Inside {
    /// Where the end is looked for. Of names not far: a text of many starts would take quadratic time.
    fn window<'t>(&self, text: &'t str) -> &'t str {
        const LONGEST: usize = 64;
        let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
        match (self, end) {
            (Self::Words | Self::Capitals, Some(end)) => &text[..end],
            _ => text,
        }
    }

    fn is(&self, name: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Words => name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.')),
            Self::Directive => {
                let word = name.trim_start_matches('~').split_whitespace().next();
                let word = word.map(|word| word.trim_end_matches('~'));
                word.is_some_and(|word| matches!(word, "if" | "else" | "endif" | "for" | "endfor"))
            }
            Self::Capitals => {
                name.starts_with(|c: char| c.is_ascii_uppercase())
                    && name
                        .chars()
                        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            }
        }
    }
}

/// Whether YAML reads what follows the start of a line as it stands: no quotes are open and no comment has begun. An
/// apostrophe in a word opens none.
fn is_bare(before: &str) -> bool {
    let (mut open, mut last) = (None, ' ');
    for c in before.chars() {
        let starts = matches!(last, ' ' | '\t' | '{' | '[' | ',' | ':');
        match open {
            Some(quote) if c == quote => open = None,
            None if starts && matches!(c, '"' | '\'') => open = Some(c),
            None if c == '#' && matches!(last, ' ' | '\t') => return false,
            _ => {}
        }
        last = c;
    }
    open.is_none()
}

/// Whether a bracket is open behind the start of a line.
fn is_in_brackets(before: &str) -> bool {
    let count = |signs: [char; 2]| before.matches(signs).count();
    count(['{', '[']) > count(['}', ']'])
}

/// Two digits behind a `%` are a byte of a URL.
fn percent(text: &str) -> Option<Placeholder> {
    let found = PERCENT.find(text)?;
    let name = &text[found.range.start + 1..found.range.end - 1];
    let is_byte = name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_byte).then_some(found)
}

/// Variables are in capitals by custom; anything else behind a `$` may be meant.
fn variable(text: &str) -> Option<Placeholder> {
    text.match_indices('$').find_map(|(start, _)| {
        let name = text[start + 1..]
            .chars()
            .take_while(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_'))
            .count();
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
