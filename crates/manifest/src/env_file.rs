//! Lines of `NAME=value`, as `docker` and shells read them.

/// Whether there is nothing but assignments.
pub fn is_env_file(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !is_blank(line)).peekable();
    lines.peek().is_some() && lines.all(|line| name_of(line).is_some())
}

/// Whether a line has no assignment and needs none.
pub fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// The name that a line assigns to.
pub fn name_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, _) = line.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_text_is_not_taken_for_lines() {
        for text in ["", "# only\n", "A: b\n", "- A=b\n", "A=b\nnot one\n", "1A=b\n"] {
            assert!(!is_env_file(text), "{text:?}");
        }
        assert!(is_env_file("\u{feff}A=b\r\n\r\n# c\r\nexport  B='c'\r\n"));
    }
}
