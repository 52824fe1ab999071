//! Cluster mode with apps that know nothing of it: what Node's own primary does, and more.

use rpm_tests::{
    Load, Process, Rpm, Style, alive, app, eventually, free_port, get, kill, node, packages,
    request,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

const PAUSE: Duration = Duration::from_millis(2);

/// Two workers of a script in `tests/apps`.
fn workers(script: &str, env: &Value) -> Value {
    json!({
        "name": "app", "script": app(script), "exec_mode": "cluster", "instances": 2,
        "wait_ready": true, "listen_timeout": 20000, "env": env,
    })
}

/// Adds members to an app.
fn with(mut app: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no members: {more}") };
    app.as_object_mut().unwrap().extend(more);
    app
}

fn start(app: Value) -> Rpm {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[app])]);
    let found = rpm.app("app");
    assert!(found.iter().all(Process::is_online), "{found:#?}");
    rpm
}

/// The processes that answer over so many connections, one after the other.
fn answering(port: u16, connections: usize) -> BTreeSet<u32> {
    let pid = |_| get(port, "/").unwrap().json()["pid"].as_u64().unwrap();
    (0..connections).map(pid).map(|pid| u32::try_from(pid).unwrap()).collect()
}

fn of_app(rpm: &Rpm) -> BTreeSet<u32> {
    rpm.pids("app").into_iter().collect()
}

#[test]
fn workers_share_a_port() {
    let port = free_port();
    let rpm = start(workers("web.js", &json!({ "PORT": port })));
    assert_eq!(answering(port, 10), of_app(&rpm));
    let answers: Vec<Value> = (0..10).map(|_| get(port, "/").unwrap().json()).collect();
    assert!(answers.iter().all(|answer| answer["worker"] == true), "{answers:#?}");
    let instances: BTreeSet<u64> =
        answers.iter().map(|answer| answer["instance"].as_u64().unwrap()).collect();
    assert_eq!(instances, BTreeSet::from([0, 1]));
    for process in rpm.app("app") {
        assert_eq!(process.env("exec_mode"), "cluster_mode");
    }
}

#[test]
fn each_policy_serves_reloads_and_stops() {
    for policy in ["rr", "shared", "reuseport"] {
        let port = free_port();
        let config = with(
            workers("web.js", &json!({ "PORT": port })),
            json!({ "cluster_policy": policy, "wait_ready": false }),
        );
        let rpm = start(config);
        let before = of_app(&rpm);
        eventually(policy, || TcpStream::connect(("127.0.0.1", port)).ok());
        eventually(policy, || (answering(port, 20) == before).then_some(()));
        let load = Load::start(port, "/", 4, Style::Short, PAUSE);
        rpm.ok(&["reload", "app"]);
        load.stop().assert_lossless(20);
        assert!(before.is_disjoint(&of_app(&rpm)), "{policy}: nothing was replaced");
        rpm.ok(&["stop", "app"]);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{policy}: still listens");
    }
}

#[test]
fn connections_are_dealt_out_evenly_by_default() {
    let port = free_port();
    let config = with(workers("net.js", &json!({ "PORT": port })), json!({ "instances": 4 }));
    let rpm = start(config);
    let open: Vec<(TcpStream, String)> = (0..16).map(|_| greeted(port)).collect();
    for pid in rpm.pids("app") {
        let count = open.iter().filter(|(_, greeting)| greeting == &pid.to_string()).count();
        assert_eq!(count, 4, "connections of {pid}: {open:#?}");
    }
}

/// A connection to `net.js`, and the pid that it was greeted with.
fn greeted(port: u16) -> (TcpStream, String) {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    (stream, line.trim().to_owned())
}

#[test]
fn https_sessions_are_taken_up_by_any_worker() {
    let port = free_port();
    let rpm = start(workers("https.js", &json!({ "PORT": port })));
    let out = node(&app("https-client.js"), &[], &[("PORT", &port.to_string())]);
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(result["resumed"], 20, "{result}");
    assert_eq!(result["pids"].as_array().unwrap().len(), 2, "{result}");
    assert_eq!(of_app(&rpm).len(), 2);
}

