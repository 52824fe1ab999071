//! The founding case: six services, eleven processes, started from the example files.

use rpm_tests::{
    Load, Process, Rpm, SERVICES, Style, ecosystem, environ, eventually, get, request,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpStream;
use std::time::Duration;

type Ports = BTreeMap<&'static str, u16>;

fn start(kind: &str, args: &[&str]) -> (Rpm, Ports) {
    let rpm = Rpm::new();
    let (file, ports) = ecosystem(&rpm, kind);
    let mut words = vec!["start", file.to_str().unwrap()];
    words.extend(args);
    let out = rpm.ok(&words);
    let all = SERVICES.map(|(name, _, _)| name).join(",");
    let started = if let ["--only", names] = args { names } else { &*all };
    for name in started.split(',') {
        assert!(out.contains(name), "{name} is not in the table: {out}");
    }
    (rpm, ports)
}

/// All services answer, each from as many processes as the file says, each with its own number.
fn assert_healthy(rpm: &Rpm, ports: &Ports) {
    assert_eq!(rpm.list().len(), 11);
    for (name, count, _) in SERVICES {
        let processes = rpm.app(name);
        assert_eq!(processes.len(), count, "{name}");
        assert!(processes.iter().all(Process::is_online), "{processes:#?}");
        let answers: Vec<Value> =
            (0..count * 3).map(|_| get(ports[name], "/health").unwrap().json()).collect();
        let instances: BTreeSet<u64> =
            answers.iter().map(|answer| answer["instance"].as_u64().unwrap()).collect();
        assert_eq!(instances, (0..count as u64).collect(), "{name}");
        for answer in answers {
            assert_eq!(answer["service"], name);
            assert_eq!(answer["status"], "ok");
            let pid = u32::try_from(answer["pid"].as_u64().unwrap()).unwrap();
            assert!(processes.iter().any(|process| process.pid == pid), "{answer}");
        }
    }
}

#[test]
fn development() {
    let (rpm, ports) = start("development", &[]);
    // `start` returns when they are ready: no waiting here.
    assert_healthy(&rpm, &ports);
    for process in rpm.list() {
        assert_eq!(environ(process.pid, "NODE_ENV").as_deref(), Some("development"));
        assert_eq!(environ(process.pid, "LOG_LEVEL"), None);
    }
    // Once more is a restart.
    let before: Vec<u32> = rpm.list().iter().map(|process| process.pid).collect();
    rpm.ok(&["start", rpm.dir().join("ecosystem.development.json").to_str().unwrap()]);
    assert_healthy(&rpm, &ports);
    assert!(rpm.list().iter().all(|process| !before.contains(&process.pid)));
    rpm.ok(&["stop", "all"]);
    // All of them leave when they are asked; nobody has to be killed after 5 s.
    for process in rpm.list() {
        assert_ne!(process.env("exit_signal"), "SIGKILL", "{} was killed", process.name);
    }
    for (_, port) in ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} still listens");
    }
}

#[test]
fn production() {
    let (rpm, ports) = start("production", &["--env", "production"]);
    assert_healthy(&rpm, &ports);
    for process in rpm.list() {
        assert_eq!(environ(process.pid, "NODE_ENV").as_deref(), Some("production"));
        assert_eq!(environ(process.pid, "LOG_LEVEL").as_deref(), Some("info"));
    }
    for (name, count, _) in SERVICES {
        let text = eventually("the start is in the log", || {
            let text = fs::read_to_string(rpm.dir().join(format!("logs/{name}.out.log"))).ok()?;
            (text.lines().count() >= count).then_some(text)
        });
        for line in text.lines() {
            // 2026-01-31 23:59:59.999 +00:00: info user-service instance 0, ...
            let stamp = line.as_bytes();
            assert!(stamp[4] == b'-' && stamp[13] == b':' && stamp[19] == b'.', "{line}");
            assert!(line.contains(&format!(": info {name} ")), "{line}");
        }
    }
}

