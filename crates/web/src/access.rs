//! Who may ask for what, decided before anything else is done.
//!
//! - A browser on this machine is not to be made a tool of other sites: the `Host` header must name
//!   this machine (no DNS rebinding), and what changes something must come from this page (`Origin`).
//! - Nothing is done for a cookie: the token is in the `Authorization` header, which other sites
//!   cannot send.
//! - What changes something needs the token, always. What reads needs it too where others than this
//!   machine can ask, or where that is wanted.

mod host;
pub mod token;

use crate::options::Options;
use crate::problem::Problem;
use crate::site::Shared;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use camino::Utf8PathBuf;
use host::Hosts;

/// What the page may do: use its own files, and ask its own server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";
/// The page holds nothing of anybody's, so that it can ask for the token.
const ASSETS: &str = "/assets/";

/// The rules of one server.
#[derive(Debug)]
pub(crate) struct Access {
    hosts: Hosts,
    token_file: Utf8PathBuf,
    /// Whether reading needs the token.
    pub(crate) is_private: bool,
}

impl Access {
    /// The rules that follow from the options.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            hosts: Hosts::new(&options.allow_hosts),
            token_file: token::file(&options.home),
            is_private: options.private || !options.host.is_loopback(),
        }
    }

    /// Whether there is a token at all.
    pub(crate) fn has_token(&self) -> bool {
        token::Hash::read(&self.token_file).is_some()
    }

    /// Whether the request shows the token.
    pub(crate) fn is_granted(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, shown)) = shown.and_then(|shown| shown.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && token::Hash::read(&self.token_file).is_some_and(|hash| hash.is_of(shown.trim()))
    }

    fn judge(&self, request: &Request) -> Result<(), Problem> {
        let (method, path) = (request.method(), request.uri().path());
        let headers = request.headers();
        let host = self.hosts.check(request.uri(), headers)?;
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !reads {
            host::check_origin(headers, &host)?;
        }
        if reads && (!self.is_private || is_open(path, headers)) {
            return Ok(());
        }
        if self.is_granted(headers) {
            return Ok(());
        }
        let problem = if headers.contains_key(header::AUTHORIZATION) {
            Problem::new(StatusCode::UNAUTHORIZED, "token.wrong", "the token is not the right one")
        } else if reads {
            Problem::new(StatusCode::UNAUTHORIZED, "token.missing", "reading needs the token")
        } else {
            Problem::new(StatusCode::UNAUTHORIZED, "token.missing", "actions need the token")
        };
        Err(problem.help("`rpm web --token` makes one and prints it once"))
    }
}

/// What holds nothing of anybody's.
fn is_open(path: &str, headers: &HeaderMap) -> bool {
    path == "/health"
        || path.starts_with(ASSETS)
        || (path == "/" && crate::page::is_wanted(headers))
}

/// Answers what may be asked for, and closes each answer against misuse.
pub(crate) async fn check(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match site.access.judge(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
