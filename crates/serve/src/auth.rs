//! A name and a password before anything is served (RFC 7617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

/// Whether the request shows the name and the password. How long that takes tells nothing about
/// where they differ.
pub(crate) fn is_granted(headers: &HeaderMap, (name, password): &(String, String)) -> bool {
    let Some(shown) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Some((scheme, shown)) = shown.split_once(' ') else {
        return false;
    };
    let wanted = STANDARD.encode(format!("{name}:{password}"));
    let same: bool = wanted.as_bytes().ct_eq(shown.trim().as_bytes()).into();
    scheme.eq_ignore_ascii_case("basic") && same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_password_opens() {
        let account = ("me".to_owned(), "a:b".to_owned());
        let shown = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, text.parse().unwrap());
            is_granted(&headers, &account)
        };
        assert!(shown(&format!("Basic {}", STANDARD.encode("me:a:b"))));
        assert!(shown(&format!("basic {}", STANDARD.encode("me:a:b"))));
        assert!(!shown(&format!("Basic {}", STANDARD.encode("me:a"))));
        assert!(!shown(&format!("Bearer {}", STANDARD.encode("me:a:b"))));
        assert!(!shown("Basic"));
        assert!(!shown("Basic !!!"));
        assert!(!is_granted(&HeaderMap::new(), &account));
    }
}
