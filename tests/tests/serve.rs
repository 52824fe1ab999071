//! Folders of static files as apps.

use rpm_tests::{Response, Rpm, eventually, free_port, get, request};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A site with a page, one for what is missing, a folder and a longer file.
fn site() -> Rpm {
    let rpm = Rpm::new();
    rpm.write("secret.txt", "not for you");
    rpm.write("dist/index.html", "<h1>home</h1>");
    rpm.write("dist/404.html", "<h1>lost</h1>");
    rpm.write("dist/data.txt", "0123456789");
    rpm.write("dist/a b/ü<.txt", "odd name");
    rpm
}

fn serve(rpm: &Rpm, more: &[&str]) -> u16 {
    let port = free_port();
    let text = port.to_string();
    rpm.ok(&[&["serve", "dist", &text], more].concat());
    eventually("the site to answer", || get(port, "/").ok());
    port
}

fn raw(port: u16, head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn files_parts_and_what_has_not_changed() {
    let rpm = site();
    let port = serve(&rpm, &[]);
    let home = get(port, "/").unwrap();
    assert_eq!((home.status, home.text().as_str()), (200, "<h1>home</h1>"));
    assert!(home.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(home.header("access-control-allow-origin"), Some("*"));
    let whole = get(port, "/data.txt").unwrap();
    let tag = whole.header("etag").expect("an ETag").to_owned();
    let modified = whole.header("last-modified").expect("a date").to_owned();
    let ask = |headers: &[(&str, &str)]| request(port, "GET", "/data.txt", headers, b"").unwrap();
    assert_eq!(ask(&[("if-none-match", &tag)]).status, 304);
    assert_eq!(ask(&[("if-modified-since", &modified)]).status, 304);
    let middle = ask(&[("range", "bytes=2-4")]);
    assert_eq!((middle.status, middle.text().as_str()), (206, "234"));
    assert_eq!(middle.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(ask(&[("range", "bytes=50-")]).status, 416);
    let head = raw(port, "HEAD /data.txt HTTP/1.1");
    assert!(head.contains("content-length: 10") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(request(port, "POST", "/data.txt", &[], b"x").unwrap().status, 405);
    let lost = get(port, "/nope").unwrap();
    assert_eq!((lost.status, lost.text().as_str()), (404, "<h1>lost</h1>"));
    assert_eq!(get(port, "/data.txt/x").unwrap().status, 404);
}

#[test]
fn odd_paths_end_nothing() {
    let rpm = site();
    let port = serve(&rpm, &[]);
    let pid = rpm.one(&format!("static-page-server-{port}")).pid;
    for (path, status) in [
        ("/%", 400),
        ("/%zz", 400),
        ("/a%00", 400),
        ("/%ff", 400),
        ("/../secret.txt", 403),
        ("/%2e%2e/secret.txt", 403),
        ("/..%2fsecret.txt", 403),
        ("/a%20b", 307),
        ("/a%20b/", 404),
        ("//secret.txt", 404),
    ] {
        let answer = raw(port, &format!("GET {path} HTTP/1.1"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(!answer.contains("not for you"), "{path}");
    }
    raw(port, &format!("GET /{} HTTP/1.1", "x".repeat(5000)));
    assert_eq!(rpm.one(&format!("static-page-server-{port}")).pid, pid, "the server has died");
}

#[test]
fn one_page_for_all_paths() {
    let rpm = site();
    let port = serve(&rpm, &["--spa", "--name", "site"]);
    assert!(rpm.one("site").is_online());
    let text = |path: &str| get(port, path).map(|answer| (answer.status, answer.text())).unwrap();
    assert_eq!(text("/users/7"), (200, "<h1>home</h1>".to_owned()));
    assert_eq!(text("/users/data.txt"), (200, "0123456789".to_owned()));
}

#[test]
fn folders_and_a_password() {
    let rpm = site();
    let account = ["--basic-auth-username", "me", "--basic-auth-password", "a:b"];
    let port = serve(&rpm, &[&account[..], &["--ftp"]].concat());
    let ask = |path: &str, shown: &str| -> Response {
        request(port, "GET", path, &[("authorization", shown)], b"").unwrap()
    };
    let refused = get(port, "/data.txt").unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic realm="));
    assert_eq!(ask("/data.txt", "Basic bWU6YQ==").status, 401);
    let granted = "Basic bWU6YTpi";
    assert_eq!(ask("/data.txt", granted).text(), "0123456789");
    let list = ask("/a%20b/", granted);
    assert_eq!(list.status, 200);
    assert!(list.text().contains("<a href=\"./ü&lt;.txt\">") || list.text().contains("%C3%BC"));
    assert!(!list.text().contains("ü<"), "not escaped: {}", list.text());
}

#[test]
fn folders_in_a_config() {
    let rpm = site();
    let (one, two) = (free_port(), free_port());
    let config = format!(
        r#"{{ "static": [{{ "path": "dist", "port": {one}, "spa": true }}],
             "apps": [{{ "script": "serve", "name": "docs",
                        "env": {{ "PM2_SERVE_PATH": "dist", "PM2_SERVE_PORT": {two},
                                  "PM2_SERVE_HOMEPAGE": "/data.txt" }} }}] }}"#
    );
    rpm.write("site.json", &config);
    rpm.ok(&["start", "site.json"]);
    let page = |port| eventually("a page", || get(port, "/").ok()).text();
    assert_eq!(page(one), "<h1>home</h1>");
    assert_eq!(page(two), "0123456789");
    assert!(rpm.one(&format!("static-page-server-{one}")).is_online());
    // An end that is asked for is clean.
    rpm.ok(&["stop", "all"]);
    assert!(get(one, "/").is_err());
}
