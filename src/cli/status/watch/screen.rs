//! The other screen of a terminal, on which a later text takes the place of an earlier one.

use crate::cli::failure::CommandFailure;
use crate::cli::output;

/// To the other screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";

/// Back to the first, as it was, with the cursor.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// The other screen. It is left when this is dropped.
pub(super) struct Screen;

impl Screen {
    pub(super) fn enter() -> Result<Self, CommandFailure> {
        output::exact(ENTER)?;
        Ok(Self)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where this cannot be written there is no terminal any more.
        let _ = output::exact(LEAVE);
    }
}

/// Shows these in place of what was there before.
pub(super) fn draw(trouble: &str, text: &str) -> Result<(), CommandFailure> {
    let (width, height) = (output::stdout_width(), output::stdout_height());
    output::exact(&drawn(trouble, text, width, height))
}

/// Both texts from the first line on, without the lines for which there is no room.
fn drawn(trouble: &str, text: &str, width: usize, height: usize) -> String {
    let mut room = height.saturating_sub(1);
    let lines: Vec<_> = trouble
        .lines()
        .chain(text.trim_end_matches('\n').lines())
        .collect();
    let mut drawn = "\x1b[H".to_owned();
    let mut left = lines.len();
    for line in &lines {
        // A sentence may need several lines of the terminal.
        let needed = line.chars().count().div_ceil(width.max(1)).max(1);
        let Some(rest) = room.checked_sub(needed) else {
            break;
        };
        (room, left) = (rest, left - 1);
        drawn.extend([*line, "\x1b[K\n"]);
    }
    if left > 0 {
        drawn.extend(["… ", &left.to_string(), " more lines\x1b[K"]);
    }
    drawn.push_str("\x1b[J");
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted_and_the_last_line_of_the_terminal_scrolls_nothing_away() {
        let shown = |width, height| drawn("trouble\n", "one\ntwo\nthree and more\n", width, height);
        assert_eq!(
            shown(80, 5),
            "\x1b[Htrouble\x1b[K\none\x1b[K\ntwo\x1b[K\nthree and more\x1b[K\n\x1b[J"
        );
        assert_eq!(
            shown(80, 4),
            "\x1b[Htrouble\x1b[K\none\x1b[K\ntwo\x1b[K\n… 1 more lines\x1b[K\x1b[J"
        );
        assert!(
            shown(10, 5).contains("… 1 more lines"),
            "the last needs two lines"
        );
        for (width, height) in [(0, 0), (1, 1), (80, 0)] {
            let text = shown(width, height);
            assert!(!text.contains('\n'), "{text:?}");
        }
    }
}
