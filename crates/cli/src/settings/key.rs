//! The key of a setting: `group:name`, `group.name`, or a name alone.

use rpm_proto::{Code, Fault};

/// Names that mean something else to the JavaScript programs that read the file.
const RESERVED: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// The names on the way to a setting, outermost first; one or more, none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(Vec<String>);

impl Key {
    /// Reads a key. Dots separate names, or colons where there is no dot; in quotes they do not.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let parts = match split(text, '.') {
            parts if parts.len() > 1 => parts,
            _ => split(text, ':'),
        };
        let fault = |why: &str| {
            Fault::new(Code::Usage, format!("`{text}` cannot be the key of a setting"))
                .because(why)
                .help("write for example `my-app:port`")
        };
        if parts.iter().any(String::is_empty) {
            return Err(fault("a part of it is empty"));
        }
        if parts.iter().any(|part| RESERVED.contains(&part.as_str())) {
            return Err(fault("the name is taken in JavaScript"));
        }
        Ok(Self(parts))
    }

    /// The names.
    pub(crate) fn parts(&self) -> &[String] {
        &self.0
    }

    /// The app or module whose setting it is.
    pub(crate) fn group(&self) -> Option<&str> {
        self.0.first().filter(|_| self.0.len() > 1).map(String::as_str)
    }
}

/// The parts of a text; a separator between quotes is part of one, and the quotes are not.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == separator => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_win_over_colons_and_quotes_keep_both() {
        for (text, parts) in [
            ("a:b", &["a", "b"][..]),
            ("a.b.c", &["a", "b", "c"]),
            ("a.b:c", &["a", "b:c"]),
            ("top", &["top"]),
            ("pm2-logrotate:max_size", &["pm2-logrotate", "max_size"]),
            ("\"@pm2/io.x\":key", &["@pm2/io.x", "key"]),
            ("a.'b.c'", &["a", "b.c"]),
        ] {
            assert_eq!(Key::read(text).unwrap().parts(), parts, "{text}");
        }
        for text in ["", ":", "a:", ".b", "__proto__:x", "a.constructor"] {
            assert!(Key::read(text).is_err(), "{text}");
        }
        assert_eq!(Key::read("a:b").unwrap().group(), Some("a"));
        assert_eq!(Key::read("top").unwrap().group(), None);
    }
}
