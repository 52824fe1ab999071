//! Pushing to a collector that is made up.

use super::*;
use crate::metrics::tests::everything;
use crate::options::Options;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn site() -> Arc<Site> {
    let vars = |name: &str| (name == "RPM_HOME").then(|| "/nonexistent".to_owned());
    Site::new(&Options::read(vars).unwrap(), None)
}

/// Answers one request with a status; gives what was sent.
async fn collect(listener: &TcpListener, status: &str) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut sent = Vec::new();
    loop {
        assert!(stream.read_buf(&mut sent).await.unwrap() > 0, "the request is cut short");
        let text = String::from_utf8_lossy(&sent);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head.to_owned(), serde_json::from_str(body).unwrap());
        }
    }
}

#[test]
fn only_plain_http_is_an_address() {
    let read = |text: &str| Endpoint::read(text).ok().map(|it| (it.authority, it.path));
    let of = |authority: &str, path: &str| Some((authority.to_owned(), path.to_owned()));
    assert_eq!(read("http://localhost:4318"), of("localhost:4318", "/v1/metrics"));
    assert_eq!(read("http://otel/custom"), of("otel:80", "/custom"));
    for odd in ["https://localhost:4318", "localhost:4318", "http://", "", "http://me:pw@otel"] {
        assert_eq!(read(odd), None, "{odd}");
    }
}

#[tokio::test]
async fn metrics_arrive_in_the_form_of_otlp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::read(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let sent = body(&families(Some(&everything())), 1_700_000_000_000_000_000, &site());
    let ((head, told), pushed) = tokio::join!(collect(&listener, "200 OK"), push(&endpoint, sent));
    pushed.unwrap();
    assert!(head.starts_with("POST /v1/metrics HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let metrics = told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let of = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap();
    let memory = of("rpm_process_memory_bytes");
    assert_eq!(memory["unit"], "By");
    assert_eq!(memory["gauge"]["dataPoints"][0]["asDouble"], 1_048_576.0);
    assert_eq!(memory["gauge"]["dataPoints"][0]["timeUnixNano"], "1700000000000000000");
    let app = &memory["gauge"]["dataPoints"][0]["attributes"][0];
    assert_eq!(*app, json!({ "key": "app", "value": { "stringValue": "api" } }));
    let restarts = of("rpm_process_restarts_total");
    assert_eq!(restarts["sum"]["isMonotonic"], true);
    assert_eq!(restarts["sum"]["aggregationTemporality"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_is_away_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::read(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let export = tokio::spawn(export(endpoint, site()));
    for status in ["503 Service Unavailable", "500 Internal Server Error", "200 OK", "200 OK"] {
        let (_, told) = collect(&listener, status).await;
        let metrics = &told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        // The daemon of this home is away; that is told.
        assert_eq!(metrics[0]["name"], "rpm_up");
        assert_eq!(metrics[0]["gauge"]["dataPoints"][0]["asDouble"], 0.0);
    }
    export.abort();
}
