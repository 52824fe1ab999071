//! Who is let in.

use super::*;
use axum::body::Body;
use std::net::IpAddr;

fn access(host: &str, private: bool) -> (Access, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let token = token::make().unwrap();
    std::fs::write(token::file(&home), token::Hash::of(&token).as_str()).unwrap();
    let options = Options {
        home,
        host: host.parse::<IpAddr>().unwrap(),
        port: 0,
        allow_hosts: vec!["box.example".to_owned()],
        private,
        otlp: None,
    };
    (Access::new(&options), folder, token)
}

fn status(access: &Access, line: &str, headers: &[(&str, &str)]) -> u16 {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match access.judge(&request.body(Body::empty()).unwrap()) {
        Ok(()) => 200,
        Err(problem) => problem.into_response().status().as_u16(),
    }
}

#[test]
fn names_of_others_are_refused() {
    let (access, _folder, _) = access("127.0.0.1", false);
    for (host, expected) in [
        ("localhost", 200),
        ("LOCALHOST:9615", 200),
        ("localhost.:9615", 200),
        ("127.0.0.1:9615", 200),
        ("[::1]:9615", 200),
        ("192.168.1.7:9615", 200),
        ("box.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example:9615", 421),
        ("127.0.0.1.evil.example", 421),
        ("me@localhost", 400),
        ("", 400),
    ] {
        assert_eq!(status(&access, "GET /api/v1/overview", &[("host", host)]), expected, "{host}");
    }
    assert_eq!(status(&access, "GET /", &[]), 400);
    assert_eq!(status(&access, "GET /", &[("host", "localhost"), ("host", "evil")]), 400);
}

#[test]
fn actions_need_the_token_and_their_own_page() {
    let (access, _folder, token) = access("127.0.0.1", false);
    let bearer = format!("Bearer {token}");
    let ask = |more: &[(&str, &str)]| {
        let headers = [&[("host", "localhost:9615")], more].concat();
        status(&access, "POST /api/v1/actions", &headers)
    };
    let granted = ("authorization", bearer.as_str());
    assert_eq!(ask(&[]), 401);
    assert_eq!(ask(&[("authorization", "Bearer rpm_wrong")]), 401);
    assert_eq!(ask(&[("authorization", "Bearer")]), 401);
    assert_eq!(ask(&[("authorization", &format!("Basic {token}"))]), 401);
    assert_eq!(ask(&[("cookie", &format!("token={token}"))]), 401);
    assert_eq!(ask(&[granted]), 200);
    assert_eq!(ask(&[granted, ("origin", "http://localhost:9615")]), 200);
    assert_eq!(ask(&[granted, ("origin", "https://localhost:9615")]), 200);
    assert_eq!(ask(&[granted, ("origin", "http://localhost:3000")]), 403);
    assert_eq!(ask(&[granted, ("origin", "http://evil.example")]), 403);
    assert_eq!(ask(&[granted, ("origin", "null")]), 403);
    assert_eq!(ask(&[granted, ("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(ask(&[granted, ("sec-fetch-site", "same-origin")]), 200);
}

#[test]
fn without_a_token_nothing_is_granted() {
    let (access, folder, _) = access("127.0.0.1", false);
    std::fs::remove_file(folder.path().join("web-token")).unwrap();
    assert!(!access.has_token());
    let headers = [("host", "localhost"), ("authorization", "Bearer ")];
    assert_eq!(status(&access, "POST /api/v1/actions", &headers), 401);
}

#[test]
fn what_others_can_reach_is_read_with_the_token_only() {
    for (host, private) in [("0.0.0.0", false), ("192.168.1.7", false), ("127.0.0.1", true)] {
        let (access, _folder, token) = access(host, private);
        let bearer = format!("Bearer {token}");
        for path in ["/metrics", "/api/v1/overview", "/api/v1/logs?app=a", "/"] {
            let line = format!("GET {path}");
            assert_eq!(status(&access, &line, &[("host", "127.0.0.1")]), 401, "{path}");
            let granted = [("host", "127.0.0.1"), ("authorization", bearer.as_str())];
            assert_eq!(status(&access, &line, &granted), 200, "{path}");
        }
        for path in ["/health", "/assets/main.js"] {
            assert_eq!(status(&access, &format!("GET {path}"), &[("host", "127.0.0.1")]), 200);
        }
        let page = [("host", "127.0.0.1"), ("accept", "text/html")];
        assert_eq!(status(&access, "GET /", &page), 200);
    }
}
