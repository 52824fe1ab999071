//! Makes the description, and holds the file against it.

use super::TEXT;
use crate::api::{actions, crashes, events, health, history, logs, overview, stream};
use crate::metrics;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "rpm",
        description = "What `rpm web` answers. Reading needs no token on the machine itself, unless \
                       the server was started with `--private`; actions always do.",
    ),
    paths(
        actions::act,
        crashes::list,
        crashes::report,
        events::list,
        health::health,
        history::history,
        logs::download::download,
        logs::logs,
        metrics::metrics,
        overview::access,
        overview::overview,
        overview::process,
        overview::processes,
        stream::stream,
    ),
    security(("token" = []), ()),
    modifiers(&Token),
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

#[test]
fn the_file_describes_the_code() {
    let made = Description::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        std::fs::write(path, &made).unwrap();
    } else {
        assert_eq!(made, TEXT, "`UPDATE_DOCS=1 cargo nextest run -p rpm-web` writes the file anew");
    }
}

#[test]
fn each_path_of_the_api_is_described() {
    let source = include_str!("../../api.rs");
    let routes: Vec<String> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\""))
        .filter_map(|line| line.split('"').next())
        .map(|path| format!("/api/v1{path}"))
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    let described = Description::openapi();
    for route in routes.iter().filter(|route| *route != "/api/v1/openapi.json") {
        assert!(described.paths.paths.contains_key(route), "{route} is not described");
    }
}
