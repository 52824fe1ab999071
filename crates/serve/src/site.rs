//! One request, one answer.

use crate::options::Options;
use crate::path::{Odd, decode, encode};
use crate::{auth, listing};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tower_http::services::ServeDir;

/// What is sent.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
type Answer = Response<Body>;

/// The page of what is missing.
const MISSING: &str = "/404.html";
const REALM: &str = "Basic realm=\"static\", charset=\"UTF-8\"";

/// A folder, and how it is served.
#[derive(Debug)]
pub(crate) struct Site {
    root: PathBuf,
    options: Options,
    files: ServeDir,
}

impl Site {
    /// The site of a folder.
    pub(crate) fn new(root: PathBuf, options: Options) -> Self {
        let files = ServeDir::new(&root);
        Self { root, options, files }
    }

    /// Answers a request, whatever is in it.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (parts, _) = request.into_parts();
        let mut answer = match self.route(&parts).await {
            Ok(answer) => answer,
            Err(error) => {
                // Nobody may read it.
                drop(writeln!(io::stderr(), "{} failed: {error}", parts.uri.path()));
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
        };
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        answer
    }

    async fn route(&self, parts: &Parts) -> io::Result<Answer> {
        if let Some(account) = &self.options.account
            && !auth::is_granted(&parts.headers, account)
        {
            let mut answer = plain(StatusCode::UNAUTHORIZED);
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(REALM));
            return Ok(answer);
        }
        if parts.method != Method::GET && parts.method != Method::HEAD {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(answer);
        }
        let path = match decode(parts.uri.path()) {
            Ok(path) => path,
            Err(Odd::Broken) => return Ok(plain(StatusCode::BAD_REQUEST)),
            Err(Odd::Outside) => return Ok(plain(StatusCode::FORBIDDEN)),
        };
        if self.options.listings
            && let Some(answer) = self.listing(&path).await?
        {
            return Ok(answer);
        }
        let wanted = if path == "/" { self.options.homepage.as_str() } else { path.as_str() };
        let answer = self.file(parts, wanted).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            self.missing(parts, &path).await
        } else {
            Ok(answer)
        }
    }

    /// The list of a folder that has no page; `None` for all else.
    async fn listing(&self, path: &str) -> io::Result<Option<Answer>> {
        let folder = self.root.join(path.trim_start_matches('/'));
        let is_folder =
            async |path: &Path| tokio::fs::metadata(path).await.is_ok_and(|found| found.is_dir());
        let has_page = tokio::fs::try_exists(folder.join("index.html")).await.unwrap_or(false);
        if has_page || !path.ends_with('/') || !is_folder(&folder).await {
            return Ok(None);
        }
        let html = listing::page(&folder, path).await?;
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let mut answer = Response::new(full(html));
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        Ok(Some(answer))
    }

    /// What is shown in place of what is not there.
    async fn missing(&self, parts: &Parts, path: &str) -> io::Result<Answer> {
        if self.options.spa {
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            for instead in [format!("/{name}"), self.options.homepage.clone()] {
                // A folder would be answered by another way to it.
                let answer = self.file(parts, &instead).await?;
                if !answer.status().is_client_error() && !moves(&answer) {
                    return Ok(answer);
                }
            }
        }
        // The page is no answer to a question about a part or an age of something else.
        let mut bare = parts.clone();
        bare.headers.clear();
        let mut page = self.file(&bare, MISSING).await?;
        if page.status() != StatusCode::OK {
            return Ok(plain(StatusCode::NOT_FOUND));
        }
        *page.status_mut() = StatusCode::NOT_FOUND;
        for name in [header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
            page.headers_mut().remove(name);
        }
        Ok(page)
    }

    /// The file at a path, or the page of a folder.
    async fn file(&self, parts: &Parts, path: &str) -> io::Result<Answer> {
        let Ok(uri) = Uri::try_from(encode(path)) else {
            return Ok(plain(StatusCode::BAD_REQUEST));
        };
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = parts.headers.clone();
        match self.files.clone().try_call(request).await {
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => {
                Ok(plain(StatusCode::NOT_FOUND))
            }
            Ok(answer) => Ok(answer.map(|body| body.map_err(io::Error::other).boxed_unsync())),
            Err(error) => match error.kind() {
                io::ErrorKind::PermissionDenied => Ok(plain(StatusCode::FORBIDDEN)),
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::InvalidFilename
                | io::ErrorKind::InvalidInput => Ok(plain(StatusCode::NOT_FOUND)),
                _ => Err(error),
            },
        }
    }
}

fn moves(answer: &Answer) -> bool {
    answer.headers().contains_key(header::LOCATION)
}

/// A status and its name.
fn plain(status: StatusCode) -> Answer {
    let text = format!("{} {}\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let mut answer = Response::new(full(text));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn full(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync()
}
