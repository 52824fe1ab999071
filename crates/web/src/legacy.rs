//! `GET /` as PM2 has answered it for years: the machine and `jlist`, for scripts that read it. What
//! PM2 gave away there is missing: the environments, also where they are copied into the record.

use crate::page;
use crate::problem::Problem;
use crate::site::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use rpm_proto::{Detail, redact};
use serde_json::{Value, json};
use std::sync::Arc;

/// The page where a browser asks, PM2's JSON otherwise.
pub(crate) async fn root(State(site): State<Shared>, headers: HeaderMap) -> Response {
    if page::is_wanted(&headers) {
        return page::index(&headers);
    }
    match state(&site).await {
        Ok(state) => Json(state).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn state(site: &Shared) -> Result<Value, Problem> {
    let taken = site.last.get(&site.daemon).await?;
    let details = site.daemon.details(None).await?;
    let host = &taken.observed.host;
    let cpus: Vec<Value> = (0..host.cpus).map(|_| json!({ "model": host.system })).collect();
    let interfaces = host.networks.iter().map(|network| (network.name.clone(), json!([])));
    Ok(json!({
        "system_info": { "hostname": host.hostname, "uptime": host.uptime_s },
        "monit": {
            "loadavg": host.load,
            "total_mem": host.memory_total,
            "free_mem": host.memory_available,
            "cpu": cpus,
            "interfaces": interfaces.collect::<serde_json::Map<_, _>>(),
        },
        "processes": details.into_iter().map(record).collect::<Vec<_>>(),
    }))
}

/// PM2's element of a process, made from what is left without the environment.
fn record(mut detail: Detail) -> Value {
    detail.env.clear();
    let spec = &mut detail.spec;
    spec.env.clear();
    spec.base_env = Arc::default();
    spec.extra.clear();
    spec.args = redact::args(spec.args.iter().map(String::as_str));
    spec.interpreter_args = redact::args(spec.interpreter_args.iter().map(String::as_str));
    detail.view.error = detail.view.error.as_deref().map(redact::text);
    let told = &mut detail.told;
    told.options = clean(&told.options);
    told.monitor = clean(&told.monitor);
    told.actions = told.actions.iter().map(|action| crate::model::clean("", action)).collect();
    rpm_pm2::jlist::record(&detail)
}

fn clean(map: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    map.iter().map(|(name, value)| (name.clone(), crate::model::clean(name, value))).collect()
}
