//! Clients that ask all the time and account for every request.

use crate::http::{Response, open, read_response};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How clients use connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A connection for each request.
    Short,
    /// One connection for all, for as long as the server keeps it.
    KeepAlive,
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    clients: Vec<JoinHandle<LoadResult>>,
}

/// What they have seen.
#[derive(Debug, Default)]
pub struct LoadResult {
    /// Requests that were sent, or would have been had there been a connection.
    pub requests: u64,
    /// Each that was not answered with status 200, how, and when (ms since 1970).
    pub failures: Vec<String>,
    /// How many answers came from which process (the member `pid` of the body).
    pub by_pid: BTreeMap<u64, u64>,
    /// The longest that one took.
    pub longest: Duration,
}

impl LoadResult {
    /// Panics when a request failed, or when there were too few to mean anything.
    pub fn assert_lossless(&self, requests_at_least: u64) {
        let some: Vec<&String> = self.failures.iter().take(5).collect();
        let (failed, all) = (self.failures.len(), self.requests);
        assert!(self.failures.is_empty(), "{failed} of {all} requests failed: {some:#?}");
        assert!(all >= requests_at_least, "only {all} requests were made");
    }
}

impl Load {
    /// Lets so many clients ask for `path`, each with a pause between requests.
    pub fn start(port: u16, path: &str, clients: usize, style: Style, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicU64::new(0));
        let one = |_| {
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            let path = path.to_owned();
            std::thread::spawn(move || client(port, &path, style, pause, &stop, &done))
        };
        Self { clients: (0..clients).map(one).collect(), stop, done }
    }

    /// How many requests were answered so far.
    pub fn answered(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Ends it, after the requests that are under way.
    pub fn stop(self) -> LoadResult {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = LoadResult::default();
        for client in self.clients {
            let one = client.join().unwrap();
            all.requests += one.requests;
            all.failures.extend(one.failures);
            all.longest = all.longest.max(one.longest);
            for (pid, count) in one.by_pid {
                *all.by_pid.entry(pid).or_default() += count;
            }
        }
        all
    }
}

fn client(
    port: u16,
    path: &str,
    style: Style,
    pause: Duration,
    stop: &AtomicBool,
    done: &AtomicU64,
) -> LoadResult {
    let mut result = LoadResult::default();
    let mut kept = None;
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        result.requests += 1;
        match one_request(port, path, style, &mut kept) {
            Ok(response) if response.status == 200 => {
                done.fetch_add(1, Ordering::Relaxed);
                let body: Option<serde_json::Value> = serde_json::from_slice(&response.body).ok();
                if let Some(pid) = body.and_then(|body| body["pid"].as_u64()) {
                    *result.by_pid.entry(pid).or_default() += 1;
                }
            }
            Ok(response) => {
                result.failures.push(format!("status {} at {}", response.status, now_ms()));
            }
            Err(error) => {
                kept = None;
                let kind = error.kind();
                result.failures.push(format!("{error} ({kind:?}) at {}", now_ms()));
            }
        }
        result.longest = result.longest.max(begun.elapsed());
        std::thread::sleep(pause);
    }
    result
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

fn one_request(
    port: u16,
    path: &str,
    style: Style,
    kept: &mut Option<BufReader<TcpStream>>,
) -> io::Result<Response> {
    let fresh = match kept.take() {
        // A client sees that the server has ended an idle connection, and does not use it.
        Some(connection) if still_open(connection.get_ref()) => connection,
        _ => BufReader::new(open(port)?),
    };
    let mut connection = fresh;
    let way = if style == Style::KeepAlive { "keep-alive" } else { "close" };
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {way}\r\n\r\n");
    connection.get_mut().write_all(head.as_bytes())?;
    let response = read_response(&mut connection)?;
    let goes_on = response.header("connection").is_none_or(|value| value != "close");
    if style == Style::KeepAlive && goes_on {
        *kept = Some(connection);
    }
    Ok(response)
}

fn still_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
