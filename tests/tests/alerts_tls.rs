//! Alerts to a receiver with a certificate: one that is trusted is told, one that is not is told nothing,
//! and whoever listens on the way reads nothing.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rpm_tests::{Rpm, child_app};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Words of a message of `rpm alerts test`.
const SAID: &str = "this is how you will be told";

/// One connection to a receiver.
struct Got {
    /// The request, where there was one.
    request: Option<String>,
    /// What came over the wire.
    raw: Vec<u8>,
}

impl Got {
    fn raw_holds(&self, text: &str) -> bool {
        self.raw.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

/// A receiver with a certificate for `name` of an authority of its own.
struct Tls {
    port: u16,
    /// The authority's certificate, in PEM.
    authority: String,
    got: Receiver<Got>,
}

impl Tls {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let config = Arc::new(config);
        let (port, got) = listen(move |wire| {
            let mut session =
                ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let request = serve(&mut rustls::Stream::new(&mut session, wire))?;
            session.send_close_notify();
            session.write_tls(wire)?;
            Ok(request)
        });
        Self { port, authority, got }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/hook", self.port)
    }

    fn next(&self) -> Got {
        self.got.recv_timeout(Duration::from_secs(30)).expect("a connection")
    }
}

/// Serves connections one after the other, and tells of each.
fn listen(
    serve: impl Fn(&mut Wire) -> io::Result<String> + Send + 'static,
) -> (u16, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, got) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let mut wire = Wire { stream, raw: Vec::new() };
            let request = serve(&mut wire).ok();
            if sender.send(Got { request, raw: wire.raw }).is_err() {
                return;
            }
        }
    });
    (port, got)
}

/// A connection that remembers what came.
struct Wire {
    stream: TcpStream,
    raw: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(into)?;
        self.raw.extend_from_slice(&into[..count]);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Reads a request and takes it.
fn serve(stream: &mut (impl Read + Write)) -> io::Result<String> {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part)?;
        request.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next());
            length.and_then(|it| it.parse().ok()) == Some(body.len())
        });
        if whole {
            break;
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    stream.write_all(b"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    Ok(String::from_utf8_lossy(&request).into_owned())
}

fn authority(rpm: &Rpm, tls: &Tls) -> PathBuf {
    rpm.write("authority.pem", &tls.authority)
}

#[test]
fn a_receiver_that_is_trusted_is_told_and_nobody_reads_along() {
    let (rpm, tls) = (Rpm::new(), Tls::new("localhost"));
    let file = authority(&rpm, &tls);
    rpm.ok(&["ping"]);
    let add = ["alerts", "add", "webhook", &tls.url(), "--kind", "crash", "--ca"];
    rpm.ok(&[&add[..], &[file.to_str().unwrap()]].concat());
    rpm.ok(&["alerts", "test"]);
    let got = tls.next();
    assert!(got.request.as_deref().is_some_and(|it| it.contains(SAID)), "{:?}", got.request);
    assert!(got.request.as_deref().is_some_and(|it| it.starts_with("POST /hook")));
    assert_eq!(got.raw[0], 0x16, "it begins with a handshake of TLS");
    assert!(!got.raw_holds(SAID) && !got.raw_holds("/hook"));
    // The daemon tells it, too.
    let mut app = child_app("broken", &["exit:3"]);
    app["autorestart"] = false.into();
    rpm.config(&[app]);
    rpm.run(&["start", "apps.json"]);
    let got = tls.next();
    assert!(
        got.request.as_deref().is_some_and(|it| it.contains("\"broken\"")),
        "{:?}",
        got.request
    );
    assert!(!got.raw_holds("broken"));
}

#[test]
fn a_receiver_that_is_not_trusted_is_told_nothing() {
    let rpm = Rpm::new();
    let refused = |more: &[&str], url: &str| -> String {
        rpm.ok(&[&["alerts", "add", "webhook", url], more].concat());
        let fault = rpm.fails(&["alerts", "test"]).all();
        rpm.ok(&["alerts", "remove", "all"]);
        fault
    };
    let tls = Tls::new("localhost");
    let fault = refused(&[], &tls.url());
    assert!(fault.contains("certificate") && fault.contains("UnknownIssuer"), "{fault}");
    assert!(fault.contains("--ca FILE"), "{fault}");
    let got = tls.next();
    assert!(got.request.is_none() && !got.raw_holds(SAID) && !got.raw_holds("/hook"));
    // An authority that is trusted, and a certificate of another name.
    let other = Tls::new("other.example");
    let file = authority(&rpm, &other);
    let trusts = ["--ca", file.to_str().unwrap()];
    let fault = refused(&trusts, &other.url());
    assert!(fault.contains("not valid for name"), "{fault}");
    let got = other.next();
    assert!(got.request.is_none() && !got.raw_holds(SAID) && !got.raw_holds("/hook"));
    // An authority other than the receiver's.
    assert!(refused(&trusts, &tls.url()).contains("certificate"));
    assert!(tls.next().request.is_none());
    // One that speaks no TLS is not spoken to in clear.
    let (port, plain) = listen(|wire| {
        wire.read_exact(&mut [0; 16])?;
        wire.write_all(b"HTTP/1.1 400 x\r\n\r\n")?;
        Err(io::ErrorKind::InvalidData.into())
    });
    refused(&trusts, &format!("https://localhost:{port}/hook"));
    let got = plain.recv_timeout(Duration::from_secs(30)).expect("a connection");
    assert!(got.request.is_none() && !got.raw_holds(SAID) && !got.raw_holds("/hook"));
}

#[test]
fn an_authority_that_is_none_is_refused_at_once() {
    let rpm = Rpm::new();
    let file = rpm.write("authority.pem", "none");
    let add =
        |url: &str, file: &str| rpm.fails(&["alerts", "add", "webhook", url, "--ca", file]).all();
    let file = file.to_str().unwrap();
    assert!(add("https://localhost/hook", file).contains("no certificate in PEM form"));
    assert!(add("https://localhost/hook", "/nowhere.pem").contains("no authorities are in"));
    assert!(add("http://localhost/hook", file).contains("only a receiver with an `https://`"));
}
