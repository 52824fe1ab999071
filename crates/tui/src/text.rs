//! What apps write, made safe for the terminal: colours are understood, all other control sequences
//! are taken out.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// A tab goes to the next column that this divides.
const TAB: usize = 8;
/// A line is shown to this many bytes.
const BYTES_MAX: usize = 16 * 1024;

/// A line as spans without any control character. With `colours` its own colours are kept.
pub(crate) fn spans(line: &[u8], base: Style, colours: bool) -> Vec<Span<'static>> {
    let text = String::from_utf8_lossy(&line[..line.len().min(BYTES_MAX)]);
    let mut spans = Vec::new();
    let mut style = base;
    let mut run = String::new();
    let mut column = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                let painted = escape(&mut letters);
                if let Some(codes) = painted.filter(|_| colours) {
                    if !run.is_empty() {
                        spans.push(Span::styled(std::mem::take(&mut run), style));
                    }
                    style = paint(style, base, &codes);
                }
            }
            '\t' => {
                let wide = TAB - column % TAB;
                run.extend(std::iter::repeat_n(' ', wide));
                column += wide;
            }
            _ if is_unsafe(letter) => {}
            _ => {
                run.push(letter);
                column += 1;
            }
        }
    }
    if !run.is_empty() {
        spans.push(Span::styled(run, style));
    }
    spans
}

/// Text without control characters.
pub(crate) fn plain(text: &str) -> String {
    spans(text.as_bytes(), Style::new(), false).into_iter().map(|span| span.content).collect()
}

/// Characters that move the cursor, or that turn the direction of what follows.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Reads what follows an escape character. Returns the codes of one that paints (SGR).
fn escape(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Vec<u16>> {
    match letters.peek() {
        Some('[') => {
            letters.next();
            let mut body = String::new();
            for letter in letters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&letter) {
                    return (letter == 'm').then(|| codes(&body));
                }
                body.push(letter);
            }
            None
        }
        // Strings for the terminal itself, such as its title: up to their end.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(letter) = letters.next() {
                if letter == '\u{7}' || letter == '\u{9c}' {
                    break;
                }
                if letter == '\u{1b}' {
                    letters.next_if_eq(&'\\');
                    break;
                }
            }
            None
        }
        _ => {
            // Bytes between are parts of it, then one more.
            while letters.next_if(|letter| ('\u{20}'..='\u{2f}').contains(letter)).is_some() {}
            letters.next_if(|letter| ('\u{30}'..='\u{7e}').contains(letter));
            None
        }
    }
}

fn codes(body: &str) -> Vec<u16> {
    body.split([';', ':']).map(|code| code.parse().unwrap_or(0)).collect()
}

fn paint(mut style: Style, base: Style, codes: &[u16]) -> Style {
    let mut codes = codes.iter().copied();
    while let Some(code) = codes.next() {
        style = match code {
            0 => base,
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
            23 => style.remove_modifier(Modifier::ITALIC),
            24 => style.remove_modifier(Modifier::UNDERLINED),
            27 => style.remove_modifier(Modifier::REVERSED),
            30..=37 => style.fg(basic(code - 30)),
            40..=47 => style.bg(basic(code - 40)),
            90..=97 => style.fg(bright(code - 90)),
            100..=107 => style.bg(bright(code - 100)),
            39 => Style { fg: base.fg, ..style },
            49 => Style { bg: base.bg, ..style },
            38 => extended(&mut codes).map_or(style, |colour| style.fg(colour)),
            48 => extended(&mut codes).map_or(style, |colour| style.bg(colour)),
            _ => style,
        };
    }
    style
}

fn basic(code: u16) -> Color {
    [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
    ][usize::from(code % 8)]
}

fn bright(code: u16) -> Color {
    [
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ][usize::from(code % 8)]
}

fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<Color> {
    let byte = |code: Option<u16>| u8::try_from(code?).ok();
    match codes.next()? {
        5 => byte(codes.next()).map(Color::Indexed),
        2 => {
            let (red, green, blue) = (codes.next(), codes.next(), codes.next());
            Some(Color::Rgb(byte(red)?, byte(green)?, byte(blue)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_kept_and_all_else_is_taken_out() {
        for (line, text) in [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\x1b[2Jb\x1b[1;1Hc", "abc"),
            ("a\x1b]0;title\x07b\x1b]52;c;xxxx\x1b\\c", "abc"),
            ("a\x1bPq#0\x1b\\b\x1b(0c\x1bcd", "abcd"),
            ("a\rb\x08c\x07d\x0ee", "abcde"),
            ("a\tb", "a       b"),
            ("\u{202e}abc\u{2066}", "abc"),
            ("cut \x1b[3", "cut "),
            ("cut \x1b]0;x", "cut "),
            ("c1 \u{9b}2J", "c1 2J"),
        ] {
            assert_eq!(plain(line), text, "{line:?}");
        }
        let found = spans(b"x\x1b[1;31my\x1b[39mz\x1b[0m!", Style::new(), true);
        let red = Style::new().add_modifier(Modifier::BOLD).fg(Color::Red);
        assert_eq!(found[1], Span::styled("y", red));
        assert_eq!(found[2].style.fg, None);
        assert_eq!(found[3], Span::styled("!", Style::new()));
        let found = spans(b"\x1b[38;5;200ma\x1b[48;2;1;2;3mb", Style::new(), true);
        assert_eq!(found[0].style.fg, Some(Color::Indexed(200)));
        assert_eq!(found[1].style.bg, Some(Color::Rgb(1, 2, 3)));
    }

    proptest! {
        #[test]
        fn nothing_that_controls_a_terminal_comes_out(
            bytes in proptest::collection::vec(
                prop_oneof![Just(0x1b), Just(b'['), Just(b']'), Just(b'm'), Just(0x9b), any::<u8>()],
                0..200,
            ),
        ) {
            for span in spans(&bytes, Style::new(), true) {
                prop_assert!(!span.content.chars().any(is_unsafe), "{:?}", span.content);
            }
        }
    }
}