#[test]
fn each_service_does_its_work() {
    let (_rpm, ports) = start("development", &[]);
    let gateway = ports["api-gateway"];
    let user = json!({ "name": "Ann", "email": "ann@example.org" }).to_string();
    let made = request(gateway, "POST", "/api/users", &[], user.as_bytes()).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/api/users/{}", made.json()["id"].as_str().unwrap());
    // Whatever gateway worker and whatever user worker it reaches, the user is there.
    for _ in 0..8 {
        assert_eq!(get(gateway, &path).unwrap().json(), made.json());
    }
    let device = request(gateway, "POST", "/api/devices", &[], b"{\"id\":\"d1\"}").unwrap();
    assert_eq!(device.status, 201, "{}", device.text());
    assert_eq!(get(gateway, "/api/devices/d1").unwrap().json()["online"], true);
    let blob = vec![7; 300_000];
    let put = request(ports["app-service"], "PUT", "/apps/shop/1", &[], &blob).unwrap();
    assert_eq!(put.status, 201, "{}", put.text());
    assert_eq!(get(ports["app-service"], "/apps/shop/1").unwrap().body, blob);
    let charge = json!({ "customer": "ann", "amount": 250 }).to_string();
    for status in [201, 200, 200] {
        let headers = [("idempotency-key", "order-1")];
        let port = ports["billing-service"];
        let answer = request(port, "POST", "/charges", &headers, charge.as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let balance = get(ports["billing-service"], "/customers/ann/balance").unwrap();
    assert_eq!(balance.json()["balance"], 250);
    let port = ports["notification-service"];
    for text in ["1", "2", "3"] {
        let body = json!({ "to": "ann", "text": text }).to_string();
        assert_eq!(
            request(port, "POST", "/notifications", &[], body.as_bytes()).unwrap().status,
            202
        );
    }
    eventually("they are delivered", || {
        (get(port, "/notifications").ok()?.json()["waiting"] == 0).then_some(())
    });
}

#[test]
fn the_gateway_is_reloaded_and_scaled_under_load() {
    let (rpm, ports) = start("development", &["--only", "api-gateway,user-service"]);
    let port = ports["api-gateway"];
    let pause = Duration::from_millis(4);
    let short = Load::start(port, "/health", 4, Style::Short, pause);
    let kept = Load::start(port, "/api/users", 6, Style::KeepAlive, pause);
    for app in ["api-gateway", "user-service", "api-gateway"] {
        rpm.ok(&["reload", app]);
    }
    for count in ["8", "2", "4"] {
        rpm.ok(&["scale", "api-gateway", count]);
        assert_eq!(rpm.app("api-gateway").len().to_string(), count);
    }
    short.stop().assert_lossless(200);
    kept.stop().assert_lossless(200);
    assert!(rpm.list().iter().all(Process::is_online));
}

#[test]
fn billing_survives_kills_by_hand() {
    let (rpm, ports) = start("development", &["--only", "billing-service"]);
    let port = ports["billing-service"];
    let charge = |key: &str| {
        let body = json!({ "customer": "ann", "amount": 1 }).to_string();
        request(port, "POST", "/charges", &[("idempotency-key", key)], body.as_bytes())
    };
    for key in ["a", "b", "c"] {
        assert_eq!(charge(key).unwrap().status, 201);
    }
    rpm_tests::kill(rpm.one("billing-service").pid, nix::sys::signal::Signal::SIGKILL);
    rpm.eventually_one("billing-service", "it waits", |one| one.status == "waiting restart");
    // `restart_delay` is 4 s; nobody has to wait for it.
    rpm.ok(&["restart", "billing-service"]);
    for key in ["a", "b", "c"] {
        assert_eq!(charge(key).unwrap().status, 200);
    }
    let balance = get(port, "/customers/ann/balance").unwrap().json();
    assert_eq!(balance["balance"], 3);
}
