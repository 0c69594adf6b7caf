//! Characters that word processors and copied pages put in the place of those that YAML and templates know.

/// What a character is taken for, and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OddCharacter {
    /// Quotes.
    Quote,
    /// A blank.
    Space,
    /// Nothing: no word of any language is made of it.
    Invisible,
}

impl OddCharacter {
    /// What a character is, if it is one of them.
    pub const fn of(c: char) -> Option<Self> {
        Some(match c {
            '\u{2018}'..='\u{201f}' | '\u{ff02}' | '\u{ff07}' | '«' | '»' => Self::Quote,
            '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{3000}' => Self::Space,
            '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{200b}' | '\u{2060}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' => Self::Invisible,
            _ => return None,
        })
    }

    /// What is wrong with it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Quote => "typographic quotes are not quotes",
            Self::Space => "a no-break space is not a space",
            Self::Invisible => "a character that cannot be seen stands here, such as a zero-width space",
        }
    }

    /// What to do.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Quote => "write `\"` or `'` in their place",
            Self::Space => "type a space in its place; it looks the same",
            Self::Invisible => "type the word again; a copied one brings it back",
        }
    }
}