#[test]
fn http2_with_and_without_tls() {
    let (port, plain) = (free_port(), free_port());
    let _rpm = start(workers("http2.js", &json!({ "PORT": port, "PORT_PLAIN": plain })));
    let env = [("PORT", &*port.to_string()), ("PORT_PLAIN", &*plain.to_string())];
    let result: Value = serde_json::from_str(&node(&app("http2-client.js"), &[], &env)).unwrap();
    for server in ["secure", "plain"] {
        assert_eq!(result[server].as_array().unwrap().len(), 2, "{result}");
    }
}

#[test]
fn tcp_carries_bytes_both_ways() {
    let port = free_port();
    let _rpm = start(workers("net.js", &json!({ "PORT": port })));
    let (mut stream, _) = greeted(port);
    let sent: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut reader = stream.try_clone().unwrap();
    let expected = sent.len();
    let echo = std::thread::spawn(move || {
        let mut got = vec![0; expected];
        std::io::Read::read_exact(&mut reader, &mut got).unwrap();
        got
    });
    stream.write_all(&sent).unwrap();
    assert!(echo.join().unwrap() == sent, "the echo differs");
}

#[test]
fn udp_sockets_are_shared() {
    let port = free_port();
    let rpm = start(workers("udp.js", &json!({ "PORT": port })));
    let pids = of_app(&rpm);
    for number in 0..20 {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.send_to(format!("hello {number}").as_bytes(), ("127.0.0.1", port)).unwrap();
        let mut buffer = [0; 100];
        let (length, _) = socket.recv_from(&mut buffer).unwrap();
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let (pid, rest) = answer.split_once(' ').unwrap();
        assert_eq!(rest, format!("hello {number}"));
        assert!(pids.contains(&pid.parse().unwrap()), "{answer} is not of {pids:?}");
    }
}

#[test]
fn unix_sockets_are_shared_and_removed_at_the_end() {
    let rpm = Rpm::new();
    let path = rpm.dir().join("app.sock");
    // One that a crash has left behind is in the way of a plain `bind`.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let env = json!({ "PATH_NAME": path.to_str() });
    rpm.ok(&["start", &rpm.config(&[workers("net.js", &env)])]);
    let greeting = |_| {
        let stream = UnixStream::connect(&path).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.trim().parse::<u32>().unwrap()
    };
    let found: BTreeSet<u32> = (0..10).map(greeting).collect();
    assert_eq!(found, of_app(&rpm));
    rpm.ok(&["delete", "app"]);
    assert!(!path.exists(), "the socket's file is left");
}

#[test]
fn port_0_is_the_same_port_for_all_workers() {
    let rpm = start(workers("net.js", &json!({ "PORT": "0" })));
    // In JavaScript `"0"` is true, so the app listens.
    let port = |id: usize| {
        let file = rpm.home().join(format!("logs/app-out-{id}.log"));
        eventually("it tells its port", || {
            let text = fs::read_to_string(&file).ok()?;
            text.lines().find_map(|line| line.strip_prefix("listens "))?.parse::<u16>().ok()
        })
    };
    let (first, second) = (port(0), port(1));
    assert_eq!(first, second);
    assert_ne!(first, 0);
    let found: BTreeSet<u32> = (0..10).map(|_| greeted(first).1.parse().unwrap()).collect();
    assert_eq!(found, of_app(&rpm));
}

#[test]
fn an_app_may_have_several_servers() {
    let rpm = Rpm::new();
    let (one, two) = (free_port(), free_port());
    let path = rpm.dir().join("app.sock");
    let env = json!({ "PORT": one, "PORT_TOO": two, "PATH_NAME": path.to_str() });
    rpm.ok(&["start", &rpm.config(&[workers("net.js", &env)])]);
    for port in [one, two] {
        let found: BTreeSet<u32> = (0..10).map(|_| greeted(port).1.parse().unwrap()).collect();
        assert_eq!(found, of_app(&rpm));
    }
    assert!(UnixStream::connect(&path).is_ok());
}

