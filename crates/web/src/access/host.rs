//! By which names the server is called, and from which pages.

use crate::problem::Problem;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use std::net::IpAddr;

/// The names that are this machine's.
#[derive(Debug)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// `localhost`, and those that are allowed besides.
    pub(crate) fn new(allowed: &[String]) -> Self {
        Self(std::iter::once("localhost".to_owned()).chain(allowed.iter().cloned()).collect())
    }

    /// The host that a request names, with its port, if it is one of ours.
    ///
    /// An address is always fine: only names can be pointed at this machine by somebody else.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, Problem> {
        let mut named = headers.get_all(header::HOST).iter();
        let told = named.next().and_then(|host| host.to_str().ok());
        let authority = match (uri.authority(), told) {
            _ if named.next().is_some() => None,
            (Some(authority), _) => Some(authority.clone()),
            (None, told) => told.and_then(|host| host.parse::<Authority>().ok()),
        };
        let Some(authority) = authority.filter(|it| !it.as_str().contains('@')) else {
            return Err(Problem::bad("the request names no host").help("send a `Host` header"));
        };
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        if is_address(&host) || self.0.contains(&host) {
            return Ok(authority.as_str().to_ascii_lowercase());
        }
        let problem = Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host.unknown",
            "this server is not called by that name",
        );
        Err(problem.help("`rpm web --allow-host NAME` lets it be called so"))
    }
}

fn is_address(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

/// Refuses what another page asks for. Programs send no `Origin`; they need the token all the same.
pub(crate) fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // A proxy before this server may speak TLS, so the scheme is not compared.
    let is_ours = |origin: &str| {
        origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host))
    };
    let is_foreign = text("origin").is_some_and(|origin| !is_ours(origin))
        || text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if !is_foreign {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "origin.foreign",
        "another site's page may not ask for this",
    ))
}
