//! The web server: what it shows, to whom, and what it keeps to itself.

use nix::sys::signal::Signal;
use rpm_tests::{Response, Rpm, child_app, eventually, free_port, get, kill, request};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const CANARY: &str = "canary7f3a9c";

/// A daemon with its web server.
struct Web {
    rpm: Rpm,
    port: u16,
    token: String,
}

impl Web {
    fn new(more: &[&str]) -> Self {
        let (rpm, port) = (Rpm::new(), free_port());
        let told = rpm.ok(&[&["web", &port.to_string(), "--token", "--json"], more].concat());
        let told: Value = serde_json::from_str(&told).unwrap();
        let token = told["token"].as_str().unwrap().to_owned();
        assert_eq!(told["url"], format!("http://localhost:{port}"));
        Self { rpm, port, token }
    }

    fn get(&self, path: &str) -> Response {
        get(self.port, path).unwrap()
    }

    fn post(&self, body: &Value, headers: &[(&str, &str)]) -> Response {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let body = body.to_string();
        request(self.port, "POST", "/api/v1/actions", &headers, body.as_bytes()).unwrap()
    }

    fn act(&self, body: &Value) -> Response {
        self.post(body, &[("authorization", &format!("Bearer {}", self.token))])
    }
}

#[test]
fn the_page_the_api_and_what_pm2_answered() {
    let web = Web::new(&[]);
    web.rpm.ok(&["start", &web.rpm.config(&[child_app("bird", &[])])]);
    let page = request(web.port, "GET", "/", &[("accept", "text/html,*/*;q=0.8")], b"").unwrap();
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let text = page.text();
    for part in text.split("/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let path = format!("/assets/{part}");
        let asset = web.get(&path);
        assert_eq!(asset.status, 200, "{path}");
        let tag = asset.header("etag").unwrap();
        let again = request(web.port, "GET", &path, &[("if-none-match", tag)], b"").unwrap();
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    let old = web.get("/").json();
    assert_eq!(old["monit"]["loadavg"].as_array().unwrap().len(), 3);
    let names: Vec<&str> = old["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["rpm-web", "bird"]);
    let overview = web.get("/api/v1/overview");
    assert_eq!(overview.header("cache-control"), Some("no-store"));
    let bird = web.rpm.one("bird");
    let shown = eventually("the figures are not too old to know it", || {
        let overview = web.get("/api/v1/overview").json();
        overview["processes"].as_array()?.iter().find(|it| it["name"] == "bird").cloned()
    });
    assert_eq!((&shown["pid"], &shown["status"]), (&json!(bird.pid), &json!("online")));
    assert_eq!(web.get("/health").json(), json!({ "status": "ok" }));
    assert!(web.get("/metrics").text().contains("rpm_process_up{app=\"bird\""));
    assert_eq!(web.get("/api/v1/nothing").status, 404);
    assert_eq!(web.get("/api/v1/processes/999").status, 404);
    assert_eq!(web.get("/api/v1/processes/x").json()["error"]["code"], "request.invalid");
}

#[test]
fn secrets_are_in_no_answer() {
    let web = Web::new(&[]);
    let app = json!({
        "name": "bird", "script": "/bin/sh", "interpreter": "none", "autorestart": false,
        "args": ["-c", "exit 3", "sh", format!("--token={CANARY}"), "--api-key", CANARY],
        "env": { "DB_PASSWORD": CANARY, "PLAIN": CANARY, "URL": format!("pg://me:{CANARY}@db/x") },
    });
    web.rpm.run(&["start", &web.rpm.config(&[app])]);
    let crash = eventually("the crash to be reported", || {
        let told = web.get("/api/v1/crashes?app=bird").json();
        told["crashes"][0]["id"].as_str().map(str::to_owned)
    });
    let id = web.rpm.one("bird").id;
    let seen = || web.get("/api/v1/processes").text().contains("bird").then_some(());
    eventually("the figures to know it", seen);
    let mut paths = vec![
        format!("/api/v1/processes/{id}"),
        format!("/api/v1/crashes/{crash}"),
        format!("/api/v1/logs?process={id}"),
    ];
    let plain = "/ /health /metrics /api/v1/access /api/v1/overview /api/v1/processes /api/v1/history \
                 /api/v1/events /api/v1/crashes /api/v1/logs?app=bird /api/v1/openapi.json";
    paths.extend(plain.split_whitespace().map(str::to_owned));
    for path in paths {
        let answer = web.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains(CANARY), "{path}: {}", answer.text());
    }
    let names = web.get(&format!("/api/v1/processes/{id}")).json()["env"].to_string();
    assert!(names.contains("DB_PASSWORD"), "{names}");
    let file = web.rpm.home().join("web-token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(&web.token));
}

#[test]
fn logs_are_searched_and_downloaded_with_what_was_put_aside() {
    let web = Web::new(&[]);
    let app = json!({ "name": "bird", "script": "/bin/sh", "interpreter": "none",
                      "args": ["-c", "echo now; echo wrong >&2; exec sleep 1000"] });
    web.rpm.ok(&["start", &web.rpm.config(&[app])]);
    let logs = web.rpm.home().join("logs");
    let line = |number| format!("line {number} of an old file\n");
    let old = (0..40_000).map(line).collect::<Vec<_>>().concat();
    std::fs::write(logs.join("bird-out__2026-01-01_00-00-00.log"), &old).unwrap();
    let gzip = |name: &str| Command::new("gzip").arg(logs.join(name)).status().unwrap().success();
    assert!(gzip("bird-out__2026-01-01_00-00-00.log"));
    std::fs::write(logs.join("bird-out__2026-01-02_00-00-00.log"), "line X of the next\n").unwrap();
    let get = |words: &str| {
        let answer = web.get(&format!("/api/v1/logs{words}"));
        assert_eq!(answer.status, 200, "{words}: {}", answer.text());
        answer
    };
    let text = |words: &str| get(words).text();
    let written = || (text("/download?app=bird&files=current").lines().count() == 2).then_some(());
    eventually("both lines", written);
    let found = get("?app=bird&search=LINE&lines=2000").json();
    assert_eq!((&found["more"], found["lines"].as_array().unwrap().len()), (&json!(true), 2000));
    assert_eq!(found["lines"][1999]["text"], "line X of the next");
    let found = get("?app=bird&search=line%2039999").json();
    assert_eq!(
        (&found["more"], &found["lines"][0]["text"]),
        (&json!(false), &json!("line 39999 of an old file"))
    );

    let whole = format!("{old}line X of the next\nnow\n");
    assert!(text("/download?app=bird&stream=out&files=all") == whole);
    assert_eq!(text("/download?app=bird&stream=out"), "now\n");
    assert_eq!(text("/download?app=bird&files=all&level=error"), "wrong\n");
    let some = text("/download?app=bird&files=all&search=line%203");
    assert_eq!(some.lines().count(), 11_111);
    for (words, status) in [("", 404), ("?app=nobody", 404), ("?app=bird&files=none", 400)] {
        assert_eq!(web.get(&format!("/api/v1/logs/download{words}")).status, status, "{words}");
    }
    // A file that is broken in its midst is no shorter file: the answer breaks off.
    let packed = logs.join("bird-out__2026-01-01_00-00-00.log.gz");
    let bytes = std::fs::read(&packed).unwrap();
    std::fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let broken = rpm_tests::get(web.port, "/api/v1/logs/download?app=bird&stream=out&files=all");
    assert!(broken.is_err(), "{}", broken.unwrap().text());
}

#[test]
fn actions_need_the_token() {
    let web = Web::new(&[]);
    web.rpm.ok(&["start", &web.rpm.config(&[child_app("bird", &[])])]);
    let restart = json!({ "action": "restart", "app": "bird" });
    assert_eq!(web.post(&restart, &[]).status, 401);
    assert_eq!(web.post(&restart, &[("authorization", "Bearer rpm_wrong")]).status, 401);
    let bearer = format!("Bearer {}", web.token);
    let granted = ("authorization", bearer.as_str());
    let foreign = ("origin", "http://evil.example");
    assert_eq!(web.post(&restart, &[granted, foreign]).status, 403);
    assert_eq!(web.rpm.one("bird").restarts, 0);
    let done = web.act(&restart);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["affected"][0]["change"], "restarted");
    assert_eq!(web.rpm.one("bird").restarts, 1);
    let told = web.rpm.ok(&["events", "--kind", "command"]);
    let words = format!(" with the web page asked: restart bird ({})", web.rpm.one("bird").id);
    assert!(told.contains(&words), "{told}");
    assert_eq!(web.act(&json!({ "action": "stop", "app": "bird" })).status, 200);
    assert_eq!(web.rpm.one("bird").status, "stopped");
    for (body, status) in [
        (json!({ "action": "restart", "app": "rpm-web" }), 409),
        (json!({ "action": "restart", "app": "all" }), 404),
        (json!({ "action": "restart" }), 404),
        (json!({ "action": "explode", "app": "bird" }), 422),
        (json!({ "action": "scale", "app": "bird" }), 409),
        (json!({ "action": "scale", "app": "bird", "instances": 100_000 }), 400),
        (json!({ "action": "stop", "app": "bird", "odd": 1 }), 422),
        (json!({ "action": "stop", "app": "x".repeat(20_000) }), 413),
    ] {
        let answer = web.act(&body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.json()["error"]["what"].is_string());
    }
    // The next token takes the place of the last.
    web.rpm.ok(&["web", &web.port.to_string(), "--token"]);
    assert_eq!(web.act(&restart).status, 401);
}

#[test]
fn names_of_others_and_private_servers() {
    let web = Web::new(&["--private", "--allow-host", "box.example"]);
    let ask = |path: &str, host: &str, more: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", web.port)).unwrap();
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask("/health", "evil.example", ""), "421");
    assert_eq!(ask("/health", "box.example", ""), "200");
    assert_eq!(ask("/api/v1/overview", "localhost", ""), "401");
    assert_eq!(ask("/", "localhost", "accept: text/html\r\n"), "200");
    let bearer = format!("authorization: Bearer {}\r\n", web.token);
    assert_eq!(ask("/api/v1/overview", "localhost", &bearer), "200");
    for path in ["/api/v1/stream", "/api/v1/logs", "/api/v1/logs/download?app=rpm-web"] {
        assert_eq!(ask(path, "localhost", ""), "401", "{path}");
    }
}

