//! Clients.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server on this machine.
pub(crate) fn open(port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// Asks for `path` and returns the body, and whether the connection stays.
pub(crate) fn ask(
    stream: &mut BufReader<TcpStream>,
    path: &str,
    keep: bool,
) -> io::Result<(String, bool)> {
    let connection = if keep { "keep-alive" } else { "close" };
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut length, mut stays) = (0, keep);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(io::Error::other(format!("answered {line:?}")));
    }
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        stays &= header != "connection: close";
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((String::from_utf8_lossy(&body).into_owned(), stays))
}

/// One request on its own connection.
pub(crate) fn get(port: u16, path: &str) -> io::Result<String> {
    Ok(ask(&mut open(port)?, path, false)?.0)
}

/// The process that answers.
pub(crate) fn pid_of(body: &str) -> u64 {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["pid"].as_u64().unwrap()
}

/// The processes that answer so many requests one after the other, and how many each.
pub(crate) fn spread(port: u16, requests: usize) -> BTreeMap<u64, usize> {
    let mut spread = BTreeMap::new();
    for _ in 0..requests {
        *spread.entry(pid_of(&get(port, "/").unwrap())).or_default() += 1;
    }
    spread
}

/// The address this machine has for itself when it connects from `source`.
pub(crate) fn get_from(source: IpAddr, port: u16) -> u64 {
    let socket = socket_from(source, port);
    let mut stream = BufReader::new(socket);
    pid_of(&ask(&mut stream, "/", false).unwrap().0)
}

fn socket_from(source: IpAddr, port: u16) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::new(source, 0).into()).unwrap();
    socket.connect(&std::net::SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
    socket.into()
}

/// Clients that ask without pause and count what fails.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    pub(crate) answered: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    pub(crate) fn start(
        port: u16,
        path: &str,
        clients: usize,
        keep: bool,
        pause: Duration,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let client = |_| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let path = path.to_owned();
            std::thread::spawn(move || client(port, &path, keep, pause, &stop, &answered))
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, answered, clients }
    }

    /// Waits until so many more requests have been answered.
    pub(crate) fn wait(&self, more: u64) {
        let end = self.answered.load(Ordering::Relaxed) + more;
        let begun = Instant::now();
        while self.answered.load(Ordering::Relaxed) < end {
            assert!(begun.elapsed() < PATIENCE, "no more answers");
            std::thread::yield_now();
        }
    }

    /// Ends it. Returns how many requests were answered, and what failed.
    pub(crate) fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failed = self.clients.into_iter().flat_map(|own| own.join().unwrap()).collect();
        (self.answered.load(Ordering::Relaxed), failed)
    }

    pub(crate) fn stop_lossless(self) {
        let (answered, failed) = self.stop();
        assert!(failed.is_empty(), "{} of {answered} failed: {failed:#?}", failed.len());
    }
}

fn client(
    port: u16,
    path: &str,
    keep: bool,
    pause: Duration,
    stop: &AtomicBool,
    answered: &AtomicU64,
) -> Vec<String> {
    let mut failed = Vec::new();
    let mut stream = None;
    while !stop.load(Ordering::Relaxed) {
        let asked = match stream.take() {
            Some(stream) => Ok(stream),
            None => open(port),
        }
        .and_then(|mut own| ask(&mut own, path, keep).map(|(_, stays)| (own, stays)));
        match asked {
            Ok((own, stays)) => {
                answered.fetch_add(1, Ordering::Relaxed);
                stream = stays.then_some(own);
            }
            Err(error) => failed.push(error.to_string()),
        }
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    failed
}
