//! The saved list, `dump.pm2`: an array of PM2's `pm2_env` records, so that one can move either
//! way.
//!
//! Records of ours have a key more, `rpm`: the spec as it is, and a mark of the record it belongs
//! to. Where the mark no longer fits (PM2 wrote the record anew, or a person edited it), the record
//! is believed and not the spec.

mod depth;
mod read;
mod watch;

pub(crate) use read::spec as read_record;

use crate::env::is_ours;
use crate::jlist::{pm2_env, watched};
use rpm_core::AppSpec;
use rpm_core::spec::{BUILT_IN, Env, MODULE};
use rpm_proto::Detail;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The key of ours.
const OURS: &str = "rpm";

/// Why a dump cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It is not text.
    #[error("it is not UTF-8")]
    Encoding(#[source] std::str::Utf8Error),
    /// It is neither JSON nor JSON5.
    #[error("it is not JSON")]
    Syntax(#[source] json5::Error),
    /// It would exhaust the stack of whoever reads it.
    #[error("it is nested deeper than {} levels", depth::DEPTH_MAX)]
    TooDeep,
    /// It is something else than a list.
    #[error("it is not a list of processes")]
    NotAList,
    /// A record lacks what nothing can run without.
    #[error("record {index} has no `{key}`")]
    Incomplete {
        /// Which, from 0.
        index: usize,
        /// What it lacks.
        key: &'static str,
    },
}

/// The dump of these processes.
pub fn to_dump(details: &[Detail]) -> Vec<u8> {
    let records: Vec<Value> = details.iter().map(|detail| json!(to_record(detail))).collect();
    let mut text = format!("{:#}", Value::Array(records)).into_bytes();
    text.push(b'\n');
    text
}

/// The apps of a dump, one for each instance, each with whether it was stopped when it was saved.
/// Instances of one app are in the order of their numbers. Modules of PM2 are left out.
pub fn from_dump(bytes: &[u8]) -> Result<Vec<(AppSpec, bool)>, DumpError> {
    let text = std::str::from_utf8(bytes).map_err(DumpError::Encoding)?;
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) if depth::of(text) > depth::DEPTH_MAX => return Err(DumpError::TooDeep),
        Err(_) => json5::from_str(text).map_err(DumpError::Syntax)?,
    };
    let Value::Array(records) = value else {
        return Err(DumpError::NotAList);
    };
    let mut apps = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        let Value::Object(record) = record else {
            return Err(DumpError::NotAList);
        };
        let is = |key: &str| record.get(key) == Some(&Value::Bool(true));
        if !is(MODULE) || is(BUILT_IN) {
            apps.push(from_record(index, record)?);
        }
    }
    share_envs(&mut apps);
    Ok(in_order(apps))
}

/// One record read.
struct Saved {
    spec: AppSpec,
    stopped: bool,
    slot: u64,
}

fn to_record(detail: &Detail) -> Map<String, Value> {
    let mut record = pm2_env(detail);
    for key in ["instances", "pm_id", "prev_restart_delay"] {
        record.shift_remove(key);
    }
    // What is stopped does not watch, and will again.
    record.insert("watch".to_owned(), watched(&detail.spec, detail.spec.watch.on));
    let spec = AppSpec { base_env: Arc::new(shell_env(detail)), ..detail.spec.clone() };
    let mark = mark(&record);
    record.insert(OURS.to_owned(), json!({ "spec": spec, "mark": mark }));
    record
}

/// What the process was given by its shell: all that neither the app nor we set. A variable that
/// grows with the instance is taken back to its start.
fn shell_env(detail: &Detail) -> Env {
    let spec = &detail.spec;
    let mut env: Env = detail
        .env
        .iter()
        .filter(|(key, _)| !is_ours(key, spec) && !spec.env.contains_key(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(name) = &spec.increment_var
        && let Some(value) = env.get_mut(name)
        && let Ok(count) = value.parse::<i64>()
    {
        *value = (count - i64::from(detail.view.slot)).to_string();
    }
    env
}

fn from_record(index: usize, mut record: Map<String, Value>) -> Result<Saved, DumpError> {
    let ours = record.shift_remove(OURS);
    let stopped = record.get("status").is_some_and(|status| status == "stopped");
    let slot = read::slot(&record);
    let ours = ours.filter(|ours| ours["mark"] == mark(&record).as_str());
    let exact = ours.and_then(|mut ours| serde_json::from_value(ours["spec"].take()).ok());
    let spec = match exact {
        Some(spec) => spec,
        None => read::spec(&record).map_err(|key| DumpError::Incomplete { index, key })?,
    };
    Ok(Saved { spec, stopped, slot })
}

/// Instances of one app have one environment: keep it once.
fn share_envs(apps: &mut [Saved]) {
    for at in 1..apps.len() {
        let (before, rest) = apps.split_at_mut(at);
        if let (Some(last), Some(this)) = (before.last(), rest.first_mut())
            && last.spec.base_env == this.spec.base_env
        {
            this.spec.base_env = Arc::clone(&last.spec.base_env);
        }
    }
}

/// Apps in the order of their first record, the instances of each by number.
fn in_order(mut apps: Vec<Saved>) -> Vec<(AppSpec, bool)> {
    let mut names: Vec<String> = Vec::new();
    for app in &apps {
        if !names.contains(&app.spec.name) {
            names.push(app.spec.name.clone());
        }
    }
    let place = |app: &Saved| names.iter().position(|name| *name == app.spec.name);
    apps.sort_by_key(|app| (place(app), app.slot));
    apps.into_iter().map(|app| (app.spec, app.stopped)).collect()
}

/// Tells one record from another (FNV-1a, 64 bit, of its JSON): nothing secret, nothing hostile.
fn mark(record: &Map<String, Value>) -> String {
    let text = serde_json::to_string(record).unwrap_or_default();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
