//! How grave a line is, by what its logger or its words say.

use crate::fields;
use std::fmt;
use std::str::FromStr;

/// The levels that loggers have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Steps; winston's `silly`.
    Trace,
    /// For those who look for a fault; also `verbose`.
    Debug,
    /// As it should be; also `http` and `notice`.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
    /// The end of the process, or of more; also `critical`, `alert`, `emerg`, `panic`.
    Fatal,
}

impl Level {
    /// All, from the least grave.
    pub const ALL: [Self; 6] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level that a line tells: the member `level` of a JSON object as pino (numbers), winston
    /// and bunyan write it, or a word near the start that stands as loggers write levels: in
    /// capitals, in brackets, first of all, before a colon, or behind `level=`.
    pub fn of_line(line: &[u8]) -> Option<Self> {
        match fields::of(line) {
            Some(members) => Self::of_object(members),
            None => Self::of_text(line),
        }
    }

    fn of_object(members: fields::Fields<'_>) -> Option<Self> {
        let mut message = None;
        for (key, value) in members {
            match key {
                b"level" | b"severity" | b"lvl" | b"levelname" => {
                    return match fields::text(value) {
                        Some(name) => Self::named(name),
                        None => Self::numbered(value),
                    };
                }
                b"message" | b"msg" => message = fields::text(value),
                _ => {}
            }
        }
        message.and_then(Self::of_text)
    }

    fn of_text(line: &[u8]) -> Option<Self> {
        let head = &line[..line.len().min(LOOKED_AT)];
        let mut at = 0;
        while at < head.len() {
            if head[at] == ESCAPE {
                at += escape(&head[at..]);
                continue;
            }
            let length = head[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            if length > 0 {
                let found =
                    Self::of_word(&head[..at], &head[at..at + length], &head[at + length..]);
                if found.is_some() {
                    return found;
                }
            }
            at += length.max(1);
        }
        None
    }

    /// The level of a word, by what is before and behind it.
    fn of_word(before: &[u8], word: &[u8], after: &[u8]) -> Option<Self> {
        let ends_with = |tail: &[u8]| word.len() > tail.len() && word.ends_with(tail);
        // Loggers paint levels.
        let after = match after.first() {
            Some(&ESCAPE) => &after[escape(after)..],
            _ => after,
        };
        let next = after.first().copied();
        // `TypeError: …`, `java.io.IOException: …`.
        if next == Some(b':') && (ends_with(b"Error") || ends_with(b"Exception")) {
            return Some(Self::Error);
        }
        let level = Self::named(word)?;
        let previous = before.iter().rev().copied().find(|byte| !matches!(byte, b'"' | b' '));
        let opened = matches!(before.last(), Some(b'[' | b'<' | b'(' | b'|'));
        let is_capital = word.iter().all(u8::is_ascii_uppercase)
            && !before.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            && !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // The first word of a line, but for the letters of a time.
        let begins = before.iter().all(|byte| !byte.is_ascii_alphabetic() || b"TZ".contains(byte))
            && matches!(next, Some(b' ' | b'\t'))
            && USUAL.iter().any(|name| word.eq_ignore_ascii_case(name));
        let stands = is_capital
            || begins
            || (next == Some(b':') && after.get(1) != Some(&b'/'))
            || (opened && matches!(next, Some(b']' | b'>' | b')' | b'|')))
            || previous == Some(b'=');
        stands.then_some(level)
    }

    /// The level of this name, in any case.
    fn named(name: &[u8]) -> Option<Self> {
        let mut lower = [0; 9];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"silly" | b"finest" => Self::Trace,
            b"debug" | b"verbose" | b"fine" | b"dbg" => Self::Debug,
            b"info" | b"http" | b"notice" | b"log" | b"inf" => Self::Info,
            b"warn" | b"warning" | b"wrn" => Self::Warn,
            b"error" | b"err" | b"severe" => Self::Error,
            b"fatal" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency" | b"panic" => {
                Self::Fatal
            }
            _ => return None,
        })
    }

    /// The level of a number of pino and bunyan: 10 is `trace`, 60 `fatal`.
    fn numbered(value: &[u8]) -> Option<Self> {
        let number: u32 = std::str::from_utf8(value).ok()?.parse().ok()?;
        Some(match number {
            0..=10 => Self::Trace,
            11..=20 => Self::Debug,
            21..=30 => Self::Info,
            31..=40 => Self::Warn,
            41..=50 => Self::Error,
            _ => Self::Fatal,
        })
    }
}

/// Names with which lines begin that are levels; others of them are words like any.
const USUAL: [&[u8]; 8] =
    [b"trace", b"debug", b"verbose", b"info", b"warn", b"warning", b"error", b"fatal"];
/// A level stands near the start of a line; so many bytes are looked at.
const LOOKED_AT: usize = 120;
const ESCAPE: u8 = 0x1b;

/// How many bytes an escape sequence of colours has.
fn escape(text: &[u8]) -> usize {
    let end = text.iter().skip(1).position(u8::is_ascii_alphabetic);
    end.map_or(text.len(), |end| end + 2)
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::named(text.as_bytes()).or_else(|| Self::numbered(text.as_bytes()));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("is no level; levels are {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_tell_their_level() {
        for (line, level) in [
            (r#"{"level":30,"time":1,"msg":"x"}"#, Some(Level::Info)),
            (r#"{"level":50,"time":1,"msg":"INFO"}"#, Some(Level::Error)),
            (r#"{"message":"x","level":"warn"}"#, Some(Level::Warn)),
            (r#"{"name":"a","level":60,"v":0}"#, Some(Level::Fatal)),
            (r#"{"severity":"CRITICAL","message":"x"}"#, Some(Level::Fatal)),
            (r#"{"req":{"level":60},"level":"info"}"#, Some(Level::Info)),
            (r#"{"message":"[error] x"}"#, Some(Level::Error)),
            (r#"{"msg":"x"}"#, None),
            (r#"{"level":"loud"}"#, None),
        ] {
            assert_eq!(Level::of_line(line.as_bytes()), level, "{line}");
        }
    }

    #[test]
    fn words_count_where_they_stand_as_levels() {
        for (line, level) in [
            ("ERROR no disk", Some(Level::Error)),
            ("2026-11-29T10:00:00Z  WARN api: slow", Some(Level::Warn)),
            ("[info] started", Some(Level::Info)),
            ("\x1b[32minfo\x1b[39m: started", Some(Level::Info)),
            ("error: no disk", Some(Level::Error)),
            ("level=debug msg=x", Some(Level::Debug)),
            ("TypeError: x is not a function", Some(Level::Error)),
            ("Error: no", Some(Level::Error)),
            ("time=1 level=\"warning\" x", Some(Level::Warn)),
            ("(node:12) Warning: deprecated", Some(Level::Warn)),
            ("http://localhost:3000 is down: error: x", Some(Level::Error)),
            ("debug api GET /health 200", Some(Level::Debug)),
            ("2026-11-29T10:00:00Z warn x", Some(Level::Warn)),
            ("alert sent to all", None),
            ("errors: none", None),
            ("there was an error in it", None),
            ("MY_ERROR_CODE", None),
            ("information", None),
            ("", None),
        ] {
            assert_eq!(Level::of_line(line.as_bytes()), level, "{line}");
        }
    }

    #[test]
    fn names_and_numbers_are_levels() {
        assert_eq!("WARNING".parse(), Ok(Level::Warn));
        assert_eq!("50".parse(), Ok(Level::Error));
        let refusal = "loud".parse::<Level>().unwrap_err();
        assert_eq!(refusal, "is no level; levels are trace, debug, info, warn, error, fatal");
    }
}
