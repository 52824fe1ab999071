//! Metrics pushed to a collector: OTLP over HTTP, in JSON
//! (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Each push tells how things are now, so nothing is queued: what could not be told is told anew by
//! the next, after a wait that grows while the collector is away.

use super::{Family, Kind, families};
use crate::site::{Shared, Site};
use axum::body::{Body, Bytes};
use axum::http::uri::Authority;
use axum::http::{Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How often figures are pushed.
const EVERY: Duration = Duration::from_secs(15);
/// The longest wait for a collector that is away.
const WAIT_MAX: Duration = Duration::from_mins(4);
/// How long one push may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much of an answer is read.
const ANSWER_BYTES: usize = 64 * 1024;
/// Where collectors listen for metrics.
const PATH: &str = "/v1/metrics";
/// The word for a counter that tells its sum since it began.
const CUMULATIVE: u32 = 2;

/// Where metrics are pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    authority: String,
    path: String,
}

/// The address of a collector cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no address of a collector such as http://localhost:4318")]
pub struct EndpointError(String);

impl Endpoint {
    /// Reads an address.
    pub(crate) fn read(text: &str) -> Result<Self, EndpointError> {
        let error = || EndpointError(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| error())?;
        let authority = uri.authority().map(Authority::as_str).filter(|it| !it.contains('@'));
        match (uri.scheme_str(), authority) {
            (Some("http"), Some(authority)) => {
                let path = if uri.path() == "/" { PATH } else { uri.path() };
                let has_port = uri.port_u16().is_some();
                let port = if has_port { "" } else { ":80" };
                Ok(Self { authority: format!("{authority}{port}"), path: path.to_owned() })
            }
            _ => Err(error()),
        }
    }
}

/// Pushes for as long as the server runs.
pub(crate) async fn export(endpoint: Endpoint, site: Shared) {
    let mut wait = EVERY;
    loop {
        let taken = site.last.get(&site.daemon).await.ok();
        let families = families(taken.as_ref().map(|taken| &*taken.observed));
        let pushed = timeout(PATIENCE, push(&endpoint, body(&families, now_ns(), &site))).await;
        let pushed = pushed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        match pushed {
            Ok(()) if wait == EVERY => {}
            Ok(()) => {
                say(&format!("metrics are pushed to {} again", endpoint.authority));
                wait = EVERY;
            }
            Err(error) => {
                if wait == EVERY {
                    let to = &endpoint.authority;
                    say(&format!("pushing metrics to {to} failed, and is tried again: {error}"));
                }
                wait = (wait * 2).min(WAIT_MAX);
            }
        }
        sleep(wait).await;
    }
}

fn say(line: &str) {
    // Nobody may read it.
    drop(writeln!(io::stderr(), "{line}"));
}

/// Pushes once.
async fn push(endpoint: &Endpoint, body: Value) -> io::Result<()> {
    let stream = TcpStream::connect(&endpoint.authority).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    let request = Request::post(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("rpm/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(io::Error::other)?;
    // It ends with the exchange.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = response.status();
    let answer = Limited::new(Body::new(response.into_body()), ANSWER_BYTES);
    answer.collect().await.map_err(io::Error::other)?;
    if status.is_success() {
        return Ok(());
    }
    Err(io::Error::other(format!("the collector answers {status}")))
}

/// One push.
fn body(families: &[Family], now_ns: u64, site: &Site) -> Value {
    let now = now_ns.to_string();
    let metrics: Vec<Value> = families.iter().map(|family| metric(family, &now)).collect();
    json!({ "resourceMetrics": [{
        "resource": { "attributes": [
            attribute("service.name", "rpm"),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
            attribute("service.instance.id", site.home.as_str()),
        ] },
        "scopeMetrics": [{
            "scope": { "name": "rpm", "version": env!("CARGO_PKG_VERSION") },
            "metrics": metrics,
        }],
    }] })
}

fn metric(family: &Family, now: &str) -> Value {
    let points: Vec<Value> = family
        .samples
        .iter()
        .map(|sample| {
            let labels = sample.labels.iter().map(|(name, value)| attribute(name, value));
            json!({
                "attributes": labels.collect::<Vec<_>>(),
                "timeUnixNano": now,
                "asDouble": sample.value,
            })
        })
        .collect();
    let unit = match family.unit() {
        Some("seconds") => "s",
        Some("bytes") => "By",
        Some("ratio") => "1",
        _ => "",
    };
    let mut metric = json!({ "name": family.name, "description": family.help, "unit": unit });
    match family.kind {
        Kind::Gauge => metric["gauge"] = json!({ "dataPoints": points }),
        Kind::Counter => {
            metric["sum"] = json!({
                "aggregationTemporality": CUMULATIVE,
                "isMonotonic": true,
                "dataPoints": points,
            });
        }
    }
    metric
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
