//! Each kind of server and each way to say something.

use crate::http::{Load, get, pid_of, spread};
use crate::world::{Start, World, free_port, kill, script, start};
use rpm_core::spec::ClusterPolicy;
use rpm_daemon::channels::Kind;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

fn slots(name: &'static str, port: u16) -> impl Fn(u32) -> Start<'static> {
    move |slot| Start { slot, ..start(name, port) }
}

fn line(stream: impl std::io::Read) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

#[test]
fn requests_are_dealt_out() {
    let port = free_port();
    let mut world = World::new();
    world.app(4, slots("web.js", port));
    let spread = spread(port, 40);
    assert_eq!(spread.keys().copied().collect::<Vec<_>>(), world.pids());
    assert!(spread.values().all(|count| *count == 10), "{spread:?}");
    assert_eq!(world.held(), 1);
    for run in world.runs.keys().copied().collect::<Vec<_>>() {
        world.await_told(run, "up");
        world.await_told(run, "listening");
    }
}

#[test]
fn tcp_path_and_several_servers() {
    let (one, two) = (free_port(), free_port() + 1);
    let mut world = World::new();
    let path = world.dir.path().join("app.sock");
    drop(UnixListener::bind(&path).unwrap());
    let file = path.to_str().unwrap().to_owned();
    world.app(2, |slot| {
        let mut start = Start { slot, ..start("net.js", one) };
        start.env.push(("PORT_TOO", two.to_string()));
        start.env.push(("PATH_NAME", file.clone()));
        start
    });
    let pids: BTreeSet<String> = world.pids().iter().map(u64::to_string).collect();
    for port in [one, two] {
        let connect = |_| line(TcpStream::connect(("127.0.0.1", port)).unwrap());
        assert_eq!((0..8).map(connect).collect::<BTreeSet<_>>(), pids);
    }
    let connect = |_| line(UnixStream::connect(&path).unwrap());
    assert_eq!((0..8).map(connect).collect::<BTreeSet<_>>(), pids);
    world.channels.app_gone("app".to_owned());
    world.eventually("all sockets are given up", |world| world.held() == 0);
    assert!(!path.exists());
    assert!(TcpStream::connect(("127.0.0.1", one)).is_err());
}

#[test]
fn any_port_is_one_port() {
    let mut world = World::new();
    world.app(2, |slot| Start { slot, ..start("net.js", 0) });
    let logs: BTreeSet<String> = world.runs.keys().map(|run| world.log(*run)).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    let port: u16 = logs.first().unwrap().trim().strip_prefix("listens ").unwrap().parse().unwrap();
    let connect = |_| line(TcpStream::connect(("127.0.0.1", port)).unwrap());
    assert_eq!((0..8).map(connect).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn datagrams() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, slots("udp.js", port));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.send_to(b"hello", ("127.0.0.1", port)).unwrap();
    let mut buffer = [0; 64];
    let (len, _) = socket.recv_from(&mut buffer).unwrap();
    let answer = String::from_utf8_lossy(&buffer[..len]).into_owned();
    let (pid, rest) = answer.split_once(' ').unwrap();
    assert_eq!(rest, "hello");
    assert!(world.pids().contains(&pid.parse().unwrap()));
}

fn node_client(name: &str, port: u16, plain: u16) -> serde_json::Value {
    let out = std::process::Command::new("node")
        .arg(script(name))
        .env("PORT", port.to_string())
        .env("PORT_PLAIN", plain.to_string())
        .output()
        .expect("these tests need `node` in the PATH");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn tls_sessions_are_known_to_all_workers_also_after_a_reload() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, slots("https.js", port));
    let result = node_client("https-client.js", port, 0);
    assert_eq!(result["resumed"], 20, "{result}");
    assert_eq!(result["pids"].as_array().unwrap().len(), 2);
    let first = *world.runs.keys().next().unwrap();
    world.replace(first, start("https.js", port));
    let result = node_client("https-client.js", port, 0);
    assert_eq!(result["resumed"], 20, "{result}");
}

#[test]
fn http2() {
    let (port, plain) = (free_port(), free_port() + 1);
    let mut world = World::new();
    world.app(2, |slot| {
        let mut start = Start { slot, ..start("http2.js", port) };
        start.env.push(("PORT_PLAIN", plain.to_string()));
        start
    });
    let result = node_client("http2-client.js", port, plain);
    for server in ["secure", "plain"] {
        assert_eq!(result[server].as_array().unwrap().len(), 2, "{result}");
    }
}

