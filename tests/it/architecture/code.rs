//! The words and signs of a source file, and the paths that it names. Text of strings and comments is none of them.

use std::collections::BTreeMap;

/// A path, element by element.
pub(super) type Names = Vec<String>;

/// What a source file names, tests aside.
#[derive(Default)]
pub(super) struct Code {
    /// What `use` binds: the name, and the path as written.
    pub(super) bound: BTreeMap<String, Names>,
    /// Every path, of `use` and of other code.
    pub(super) named: Vec<Names>,
    /// The modules that it declares for tests only.
    pub(super) test_modules: Vec<String>,
    /// What this reader cannot follow: modules inside the file, and `use` of everything in another.
    pub(super) unreadable: Vec<String>,
}

impl Code {
    pub(super) fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut code = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            at = code.take(&tokens, at);
        }
        code
    }

    /// Takes what starts at a token; gives where the rest starts.
    fn take(&mut self, tokens: &[&str], at: usize) -> usize {
        let next = |ahead: usize| tokens.get(at + ahead).copied().unwrap_or_default();
        let before = at.checked_sub(1).map_or("", |before| tokens[before]);
        match tokens[at] {
            "#" if let Some(attribute) = for_tests(&tokens[at..]) => {
                let end = end_of_item(tokens, at + attribute);
                let item = &tokens[at..end];
                if let Some(word) = item.iter().position(|token| *token == "mod") {
                    self.test_modules.push(item[word + 1].to_owned());
                }
                end
            }
            // `use<'a>` says what a type captures.
            "use" if next(1) != "<" => self.take_use(tokens, at + 1, &mut Names::new()),
            "mod" if next(2) == "{" => {
                self.unreadable.push(format!("mod {} {{", next(1)));
                at + 1
            }
            token if is_word(token) && next(1) == "::" && before != "::" => {
                let mut names = vec![token.to_owned()];
                let mut end = at + 1;
                while tokens.get(end) == Some(&"::")
                    && tokens.get(end + 1).is_some_and(|token| is_word(token))
                {
                    names.push(tokens[end + 1].to_owned());
                    end += 2;
                }
                self.named.push(names);
                end
            }
            _ => at + 1,
        }
    }

    /// Takes one branch of a `use`; gives where the rest starts.
    fn take_use(&mut self, tokens: &[&str], mut at: usize, names: &mut Names) -> usize {
        let depth = names.len();
        loop {
            match tokens[at] {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while tokens[at] != "}" {
                        at = self.take_use(tokens, at, names);
                        at += usize::from(tokens[at] == ",");
                    }
                    at += 1;
                    break;
                }
                "*" => {
                    // Other crates' preludes are made for it.
                    if matches!(names[0].as_str(), "crate" | "self" | "super") {
                        self.unreadable.push(format!("use {}::*", names.join("::")));
                    }
                    at += 1;
                    break;
                }
                word => {
                    names.push(word.to_owned());
                    at += 1;
                    if tokens[at] != "::" {
                        at = self.bind(tokens, at, names);
                        break;
                    }
                }
            }
        }
        names.truncate(depth);
        at
    }

    /// Takes the end of a branch, and another name for it if there is one; gives where the rest starts.
    fn bind(&mut self, tokens: &[&str], at: usize, names: &mut Names) -> usize {
        names.pop_if(|last| last == "self");
        let renamed = (tokens[at] == "as").then(|| tokens[at + 1]);
        if let Some(name) = renamed.or(names.last().map(String::as_str)) {
            self.bound.insert(name.to_owned(), names.clone());
        }
        self.named.push(names.clone());
        at + if renamed.is_some() { 2 } else { 0 }
    }
}

/// How long the attribute is that starts here, if what follows it is for tests only: those of this crate, or of others too.
fn for_tests(tokens: &[&str]) -> Option<usize> {
    let attributes: [&[&str]; 2] = [
        &["#", "[", "cfg", "(", "test", ")", "]"],
        &[
            "#", "[", "cfg", "(", "any", "(", "test", ",", "feature", "=", ")", ")", "]",
        ],
    ];
    let starts = attributes
        .into_iter()
        .find(|attribute| tokens.starts_with(attribute));
    starts.map(<[_]>::len)
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Where the item ends that starts here, attributes before it included.
fn end_of_item(tokens: &[&str], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut is_use = false;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match *token {
            "use" if depth == 0 => is_use = true,
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *token == "}" && !is_use {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = literal(rest) {
            length
        } else {
            let word = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            tokens.push(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long the text or character is that starts here, if one does.
fn literal(text: &str) -> Option<usize> {
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(inside) = raw[hashes..].strip_prefix('"') {
            let end = format!("\"{}", &raw[..hashes]);
            let length = inside.find(&end).unwrap_or(inside.len());
            return Some(prefix + 1 + hashes + 1 + length + end.len());
        }
    }
    let quote = unprefixed
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let mut escaped = false;
    for (at, char) in unprefixed.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == quote => return Some(prefix + at + 1),
            // A lifetime has no second quote.
            _ if quote == '\''
                && unprefixed[1..].chars().nth(1) != Some('\'')
                && !unprefixed[1..].starts_with('\\') =>
            {
                return None;
            }
            _ => {}
        }
    }
    None
}