#[test]
fn a_port_in_use_is_told_to_the_app() {
    let rpm = Rpm::new();
    let holder = TcpListener::bind("0.0.0.0:0").unwrap();
    let taken = holder.local_addr().unwrap().port();
    let free = free_port();
    let app = |name: &str, port: u16| {
        with(
            workers("in-use.js", &json!({ "PORT": port })),
            json!({ "name": name, "instances": 1, "wait_ready": false }),
        )
    };
    rpm.run(&["start", &rpm.config(&[app("taken", taken), app("free", free)])]);
    let said = |name: &str, id: u64| {
        let file = rpm.home().join(format!("logs/{name}-out-{id}.log"));
        eventually("both have an outcome", || {
            let text = fs::read_to_string(&file).ok()?;
            (text.lines().count() == 2).then_some(text)
        })
    };
    let ids = |name: &str| rpm.one(name).id;
    let refused = format!("EADDRINUSE bind {taken}");
    assert_eq!(said("taken", ids("taken")), format!("first {refused}\nsecond {refused}\n"));
    // A second server of one worker on one port is refused too, as in a plain process.
    assert_eq!(
        said("free", ids("free")),
        format!("first listens\nsecond EADDRINUSE bind {free}\n")
    );
}

#[test]
fn a_worker_may_disconnect_itself() {
    let port = free_port();
    let rpm = start(workers("web.js", &json!({ "PORT": port })));
    let before = of_app(&rpm);
    let load = Load::start(port, "/", 4, Style::Short, PAUSE);
    let left: u32 =
        get(port, "/disconnect").unwrap().json()["pid"].as_u64().unwrap().try_into().unwrap();
    eventually("it leaves", || (!alive(left)).then_some(()));
    eventually("another takes its place", || {
        let now = rpm.app("app");
        (now.len() == 2 && now.iter().all(Process::is_online)).then_some(())
    });
    let after = of_app(&rpm);
    eventually("the new one serves", || (answering(port, 4) == after).then_some(()));
    load.stop().assert_lossless(10);
    assert_eq!(before.intersection(&after).count(), 1);
}

#[test]
fn handles_and_long_messages_of_the_app_harm_nothing() {
    let port = free_port();
    let rpm = start(workers("chatty.js", &json!({ "PORT": port })));
    let found: BTreeSet<u32> =
        (0..10).map(|_| get(port, "/").unwrap().text().parse().unwrap()).collect();
    assert_eq!(found, of_app(&rpm));
}

#[test]
fn es_modules() {
    let port = free_port();
    let rpm = start(workers("module.mjs", &json!({ "PORT": port })));
    assert_eq!(answering(port, 10), of_app(&rpm));
    assert_eq!(get(port, "/").unwrap().json()["worker"], true);
}

fn framework(script: &str) {
    let port = free_port();
    let env = json!({ "PORT": port, "NODE_PATH": packages().to_str() });
    let rpm = start(workers(script, &env));
    let before = of_app(&rpm);
    assert_eq!(answering(port, 10), before);
    let headers = [("content-type", "application/json")];
    let echo = request(port, "POST", "/", &headers, b"{\"a\":[1,2]}").unwrap();
    assert_eq!(echo.json(), json!({ "a": [1, 2] }));
    let load = Load::start(port, "/", 4, Style::KeepAlive, PAUSE);
    rpm.ok(&["reload", "app"]);
    load.stop().assert_lossless(20);
    assert!(before.is_disjoint(&of_app(&rpm)));
}

#[test]
fn express() {
    framework("express.js");
}

#[test]
fn fastify() {
    framework("fastify.js");
}

#[test]
fn nestjs() {
    framework("nest.js");
}

#[test]
fn socket_io_with_sticky_sessions() {
    let port = free_port();
    let modules = packages();
    let modules = modules.to_str().unwrap();
    let env = json!({ "PORT": port, "NODE_PATH": modules });
    let more = json!({ "sticky": true, "instances": 4 });
    let _rpm = start(with(workers("socketio.js", &env), more));
    let env = [("PORT", &*port.to_string()), ("NODE_PATH", modules), ("CLIENTS", "24")];
    let result: Value = serde_json::from_str(&node(&app("socketio-client.js"), &[], &env)).unwrap();
    assert_eq!(result["fine"], 24, "{result}");
    assert!(result["workers"].as_u64().unwrap() >= 3, "all went to few workers: {result}");
}

