//! What looks like a secret, left out: for texts that leave their owner's hands, such as a bug
//! report.
//!
//! Names tell most: a variable, a flag or a JSON key that is called like a secret is followed by one.
//! Besides these, passwords in URLs and what follows `Bearer` are left out. A guess goes wrong both
//! ways: it hides `MONKEY=1`, and it cannot know that `X=hunter2` is a password.

/// Stands for what is left out.
pub const HIDDEN: &str = "[redacted]";

/// Parts of names that secrets have.
const NAMES: &[&str] = &[
    "SECRET",
    "TOKEN",
    "PASS",
    "PWD",
    "KEY",
    "CREDENTIAL",
    "PRIVATE",
    "DSN",
    "AUTH",
    "COOKIE",
    "SESSION",
    "SALT",
    "CERT",
    "SIGNATURE",
    "WEBHOOK",
];
/// Names that hold such a part and are none: they are needed to understand a report.
const PLAIN: &[&str] = &["PWD", "OLDPWD", "SSH_AUTH_SOCK", "XDG_SESSION_ID", "XDG_SESSION_TYPE"];
/// Words before a secret, as in `Authorization: Bearer abc`.
const SCHEMES: &[&str] = &["bearer", "basic"];

/// Whether what has this name is probably a secret.
pub fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    !PLAIN.contains(&upper.as_str()) && NAMES.iter().any(|part| upper.contains(part))
}

/// The value of a variable, as others may see it.
pub fn value(name: &str, value: &str) -> String {
    if is_secret_name(name) && !value.is_empty() { HIDDEN.to_owned() } else { text(value) }
}

/// Arguments, as others may see them: of `--password=x` and `--password x` the `x` is left out.
pub fn args<'a>(args: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut is_announced = false;
    let mut shown = Vec::new();
    for arg in args {
        let is_flag = arg.starts_with('-');
        if is_announced && !is_flag {
            shown.push(HIDDEN.to_owned());
            is_announced = false;
            continue;
        }
        is_announced = is_flag && !arg.contains('=') && is_secret_name(arg);
        shown.push(text(arg));
    }
    shown
}

/// Free text: log lines, errors. Keeps everything but what is told by its name or its form.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut hides_next = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end_matches(char::is_whitespace);
        let space = &word[bare.len()..];
        if bare.is_empty() {
            shown.push_str(space);
            continue;
        }
        if is_scheme(bare) {
            shown.push_str(bare);
            hides_next = true;
        } else if hides_next {
            shown.push_str(HIDDEN);
            hides_next = false;
        } else {
            hides_next = assignment(bare, &mut shown);
        }
        shown.push_str(space);
    }
    shown
}

/// A word without the quotes and colons around it.
fn letters(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

/// Writes a word: of `name=value` and `"name":value` with a secret's name only the name. Returns
/// whether the value is the next word.
fn assignment(mut word: &str, shown: &mut String) -> bool {
    loop {
        let Some(at) = separator(word).filter(|at| !word[..*at].contains("://")) else {
            shown.push_str(&url(word));
            return false;
        };
        let (name, value) = (&word[..at], &word[at + 1..]);
        shown.push_str(&word[..=at]);
        // What comes before these belongs to something else: `{"a":1,"token":"x"}`.
        let name = name.rsplit(['{', ',', '&', '?', ';', '(', '[']).next().unwrap_or(name);
        if !is_secret_name(name) {
            word = value;
        } else if letters(value).is_empty() || is_scheme(value) {
            shown.push_str(value);
            return true;
        } else {
            shown.push_str(HIDDEN);
            let Some(end) = value.find([',', '&', ';', '}']) else {
                return false;
            };
            word = &value[end..];
        }
    }
}

/// Where the first `=` or `:` is that is not part of `://`.
fn separator(word: &str) -> Option<usize> {
    let is_one = |(at, c): &(usize, char)| match c {
        '=' => true,
        ':' => !word[at + 1..].starts_with("//"),
        _ => false,
    };
    word.char_indices().find(is_one).map(|(at, _)| at)
}

fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|scheme| letters(word).eq_ignore_ascii_case(scheme))
}

/// A URL without its password and without secrets in its query.
fn url(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold the characters that end an address; then the last `@` tells.
    let end = rest.rfind('@').map_or(end, |at| end.max(at + 1));
    let (address, path) = rest.split_at(end);
    let address = match address.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => format!("{HIDDEN}@{host}"),
        },
        None => address.to_owned(),
    };
    format!("{scheme}://{address}{}", query(path))
}

fn query(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
                format!("{name}={HIDDEN}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for name in [
            "SECRET",
            "aws_secret_access_key",
            "GITHUB_TOKEN",
            "db-password",
            "PASSWD",
            "apiKey",
            "Authorization",
            "SENTRY_DSN",
            "--private-file",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PATH", "PORT", "NODE_ENV", "HOME", "PWD", "SSH_AUTH_SOCK", "pm_id"] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert_eq!(value("TOKEN", "x"), HIDDEN);
        assert_eq!(value("TOKEN", ""), "");
        assert_eq!(value("DATABASE_URL", "pg://me:pw@db/x"), "pg://me:[redacted]@db/x");
    }

    #[test]
    fn flags_announce() {
        let words = ["--port", "80", "--password", "hunter2", "--token=abc", "--api-key", "--dry"];
        let shown =
            ["--port", "80", "--password", HIDDEN, "--token=[redacted]", "--api-key", "--dry"];
        assert_eq!(args(words), shown);
    }

    #[test]
    fn texts_keep_all_but_secrets() {
        for (whole, shown) in [
            ("listening on :3000", "listening on :3000"),
            ("  two  spaces\tand a tab\n", "  two  spaces\tand a tab\n"),
            ("at 12:30:00 GET /a?b=c 200", "at 12:30:00 GET /a?b=c 200"),
            ("password=hunter2 user=me", "password=[redacted] user=me"),
            ("Password: hunter2", "Password: [redacted]"),
            (
                "{\"user\":\"me\",\"token\":\"abc\",\"n\":1}",
                "{\"user\":\"me\",\"token\":[redacted],\"n\":1}",
            ),
            ("\"apiKey\": \"abc\",", "\"apiKey\": [redacted]"),
            ("Authorization: Bearer abc.def end", "Authorization: Bearer [redacted] end"),
            ("authorization:bearer abc", "authorization:bearer [redacted]"),
            ("bearer abc", "bearer [redacted]"),
            ("redis://:pw@host:6379/0", "redis://:[redacted]@host:6379/0"),
            ("https://ghp_abc@github.com/x", "https://[redacted]@github.com/x"),
            ("url=postgres://me:p/w?@db/x ok", "url=postgres://me:[redacted]@db/x ok"),
            ("see https://h/p?access_token=abc&n=1", "see https://h/p?access_token=[redacted]&n=1"),
            ("a=1,secret=x;b=2", "a=1,secret=[redacted];b=2"),
        ] {
            assert_eq!(text(whole), shown);
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for odd in ["", "=", ":", "://", "@", "a://@", "token=", "token", "é=ü:ß", "=é://ü:@ß?=&"]
        {
            text(odd);
        }
        let long = "a=".repeat(20_000);
        assert_eq!(text(&long), long);
    }
}