#[test]
fn modules_and_handles_and_long_messages() {
    let mut world = World::new();
    let port = free_port();
    world.app(2, slots("module.mjs", port));
    assert_eq!(spread(port, 8).len(), 2);
    let port = free_port() + 1;
    let chatty = world.spawn(Start { app: "other", ..start("chatty.js", port) });
    world.await_told(chatty, "ready");
    let said: Vec<&str> =
        world.told.iter().filter(|own| own.0 == chatty).map(|own| &*own.1).collect();
    assert!(said.contains(&r#"{"a":"socket"}"#), "the handle's message is told");
    assert!(said.contains(&r#""not ready""#));
    assert!(said.iter().any(|text| text.len() > 5_000_000 && text.starts_with(r#"{"big":"xxx"#)));
    get(port, "/").unwrap();
    let long = format!("{{\"big\":\"{}\"}}", "y".repeat(2_000_000));
    world.channels.send(chatty, long);
    world.channels.send(chatty, "\"and\"".to_owned());
    for _ in 0..10 {
        get(port, "/").unwrap();
    }
}

#[test]
fn a_taken_port_is_told_to_the_app_and_comes_back() {
    let mut world = World::new();
    let holder = TcpListener::bind("0.0.0.0:0").unwrap();
    let taken = holder.local_addr().unwrap().port();
    let run = world.spawn(start("in-use.js", taken));
    let refused = format!("EADDRINUSE bind {taken}");
    world.eventually("both are refused", |world| {
        world.log(run) == format!("first {refused}\nsecond {refused}\n")
    });
    let free = free_port();
    let run = world.spawn(Start { app: "other", ..start("in-use.js", free) });
    world.eventually("the second is refused", |world| {
        world.log(run) == format!("first listens\nsecond EADDRINUSE bind {free}\n")
    });
    // A port in the range of outgoing connections is waited for.
    let run = world.spawn(Start { app: "third", ..start("web.js", taken) });
    world.await_told(run, "up");
    drop(holder);
    world.await_told(run, "ready");
}

#[test]
fn a_descriptor_of_the_worker_is_shared() {
    for policy in [ClusterPolicy::Rr, ClusterPolicy::Shared, ClusterPolicy::ReusePort] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut world = World::new();
        let runs: Vec<_> = (0..2)
            .map(|slot| {
                world.spawn(Start {
                    slot,
                    fds: vec![(listener.try_clone().unwrap().into(), 5)],
                    options: crate::world::policy(policy),
                    ..start("fd.cjs", port)
                })
            })
            .collect();
        for run in runs {
            world.await_told(run, "ready");
        }
        drop(listener);
        assert!(world.pids().contains(&pid_of(&get(port, "/").unwrap())));
    }
}

#[test]
fn a_worker_may_leave_by_itself() {
    let port = free_port();
    let mut world = World::new();
    world.app(2, slots("web.js", port));
    let pid = pid_of(&get(port, "/disconnect").unwrap());
    let run = *world.runs.iter().find(|(_, run)| u64::from(run.pid) == pid).unwrap().0;
    world.await_told(run, "disconnected");
    assert!(world.end(run, None).success());
    assert_eq!(spread(port, 4).into_keys().collect::<Vec<_>>(), world.pids());
}

#[test]
fn a_plain_process_talks_too() {
    let mut world = World::new();
    let run = world.spawn_as(start("talk.cjs", 0), Kind::Fork);
    world.await_told(run, "ready");
    world.await_told(run, r#"{"hello":"world"}"#);
    world.channels.send(run, "\"shutdown\"".to_owned());
    world.await_told(run, r#"{"heard":"shutdown"}"#);
    assert!(world.end(run, None).success());
}

#[test]
fn programs_of_the_app_do_not_load_the_preload() {
    let mut world = World::new();
    let run = world.spawn(start("env.cjs", 0));
    world.await_told(run, "{}");
}

#[test]
fn an_app_that_stops_listening_gives_its_port_back() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("close.cjs", port));
    world.await_told(run, "ready");
    get(port, "/").unwrap();
    kill(world.runs[&run].pid, 12);
    world.await_told(run, r#""closed""#);
    world.eventually("the socket is given up", |world| world.held() == 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn clients_wait_while_nobody_serves() {
    let port = free_port();
    let mut world = World::new();
    let run = world.spawn(start("web.js", port));
    world.await_told(run, "ready");
    world.end(run, Some(9));
    let load = Load::start(port, "/", 2, false, Duration::ZERO);
    let run = world.spawn(start("web.js", port));
    world.await_told(run, "ready");
    load.wait(20);
    load.stop_lossless();
}
