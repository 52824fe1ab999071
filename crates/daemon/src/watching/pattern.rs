//! Which paths a word of `watch` or `ignore_watch` means: a path, a glob, or a regular expression,
//! all of which PM2 takes in the same place.

use regex_lite::Regex;
use std::path::Path;

/// One word.
#[derive(Debug)]
pub(super) enum Pattern {
    /// This path and all below; without a slash, any name on the way.
    Path(String),
    /// What a glob matches, and all below; of the whole path when it has a slash, else of a name.
    Glob { regex: Regex, of_name: bool },
    /// What a regular expression finds in the path, which begins with a slash.
    Regex(Regex),
}

impl Pattern {
    /// Reads a word. One that is no good expression is a path.
    pub(super) fn read(word: &str) -> Self {
        let plain = word.trim_start_matches("./").trim_end_matches('/');
        let plain = plain.strip_suffix("/**").unwrap_or(plain);
        if is_regex(word)
            && let Ok(regex) = Regex::new(word)
        {
            return Self::Regex(regex);
        }
        if is_glob(plain)
            && let Ok(regex) = Regex::new(&format!("^(?:{})$", glob(plain)))
        {
            return Self::Glob { regex, of_name: !plain.contains('/') };
        }
        Self::Path(plain.to_owned())
    }

    /// Whether it means `path`, or the folder `cwd`-relative of it; `path` is absolute.
    pub(super) fn means(&self, path: &Path, cwd: &Path) -> bool {
        let whole = path.to_string_lossy();
        let inner = path.strip_prefix(cwd).map(|inner| inner.to_string_lossy());
        let inner = inner.as_deref().unwrap_or(&whole);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match self {
            Self::Path(wanted) if wanted.starts_with('/') => is_below(&whole, wanted),
            Self::Path(wanted) if wanted.contains('/') => is_below(inner, wanted),
            Self::Path(wanted) => *wanted == name,
            Self::Glob { regex, of_name: true } => regex.is_match(&name),
            Self::Glob { regex, .. } if regex.as_str().starts_with("^(?:/") => {
                regex.is_match(&whole)
            }
            Self::Glob { regex, .. } => regex.is_match(inner),
            Self::Regex(regex) => regex.is_match(&format!("/{}", inner.trim_start_matches('/'))),
        }
    }
}

/// The part of a word before the first name that stands for several, and whether there is one.
pub(super) fn fixed_part(word: &str) -> (&str, bool) {
    if !is_glob(word) {
        return (word, false);
    }
    let mut end = 0;
    for part in word.split_inclusive('/') {
        if is_glob(part) {
            break;
        }
        end += part.len();
    }
    (&word[..end], true)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_glob(word: &str) -> bool {
    word.contains(['*', '?', '{', '['])
}

fn is_regex(word: &str) -> bool {
    word.contains(['\\', '^', '$', '(', '|', '+'])
}

/// A glob as a regular expression: `*`, `?`, `[...]`, `{a,b}`, and `**` for any number of folders.
fn glob(word: &str) -> String {
    let mut regex = String::new();
    let mut rest = word;
    let mut braces = 0;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("**/") {
            regex.push_str("(?:.*/)?");
            3
        } else if rest.starts_with("**") {
            regex.push_str(".*");
            2
        } else {
            match first {
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' | ']' | '-' => regex.push(first),
                '{' => {
                    braces += 1;
                    regex.push_str("(?:");
                }
                '}' if braces > 0 => {
                    braces -= 1;
                    regex.push(')');
                }
                ',' if braces > 0 => regex.push('|'),
                _ => regex.push_str(&regex_lite::escape(&first.to_string())),
            }
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_mean_in_pm2() {
        let cwd = Path::new("/srv/api");
        for (word, means, not) in [
            ("node_modules", vec!["node_modules", "a/node_modules"], vec!["my_node_modules"]),
            ("./logs/", vec!["logs", "a/logs"], vec!["logs2"]),
            ("src/tmp", vec!["src/tmp", "src/tmp/a"], vec!["tmp", "src/tmp2"]),
            ("/srv/api/data", vec!["data", "data/x"], vec!["database"]),
            ("*.log", vec!["a.log", "b/c.log"], vec!["a.log.txt", "log"]),
            ("src/*.js", vec!["src/a.js"], vec!["a.js", "src/b/c.js"]),
            ("src/**/*.js", vec!["src/a.js", "src/b/c.js"], vec!["src/a.ts"]),
            ("*.{js,ts}", vec!["a.js", "b/a.ts"], vec!["a.jsx"]),
            ("tmp/**", vec!["tmp"], vec!["src"]),
            ("[ab].txt", vec!["a.txt"], vec!["c.txt"]),
            ("\\.git", vec![".git", "a/.git"], vec!["git"]),
            ("[\\/\\\\]\\.", vec![".env", "a/.env"], vec!["x.y"]),
            ("^/tmp", vec!["tmp"], vec!["a/tmp"]),
            ("a(", vec!["a("], vec!["a"]),
        ] {
            let pattern = Pattern::read(word);
            for path in means {
                let whole = Path::new("/srv/api/").as_os_str().to_str().unwrap().to_owned() + path;
                assert!(pattern.means(Path::new(&whole), cwd), "{word} means {path}: {pattern:?}");
            }
            for path in not {
                let whole = format!("/srv/api/{path}");
                assert!(!pattern.means(Path::new(&whole), cwd), "{word} not {path}: {pattern:?}");
            }
        }
    }

    #[test]
    fn the_fixed_part_is_what_can_be_watched() {
        assert_eq!(fixed_part("src/**/*.js"), ("src/", true));
        assert_eq!(fixed_part("*.js"), ("", true));
        assert_eq!(fixed_part("/srv/a?/b"), ("/srv/", true));
        assert_eq!(fixed_part("src"), ("src", false));
    }
}