#[test]
fn a_worker_that_is_killed_takes_only_its_own_requests_with_it() {
    let port = free_port();
    let rpm = start(workers("web.js", &json!({ "PORT": port })));
    let clients = 8;
    let load = Load::start(port, "/", clients, Style::Short, PAUSE);
    for round in 1..=3 {
        let victim = rpm.pids("app")[0];
        kill(victim, Signal::SIGKILL);
        eventually("it is replaced", || {
            let now = rpm.app("app");
            (now[0].pid != victim && now[0].is_online()).then_some(())
        });
        let seen = load.answered();
        eventually("clients are served", || (load.answered() > seen + 50 * round).then_some(()));
    }
    let result = load.stop();
    // What it had begun to serve cannot be saved; what it had not is given to the others.
    assert!(result.failures.len() <= 3 * clients, "{:#?}", result.failures);
    let unlike: Vec<_> = result.failures.iter().filter(|text| text.contains("refused")).collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
}

/// How many clients are connected to a port of this machine, `proc_net_tcp(5)`.
fn clients_of(port: u16) -> usize {
    const ESTABLISHED: &str = "01";
    let (table, there) = (fs::read_to_string("/proc/net/tcp").unwrap(), format!(":{port:04X}"));
    let is_client = |line: &&str| {
        let mut columns = line.split_whitespace().skip(2);
        columns.next().is_some_and(|remote| remote.ends_with(&there))
            && columns.next() == Some(ESTABLISHED)
    };
    table.lines().filter(is_client).count()
}

#[test]
fn a_worker_that_is_killed_between_requests_costs_none() {
    let port = free_port();
    let rpm = start(workers("web.js", &json!({ "PORT": port })));
    // Both are blocked, so what comes now is accepted by nobody yet.
    let victim = rpm.pids("app")[0];
    for _ in 0..2 {
        get(port, "/block/4000").unwrap();
    }
    let load = Load::start(port, "/", 6, Style::Short, PAUSE);
    eventually("all clients wait", || (clients_of(port) >= 6).then_some(()));
    kill(victim, Signal::SIGKILL);
    eventually("clients are served", || (load.answered() > 100).then_some(()));
    load.stop().assert_lossless(100);
}

#[test]
fn a_worker_that_is_blocked_holds_up_few() {
    let port = free_port();
    let rpm = start(workers("web.js", &json!({ "PORT": port })));
    let load = Load::start(port, "/", 12, Style::Short, PAUSE);
    let begun = Instant::now();
    get(port, "/block/4000").unwrap();
    let at_start = load.answered();
    // At most two wait for the blocked one; with plain turns all twelve soon would.
    let served = || load.answered() - at_start;
    eventually("many are served", || (served() > 200).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(4), "they were served when it was free again");
    load.stop().assert_lossless(200);
    assert_eq!(of_app(&rpm).len(), 2);
}

#[test]
fn a_worker_out_of_descriptors_costs_no_request() {
    let port = free_port();
    let rpm = Rpm::new();
    // The limit is the worker's own: a shell sets it and becomes the app.
    let shell = rpm.write("few/node", "#!/bin/sh\nulimit -n 64\nexec node \"$@\"\n");
    fs::set_permissions(&shell, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let config =
        with(workers("web.js", &json!({ "PORT": port })), json!({ "interpreter": shell.to_str() }));
    rpm.ok(&["start", &rpm.config(&[config])]);
    let load = Load::start(port, "/", 8, Style::Short, PAUSE);
    get(port, "/starve/1000").unwrap();
    // It has no descriptors for so long, and says nothing when it has some again.
    std::thread::sleep(Duration::from_millis(1300));
    let seen = load.answered();
    eventually("both serve again", || (load.answered() > seen + 100).then_some(()));
    load.stop().assert_lossless(200);
    let both = of_app(&rpm);
    eventually("the starved one is back", || (answering(port, 6) == both).then_some(()));
}

#[test]
fn clients_wait_while_no_worker_is_there() {
    let port = free_port();
    let config = with(
        workers("web.js", &json!({ "PORT": port })),
        json!({ "instances": 1, "restart_delay": 400 }),
    );
    let rpm = start(config);
    kill(rpm.one("app").pid, Signal::SIGKILL);
    eventually("it is gone", || (rpm.one("app").status == "waiting restart").then_some(()));
    let begun = Instant::now();
    assert_eq!(get(port, "/").unwrap().status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(200), "who answered?");
}
