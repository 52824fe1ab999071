//! PM2's remote calls: what a client asks of its daemon, and how it is answered.
//!
//! A request is a frame of a body and a name for the answer; the answer is a frame of a body and the
//! same name. A body is read leniently: ids come as numbers, as text and in objects, and what is not
//! understood is an error for its caller and harms nobody else.

mod call;

pub use call::{Call, Whom};

use crate::amp::{self, Frame};
use serde_json::{Map, Value, json};

/// All methods that PM2's daemon has, for clients that ask which there are.
pub const METHODS: [&str; 30] = [
    "killMe",
    "profileCPU",
    "profileMEM",
    "prepare",
    "getMonitorData",
    "getSystemData",
    "startProcessId",
    "stopProcessId",
    "restartProcessId",
    "deleteProcessId",
    "sendLineToStdin",
    "softReloadProcessId",
    "reloadProcessId",
    "duplicateProcessId",
    "resetMetaProcessId",
    "stopWatch",
    "startWatch",
    "toggleWatch",
    "notifyByProcessId",
    "notifyKillPM2",
    "monitor",
    "unmonitor",
    "msgProcess",
    "sendDataToProcessId",
    "sendSignalToProcessId",
    "sendSignalToProcessName",
    "ping",
    "getVersion",
    "getReport",
    "reloadLogs",
];

/// A request: what is asked, and by what name the answer is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// To be sent back as it came.
    pub id: Vec<u8>,
    /// What is asked, or why that cannot be said.
    pub call: Result<Call, String>,
}

/// Reads a frame; `None` when it has no name for its answer.
pub fn request(mut frame: Frame) -> Option<Request> {
    let id = frame.pop().filter(|_| !frame.is_empty())?;
    let body = frame.first().and_then(|body| amp::read_json(body));
    let call = match body {
        Some(Value::Object(body)) => read(&body),
        _ => Err("the body of a request is an object".to_owned()),
    };
    Some(Request { id, call })
}

fn read(body: &Map<String, Value>) -> Result<Call, String> {
    if body.get("type").is_some_and(|kind| kind == "methods") {
        return Ok(Call::Methods);
    }
    let method = body.get("method").and_then(Value::as_str).ok_or(".method required")?;
    let args = body.get("args").and_then(Value::as_array).ok_or(".args required")?;
    call::read(method, args)
}

/// The answer to a call that succeeded.
pub fn reply(id: &[u8], result: Option<&Value>) -> Vec<u8> {
    let args: Vec<&Value> = result.into_iter().collect();
    amp::frame(&[&amp::json(&json!({ "args": args })), id])
}

/// The answer to a call that failed.
pub fn failure(id: &[u8], error: &str) -> Vec<u8> {
    let stack = format!("Error: {error}");
    amp::frame(&[&amp::json(&json!({ "error": error, "stack": stack })), id])
}

/// The answer to the question which methods there are.
pub fn methods(id: &[u8]) -> Vec<u8> {
    let method = |name: &str| (name.to_owned(), json!({ "name": name, "params": ["env", "cb"] }));
    let methods: Map<String, Value> = METHODS.into_iter().map(method).collect();
    amp::frame(&[&amp::json(&json!({ "methods": methods })), id])
}

#[cfg(test)]
mod tests;
