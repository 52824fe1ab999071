//! One call: the method, and its arguments in whatever form they come.

use rpm_core::spec::Env;
use serde_json::{Map, Value};

/// What a client asks. Ids are PM2's `pm_id`.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Which methods there are.
    Methods,
    /// All processes, as `jlist` tells them.
    Processes,
    /// Figures of the machine.
    System,
    /// The version of the daemon.
    Version,
    /// Is anyone there.
    Ping,
    /// What there is to say for a bug report.
    Report,
    /// Starts an app as a client has prepared it.
    Prepare(Map<String, Value>),
    /// Starts what is down.
    Start(u32),
    /// Stops and starts, with variables to merge over the app's own.
    Restart(u32, Option<Env>),
    /// Replaces without a gap, with variables to merge over the app's own.
    Reload(u32, Option<Env>),
    /// Stops.
    Stop(u32),
    /// Stops and forgets.
    Delete(u32),
    /// Starts one more of the same app.
    Duplicate(u32),
    /// Sets counters to 0.
    Reset(u32),
    /// Tells those who listen what was done.
    Notify {
        /// To whom.
        id: u32,
        /// What.
        event: String,
        /// By hand.
        manually: bool,
    },
    /// Asks apps to do what they offer.
    Message {
        /// Which.
        whom: Whom,
        /// What; its name in the app's list of actions.
        action: String,
        /// What the app is sent.
        message: Value,
    },
    /// Sends an app data.
    Data {
        /// Which.
        id: u32,
        /// What the app is sent.
        packet: Value,
    },
    /// Writes a line to an app's standard input.
    Line {
        /// Which.
        id: u32,
        /// The line without its end.
        line: String,
    },
    /// Sends a signal.
    Signal {
        /// To which.
        whom: Whom,
        /// Its name or number.
        signal: String,
    },
    /// Opens log files anew.
    ReopenLogs,
    /// The daemon is about to be ended. Not answered.
    Announced,
    /// Ends the daemon. Not answered: the client is sent SIGQUIT.
    Kill {
        /// The client.
        pid: Option<u32>,
    },
    /// Watches files or does not; of all processes when none is named.
    Watch {
        /// Whose.
        id: Option<u32>,
        /// Whether; `None` turns it on where it is off, and off where it is on.
        on: Option<bool>,
    },
    /// Something that there is nothing to do for.
    Nothing,
}

/// Which processes are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one of this id.
    Id(u32),
    /// Those of this name.
    Name(String),
}

/// Reads a call.
pub(super) fn read(method: &str, args: &[Value]) -> Result<Call, String> {
    let arg = args.first().unwrap_or(&Value::Null);
    let id = || id(arg).ok_or_else(|| format!("{method} needs the id of a process"));
    Ok(match method {
        "getMonitorData" => Call::Processes,
        "getSystemData" => Call::System,
        "getVersion" => Call::Version,
        "ping" => Call::Ping,
        "getReport" => Call::Report,
        "prepare" => match arg {
            Value::Object(record) => Call::Prepare(record.clone()),
            _ => return Err("prepare needs an app".to_owned()),
        },
        "startProcessId" => Call::Start(id()?),
        "restartProcessId" => Call::Restart(id()?, variables(arg)),
        "reloadProcessId" | "softReloadProcessId" => Call::Reload(id()?, variables(arg)),
        "stopProcessId" => Call::Stop(id()?),
        "deleteProcessId" => Call::Delete(id()?),
        "duplicateProcessId" => Call::Duplicate(id()?),
        "resetMetaProcessId" => Call::Reset(id()?),
        "notifyByProcessId" => Call::Notify {
            id: id().map_err(|_| "process id doesnt exists".to_owned())?,
            event: text(&arg["action_name"]).unwrap_or_default(),
            manually: arg["manually"].as_bool().unwrap_or(false),
        },
        "msgProcess" => message(arg)?,
        "sendDataToProcessId" => data(arg)?,
        "sendLineToStdin" => Call::Line {
            id: number(&arg["pm_id"]).ok_or("pm_id or line field missing")?,
            line: text(&arg["line"]).ok_or("pm_id or line field missing")?,
        },
        "sendSignalToProcessId" => Call::Signal {
            whom: Whom::Id(number(&arg["process_id"]).ok_or("process_id is missing")?),
            signal: text(&arg["signal"]).ok_or("signal is missing")?,
        },
        "sendSignalToProcessName" => Call::Signal {
            whom: Whom::Name(text(&arg["process_name"]).ok_or("process_name is missing")?),
            signal: text(&arg["signal"]).ok_or("signal is missing")?,
        },
        "reloadLogs" => Call::ReopenLogs,
        "notifyKillPM2" => Call::Announced,
        "killMe" => Call::Kill { pid: number(&arg["pid"]) },
        "stopWatch" => watch(args, Some(false)),
        "startWatch" => watch(args, Some(true)),
        "toggleWatch" => watch(args, None),
        "monitor" | "unmonitor" => Call::Nothing,
        "profileCPU" | "profileMEM" => return Err("there is no Node to profile".to_owned()),
        _ => return Err(format!("method \"{method}\" does not exist")),
    })
}

