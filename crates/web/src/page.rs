//! The page: files that are part of this program, so that there is nothing to install and nothing
//! is fetched from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, kind, content.
const FILES: &[(&str, &str, &str)] = &[
    ("index.html", HTML, include_str!("../assets/index.html")),
    ("style.css", CSS, include_str!("../assets/style.css")),
    ("main.js", JS, include_str!("../assets/main.js")),
    ("net.js", JS, include_str!("../assets/net.js")),
    ("dom.js", JS, include_str!("../assets/dom.js")),
    ("format.js", JS, include_str!("../assets/format.js")),
    ("plot.js", JS, include_str!("../assets/plot.js")),
    ("overview.js", JS, include_str!("../assets/overview.js")),
    ("detail.js", JS, include_str!("../assets/detail.js")),
    ("logs.js", JS, include_str!("../assets/logs.js")),
    ("lines.js", JS, include_str!("../assets/lines.js")),
    ("download.js", JS, include_str!("../assets/download.js")),
    ("events.js", JS, include_str!("../assets/events.js")),
    ("actions.js", JS, include_str!("../assets/actions.js")),
    ("icon.svg", SVG, include_str!("../assets/icon.svg")),
];

/// Whether a request wants the page: browsers name it, programs do not.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page itself.
pub(crate) fn index(headers: &HeaderMap) -> Response {
    file("index.html", headers)
}

/// A part of it.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(&name, &headers)
}

/// What browsers ask for by themselves.
pub(crate) async fn icon(headers: HeaderMap) -> Response {
    file("icon.svg", &headers)
}

fn file(name: &str, asked: &HeaderMap) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return crate::problem::Problem::missing("the page has no such part").into_response();
    };
    let tag = format!("\"{}\"", &URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))[..16]);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = text.into_response();
        set(&mut response, header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    };
    // Asked for anew each time, answered in a few bytes: the next version is seen at once.
    set(&mut response, header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    set(&mut response, header::VARY, HeaderValue::from_static("accept"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        set(&mut response, header::ETAG, tag);
    }
    response
}

fn set(response: &mut Response, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