#[test]
fn what_happens_is_told_as_it_happens() {
    let web = Web::new(&[]);
    let script = web.rpm.write("say.sh", "while read -r line; do echo \"heard $line\"; done");
    let app = json!({ "name": "echo", "script": "/bin/sh", "interpreter": "none",
                      "args": [script.to_str().unwrap()] });
    web.rpm.ok(&["start", &web.rpm.config(&[app])]);
    let mut stream = TcpStream::connect(("127.0.0.1", web.port)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /api/v1/stream?app=echo HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut wait = |wanted: &dyn Fn(&str) -> bool| {
        lines.find(|line| wanted(line)).expect("the stream to go on")
    };
    wait(&|line| line == "event: overview");
    let figures = wait(&|line| line.starts_with("data: "));
    let figures: Value = serde_json::from_str(&figures[6..]).unwrap();
    assert!(figures["host"]["cpus"].as_u64().unwrap() > 0);
    // By the next figures the lines are listened to as well.
    wait(&|line| line == "event: overview");
    web.rpm.ok(&["send", "echo", "this"]);
    wait(&|line| line == "event: lines");
    let heard = wait(&|line| line.starts_with("data: "));
    let heard: Value = serde_json::from_str(&heard[6..]).unwrap();
    assert_eq!((&heard[0]["text"], &heard[0]["stream"]), (&json!("heard this"), &json!("out")));
    web.rpm.ok(&["restart", "echo"]);
    wait(&|line| line.starts_with("data: ") && line.contains("\"kind\":\"online\""));
}

#[test]
fn it_outlives_the_supervisor_and_is_saved() {
    let web = Web::new(&[]);
    web.rpm.ok(&["start", &web.rpm.config(&[child_app("bird", &[])])]);
    web.rpm.ok(&["restart", "all"]);
    let before = web.rpm.one("rpm-web");
    assert_eq!((before.restarts, web.rpm.one("bird").restarts), (0, 1), "`all` means apps only");
    kill(web.rpm.daemon().0, Signal::SIGKILL);
    eventually("the next supervisor to be shown", || {
        (web.get("/health").status == 200).then_some(())
    });
    assert_eq!(web.rpm.one("rpm-web").pid, before.pid);
    web.rpm.ok(&["save"]);
    web.rpm.ok(&["kill"]);
    assert!(get(web.port, "/health").is_err());
    web.rpm.ok(&["resurrect"]);
    eventually("the server to be back", || get(web.port, "/health").ok());
    let bearer = format!("Bearer {}", web.token);
    let headers = [("authorization", bearer.as_str())];
    let access = request(web.port, "GET", "/api/v1/access", &headers, b"").unwrap().json();
    assert_eq!(access["granted"], true, "{access}");
    assert_eq!(web.rpm.one("rpm-web").json["pm2_env"]["pmx_module"], true);
}

#[test]
fn a_taken_port_is_said_at_once() {
    let rpm = Rpm::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let told = rpm.fails(&["web", &port]).stderr;
    assert!(told.contains("cannot be listened at") && told.contains("rpm web PORT"), "{told}");
    let told = rpm.fails(&["web", "--host", "example.org"]).stderr;
    assert!(told.contains("`example.org` is no address"), "{told}");
    let told = rpm.fails(&["web", "--otlp", "https://localhost"]).stderr;
    assert!(told.contains("`https://localhost` is no address of a collector"), "{told}");
    let rpm = rpm.with_env("PM2_WEB_PORT", "http");
    assert!(rpm.fails(&["web"]).stderr.contains("`PM2_WEB_PORT` is `http`"));
}