/// An action by id or by name. Without options the app is sent its bare name.
fn message(arg: &Value) -> Result<Call, String> {
    let action = text(&arg["msg"]).ok_or("msg is missing")?;
    let whom = match (number(&arg["id"]), text(&arg["name"])) {
        (Some(id), _) => Whom::Id(id),
        (None, Some(name)) => Whom::Name(name),
        (None, None) => return Err("name or id is missing".to_owned()),
    };
    let given = |key: &str| !matches!(arg[key], Value::Null);
    let message =
        if given("opts") || given("uuid") { arg.clone() } else { Value::from(action.clone()) };
    Ok(Call::Message { whom, action, message })
}

/// `(method, value)`: what the client is about to do, and to which process. Before it ends all, it
/// names none. PM2 does nothing, and says so to nobody, when the value is not an id.
fn watch(args: &[Value], on: Option<bool>) -> Call {
    let method = args.first().and_then(Value::as_str);
    match (args.get(1).and_then(id), method) {
        (Some(id), _) => Call::Watch { id: Some(id), on },
        (None, Some("deleteAll")) if on == Some(false) => Call::Watch { id: None, on },
        (None, _) => Call::Nothing,
    }
}

fn data(arg: &Value) -> Result<Call, String> {
    let topic = text(&arg["topic"]).filter(|topic| !topic.is_empty());
    match (number(&arg["id"]), topic, &arg["data"]) {
        (None, _, _) => Err("id field missing".to_owned()),
        (_, None, _) => Err("topic field missing".to_owned()),
        (_, _, Value::Null) => Err("data field missing".to_owned()),
        (Some(id), Some(_), _) => Ok(Call::Data { id, packet: arg.clone() }),
    }
}

/// The variables of `{id, env}`: those of the call, and those of the configuration it brings.
fn variables(arg: &Value) -> Option<Env> {
    let Value::Object(given) = &arg["env"] else {
        return None;
    };
    let mut env = Env::new();
    if let Some(Value::Object(configured)) = given.get("current_conf").map(|conf| &conf["env"]) {
        env.extend(configured.iter().filter_map(variable));
    }
    env.extend(given.iter().filter(|(key, _)| *key != "current_conf").filter_map(variable));
    (!env.is_empty()).then_some(env)
}

fn variable((key, value): (&String, &Value)) -> Option<(String, String)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((key.clone(), text.clone())),
        other => Some((key.clone(), other.to_string())),
    }
}

/// An id by itself or in an object.
fn id(arg: &Value) -> Option<u32> {
    number(arg).or_else(|| number(&arg["id"])).or_else(|| number(&arg["pm_id"]))
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
