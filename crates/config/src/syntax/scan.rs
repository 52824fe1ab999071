//! The words of JSON5: white space and comments, strings, numbers, names.

use super::SyntaxError;
use std::ops::Range;

/// A place in a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes `wanted` if it comes next.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Passes white space and comments.
    pub(super) fn skip(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.take_while(|c| c.is_whitespace() || c == '\u{feff}');
            if self.rest().starts_with("//") {
                self.take_while(|c| !is_line_end(c));
            } else if self.rest().starts_with("/*") {
                let Some(end) = self.rest().find("*/") else {
                    return Err(self.error_here(2, "a comment without an end"));
                };
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    /// A name: a bare key, or a word such as `true`.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        self.peek().filter(|c| c.is_alphabetic() || matches!(c, '$' | '_'))?;
        Some(self.take_while(|c| c.is_alphanumeric() || matches!(c, '$' | '_')))
    }

    /// What looks like a number or an unquoted word, for an error to show.
    pub(super) fn word(&mut self) -> Range<usize> {
        let start = self.at;
        let word = self.take_while(|c| c.is_alphanumeric() || matches!(c, '$' | '_' | '.'));
        if word.is_empty() {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        start..self.at
    }

    /// A number, with its sign. The text is how JSON writes it.
    pub(super) fn number(&mut self) -> Result<(f64, String), SyntaxError> {
        let start = self.at;
        let mut last = ' ';
        let word = self.take_while(|c| {
            let sign = matches!(c, '+' | '-') && matches!(last, ' ' | 'e' | 'E' | '+' | '-');
            last = c;
            sign || c.is_alphanumeric() || matches!(c, '.' | '_')
        });
        number(word).ok_or_else(|| SyntaxError {
            span: start..self.at,
            message: format!("`{word}` is not a number"),
        })
    }

    /// A string, from its opening quote.
    pub(super) fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let Some(quote) = self.peek() else {
            return Err(self.error_here(0, "the text ends here"));
        };
        self.at += quote.len_utf8();
        let mut value = String::new();
        loop {
            let plain = self.take_while(|c| c != quote && c != '\\' && c != '\n' && c != '\r');
            value.push_str(plain);
            if self.take(quote) {
                return Ok(value);
            }
            if !self.take('\\') {
                let message = format!("a string without its closing {quote}");
                return Err(SyntaxError { span: start..self.at, message });
            }
            self.escape(&mut value)?;
        }
    }

    pub(super) fn error_here(&self, length: usize, message: &str) -> SyntaxError {
        let end = (self.at + length).min(self.text.len());
        SyntaxError { span: self.at..end, message: message.to_owned() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// What stands for the characters after a backslash.
    fn escape(&mut self, into: &mut String) -> Result<(), SyntaxError> {
        let Some(c) = self.peek() else {
            return Err(self.error_here(0, "the text ends here"));
        };
        let start = self.at;
        self.at += c.len_utf8();
        match c {
            'n' => into.push('\n'),
            't' => into.push('\t'),
            'r' => into.push('\r'),
            'b' => into.push('\u{8}'),
            'f' => into.push('\u{c}'),
            'v' => into.push('\u{b}'),
            '0' => into.push('\0'),
            'x' => into.push(self.unit(start, 2).map(char::from_u32)?.unwrap_or_default()),
            'u' => into.push(self.unicode(start)?),
            '\r' => {
                self.take('\n');
            }
            c if is_line_end(c) => {}
            c => into.push(c),
        }
        Ok(())
    }

    /// `\uXXXX`, or two that make one character (a surrogate pair).
    fn unicode(&mut self, start: usize) -> Result<char, SyntaxError> {
        let high = self.unit(start, 4)?;
        let mut units = vec![u16::try_from(high).unwrap_or_default()];
        if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            self.at += 2;
            units.push(u16::try_from(self.unit(start, 4)?).unwrap_or_default());
        }
        let decoded = char::decode_utf16(units).next().and_then(Result::ok);
        decoded.ok_or_else(|| SyntaxError {
            span: start..self.at,
            message: "half of a surrogate pair".to_owned(),
        })
    }

    fn unit(&mut self, start: usize, digits: usize) -> Result<u32, SyntaxError> {
        let word = self.rest().get(..digits);
        let word = word.filter(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = word.and_then(|word| u32::from_str_radix(word, 16).ok());
        let end = self.text.floor_char_boundary(self.at + digits);
        let message = format!("an escape of {digits} hexadecimal digits is cut short");
        self.at += if unit.is_some() { digits } else { 0 };
        unit.ok_or(SyntaxError { span: start..end, message })
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Reads a number of JSON5. Whole decimal numbers print as written, so that an identifier of many
/// digits keeps each of them.
fn number(word: &str) -> Option<(f64, String)> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let first = digits.bytes().next()?;
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let value = u64::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))?;
        #[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
        let number = value as f64;
        return Some((if sign.is_empty() { number } else { -number }, format!("{sign}{value}")));
    }
    if !(first.is_ascii_digit() || first == b'.' || digits == "Infinity" || digits == "NaN") {
        return None;
    }
    let number: f64 = format!("{sign}{digits}").parse().ok()?;
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !leading_zero {
        return Some((number, format!("{sign}{digits}")));
    }
    let looks_octal = leading_zero && digits.as_bytes()[1].is_ascii_digit();
    (!looks_octal).then(|| (number, printed(number)))
}

/// A number as JavaScript prints it.
pub(super) fn printed(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e21 {
        return format!("{number}");
    }
    serde_json::json!(number).to_string()
}
