//! YAML as a tree that can be changed and written again: keys keep their order, and values their quotes.
//!
//! `read` makes it, `write` writes it down.

use encoding::yaml::is_plain;

/// A value, list or mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A single value.
    Scalar(Scalar),
    /// Its elements.
    List(Vec<Self>),
    /// Its keys and values, in order.
    Map(Vec<(Scalar, Self)>),
}

/// A single value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Escapes resolved.
    pub(super) text: String,
    /// Whether it has no quotes, and may be a number, a boolean or null therefore.
    pub(super) plain: bool,
}

impl Node {
    /// A text that is a text to every reader.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let plain = is_plain(&text);
        Self::Scalar(Scalar { text, plain })
    }

    /// A number, as it is written.
    pub(super) fn number(text: &str) -> Self {
        Self::Scalar(Scalar {
            text: text.trim_start_matches('0').to_owned(),
            plain: true,
        })
    }

    /// Whether YAML reads it as null.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { text, plain: true })
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a single value that is not null.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) if !self.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// The value of a key; none where it is not there, or null.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        let found = entries.iter().find(|(name, _)| name.text == key);
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The value at the end of these keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a key's value.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }

    /// Its elements; none when it is no list.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Scalar(_) | Self::Map(_) => &[],
        }
    }

    /// The elements of the list at the end of these keys.
    pub(super) fn items_at(&self, path: &[&str]) -> &[Self] {
        self.at(path).map_or(&[], Self::items)
    }

    /// The elements of a key's list.
    pub(super) fn items_of(&self, key: &str) -> &[Self] {
        self.items_at(&[key])
    }

    /// Its keys and values; none when it is no mapping.
    pub(super) fn entries(&self) -> &[(Scalar, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::Scalar(_) | Self::List(_) => &[],
        }
    }

    /// How many nodes it is.
    pub(super) fn size(&self) -> usize {
        let below: usize = match self {
            Self::Scalar(_) => 0,
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Map(entries) => entries.iter().map(|(_, value)| value.size() + 1).sum(),
        };
        below + 1
    }

    /// The value of a key, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else { return None };
        let found = entries.iter_mut().find(|(name, _)| name.text == key);
        found.map(|(_, value)| value)
    }

    /// The list under a key, which is made where there is none.
    pub(super) fn list_mut(&mut self, key: &str) -> &mut Vec<Self> {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else {
            unreachable!("it is a mapping now")
        };
        let at = entries
            .iter()
            .position(|(name, _)| name.text == key)
            .unwrap_or_else(|| {
                entries.push((Scalar::key(key), Self::List(Vec::new())));
                entries.len() - 1
            });
        let value = &mut entries[at].1;
        if !matches!(value, Self::List(_)) {
            *value = Self::List(Vec::new());
        }
        let Self::List(items) = value else {
            unreachable!("it is a list now")
        };
        items
    }
}

impl Scalar {
    /// Whether some version of YAML reads it as a boolean or a number.
    pub(super) fn is_no_text(&self) -> bool {
        const BOOLEANS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "y", "n"];
        let is_boolean = BOOLEANS.iter().any(|word| self.text.eq_ignore_ascii_case(word));
        let number = self.text.trim_start_matches(['+', '-']).replace('_', "");
        let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && (number.parse::<f64>().is_ok()
                || ["0x", "0o", "0b", ".inf", ".nan"]
                    .iter()
                    .any(|start| number.to_ascii_lowercase().starts_with(start)));
        self.plain && (is_boolean || is_number)
    }

    fn key(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            plain: true,
        }
    }
}
