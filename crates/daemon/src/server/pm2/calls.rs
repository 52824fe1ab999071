//! One call: what PM2's daemon would do, done as ours does it.

use super::super::Doors;
use super::caller::Caller;
use crate::clock;
use rpm_core::spec::{Env, Setting};
use rpm_core::{Existing, ProcId, ScaleTo, Status, Target};
use rpm_pm2::rpc::{self, Call, Whom};
use rpm_pm2::{bus, jlist, prepared, said, system};
use rpm_proto::{Detail, Reply, Request, Verb};
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// PM2's client learns from the answer to `msgProcess` for how many apps it has to wait, and reads
/// their answers from another socket: it needs so much time in between.
const HEAD_START: Duration = Duration::from_millis(5);

/// An answer on its way. Dropped when it has been written, or cannot be.
pub(super) struct Answer {
    pub(super) frame: Vec<u8>,
    _written: Option<oneshot::Sender<Infallible>>,
    /// The daemon does not end before.
    _busy: Option<mpsc::Sender<Infallible>>,
}

/// What is answered: a value or none, or an error.
type Answered = Result<Option<Value>, String>;

/// Does what is asked, and answers where an answer is expected.
pub(super) async fn answer(
    request: rpc::Request,
    doors: &Doors,
    caller: &Caller,
    answers: &mpsc::Sender<Answer>,
) {
    let busy = doors.busy.upgrade();
    let id = request.id;
    let answered = match request.call {
        // It would not know what to do with an answer.
        Ok(Call::Announced) => return,
        Ok(Call::Kill { pid }) => {
            if let Err(error) = ask(doors, Request::Kill).await {
                tracing::warn!(error, "a client of PM2 could not end the daemon");
            }
            return caller.quit(pid);
        }
        Ok(Call::Methods) => {
            let answer = Answer { frame: rpc::methods(&id), _written: None, _busy: busy };
            return drop(answers.send(answer).await);
        }
        Ok(Call::Message { whom, action, message }) => {
            return message_to(doors, &whom, &action, &message, (&id, answers)).await;
        }
        Ok(call) => perform(call, doors, caller).await,
        Err(error) => Err(error),
    };
    // The client may have hung up.
    drop(answers.send(Answer { frame: frame(&id, answered), _written: None, _busy: busy }).await);
}

fn frame(id: &[u8], answered: Answered) -> Vec<u8> {
    match answered {
        Ok(value) => rpc::reply(id, value.as_ref()),
        Err(error) => rpc::failure(id, &error),
    }
}

async fn perform(call: Call, doors: &Doors, caller: &Caller) -> Answered {
    match call {
        Call::Processes => all(doors).await,
        Call::Watch { id, on } => watch(doors, id, on).await,
        Call::Nothing => Ok(Some(json!({ "success": true }))),
        Call::System => match ask(doors, Request::Host).await? {
            Reply::Host { host } => Ok(Some(Value::Object(system::metrics(&host)))),
            _ => Ok(None),
        },
        Call::Version => Ok(Some(json!(caller.version()))),
        Call::Ping => Ok(Some(json!({ "msg": "pong" }))),
        Call::Report => report(doors, caller).await,
        Call::Prepare(record) => prepare(doors, record).await,
        Call::Start(id) => {
            if one(doors, id).await?.view.status == Status::Online {
                return Err("process already online".to_owned());
            }
            act(doors, Verb::Start, id, None).await
        }
        Call::Restart(id, env) => act(doors, Verb::Restart, id, env).await,
        Call::Reload(id, env) => act(doors, Verb::Reload, id, env).await,
        Call::Stop(id) => act(doors, Verb::Stop, id, None).await,
        Call::Delete(id) => delete(doors, id).await,
        Call::Duplicate(id) => duplicate(doors, id).await,
        Call::Reset(id) => {
            act(doors, Verb::Reset, id, None).await?;
            all(doors).await
        }
        Call::Notify { id, event, manually } => {
            let detail = one(doors, id).await.map_err(|_| "process id doesnt exists")?;
            let at = clock::now().wall.0;
            doors.bus.publish(bus::process_event(&detail, &event, manually, at));
            Ok(None)
        }
        Call::Data { id, packet } => {
            ask(doors, Request::Tell { target: exactly(id), message: packet.clone() }).await?;
            Ok(Some(json!({ "success": true, "data": packet })))
        }
        Call::Line { id, line } => {
            // Clients send a line with its end or without.
            let text = line.strip_suffix('\n').unwrap_or(&line).to_owned();
            ask(doors, Request::Write { target: exactly(id), line: text }).await?;
            Ok(Some(json!({ "pm_id": id, "line": line })))
        }
        Call::Signal { whom, signal } => {
            let target = match whom {
                Whom::Id(id) => exactly(id),
                Whom::Name(name) => Target(name),
            };
            let signal = signal.parse().map_err(|_| format!("unknown signal: {signal}"))?;
            ask(doors, Request::Signal { targets: vec![target], signal }).await?;
            all(doors).await
        }
        Call::ReopenLogs => {
            ask(doors, Request::ReopenLogs).await?;
            Ok(Some(json!({})))
        }
        // Answered elsewhere.
        Call::Methods | Call::Announced | Call::Kill { .. } | Call::Message { .. } => Ok(None),
    }
}

/// Asks the owner of the table. What failed is an error in a line.
async fn ask(doors: &Doors, request: Request) -> Result<Reply, String> {
    match doors.ask(request).await.ok_or("the daemon is stopping")? {
        Reply::Failed { fault, .. } => Err(match &fault.excerpt {
            Some(excerpt) => format!("{fault}\n{excerpt}"),
            None => fault.to_string(),
        }),
        reply => Ok(reply),
    }
}

async fn details(doors: &Doors, target: Option<Target>) -> Result<Vec<Detail>, String> {
    match ask(doors, Request::Inspect { target }).await? {
        Reply::Details { details } => Ok(details),
        _ => Ok(Vec::new()),
    }
}

async fn all(doors: &Doors) -> Answered {
    let details = details(doors, None).await?;
    Ok(Some(details.iter().map(jlist::record).collect()))
}

async fn one(doors: &Doors, id: u32) -> Result<Detail, String> {
    let found = details(doors, Some(exactly(id))).await.unwrap_or_default();
    found.into_iter().next().ok_or_else(|| format!("{id} id unknown"))
}

fn exactly(id: u32) -> Target {
    Target::id(ProcId(id))
}

/// A process as PM2 answers with it after it was started: a record, and something of a handle.
fn started(detail: &Detail) -> Value {
    let mut record = jlist::record(detail);
    record["process"] = json!({ "pid": detail.view.pid });
    record
}

async fn act(doors: &Doors, verb: Verb, id: u32, env: Option<Env>) -> Answered {
    one(doors, id).await?;
    order(doors, verb, id, env).await?;
    Ok(Some(started(&one(doors, id).await?)))
}

async fn order(doors: &Doors, verb: Verb, id: u32, env: Option<Env>) -> Result<Reply, String> {
    let targets = vec![exactly(id)];
    ask(doors, Request::Act { verb, targets, env, settings: Vec::new(), parallel: None }).await
}

/// Turns watching on or off, and leaves what runs as it is. One that is not there is no error: the
/// client is about to ask for more, and learns it then.
async fn watch(doors: &Doors, id: Option<u32>, on: Option<bool>) -> Answered {
    let found = details(doors, id.map(exactly)).await.unwrap_or_default();
    // Clients say this before each stop, mostly of what does not watch.
    let other = |detail: &&Detail| on != Some(detail.spec.watch.on);
    let targets: Vec<Target> =
        found.iter().filter(other).map(|detail| exactly(detail.view.id)).collect();
    if targets.is_empty() {
        let already = on == Some(true) && !found.is_empty();
        return Ok(Some(if already {
            json!({ "success": true, "notrestarted": true })
        } else {
            json!({ "success": true })
        }));
    }
    let settings = vec![on.map_or(Setting::ToggleWatch, Setting::Watch)];
    ask(doors, Request::Adjust { targets, settings }).await?;
    Ok(Some(json!({ "success": true })))
}

async fn delete(doors: &Doors, id: u32) -> Answered {
    let mut detail = one(doors, id).await?;
    order(doors, Verb::Delete, id, None).await?;
    (detail.view.status, detail.view.pid) = (Status::Stopped, 0);
    Ok(Some(jlist::record(&detail)))
}

async fn prepare(doors: &Doors, record: Map<String, Value>) -> Answered {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let app = prepared::spec(record, u32::try_from(cpus).unwrap_or(1))
        .map_err(|key| format!("the app has no `{key}`"))?;
    let base_env = (*app.base_env).clone();
    let existing = Existing::Duplicate;
    apply(
        doors,
        Request::Apply { base_env, apps: vec![app], existing, parallel: None, update_env: true },
    )
    .await
}

async fn duplicate(doors: &Doors, id: u32) -> Answered {
    let name = one(doors, id).await?.spec.name;
    let Some(Value::Array(mut added)) =
        apply(doors, Request::Scale { name, to: ScaleTo::By(1) }).await?
    else {
        return Ok(None);
    };
    Ok(added.pop())
}

/// Does something that starts processes, and answers with these.
async fn apply(doors: &Doors, request: Request) -> Answered {
    let Reply::Done { affected } = ask(doors, request).await? else {
        return Ok(None);
    };
    let mut processes = Vec::new();
    for affected in affected {
        processes.push(started(&one(doors, affected.proc.0).await?));
    }
    Ok(Some(Value::Array(processes)))
}

async fn report(doors: &Doors, caller: &Caller) -> Answered {
    let Reply::Report { report } = ask(doors, Request::Report).await? else {
        return Ok(None);
    };
    let uptime = i64::try_from(report.uptime_ms).unwrap_or(0);
    let program = std::env::current_exe().unwrap_or_default();
    // PM2 gives the daemon's environment away, too.
    Ok(Some(json!({
        "pm2_version": caller.version(),
        "node_version": "N/A",
        "node_path": "not found",
        "argv0": program,
        "argv": [program],
        "user": std::env::var("USER").unwrap_or_default(),
        "uid": rpm_sys::process::effective_uid(),
        "gid": null,
        "env": {},
        "managed_apps": report.apps.len(),
        "started_at": clock::now().wall.0 - uptime,
    })))
}

/// Asks apps to do what they offer. Who asked is told first how many were asked.
async fn message_to(
    doors: &Doors,
    whom: &Whom,
    action: &str,
    message: &Value,
    (id, answers): (&[u8], &mpsc::Sender<Answer>),
) {
    let asked = offering(doors, whom, action).await;
    let answered = asked
        .as_ref()
        .map(|ids| Some(json!({ "process_count": ids.len(), "success": true })))
        .map_err(Clone::clone);
    let (unwritten, written) = oneshot::channel();
    let answer = Answer { frame: frame(id, answered), _written: Some(unwritten), _busy: None };
    drop(answers.send(answer).await);
    drop(written.await);
    tokio::time::sleep(HEAD_START).await;
    for id in asked.unwrap_or_default() {
        let message = message.clone();
        if let Err(error) = ask(doors, Request::Tell { target: exactly(id), message }).await {
            tracing::debug!(id, error, "an app that was to be asked is gone");
        }
    }
}

/// The processes that are meant and offer the action.
async fn offering(doors: &Doors, whom: &Whom, action: &str) -> Result<Vec<u32>, String> {
    let details = details(doors, None).await?;
    let is_meant = |detail: &&Detail| match whom {
        Whom::Id(id) => detail.view.id == *id,
        Whom::Name(name) => {
            name == "all"
                || [&detail.spec.name, &detail.spec.namespace].contains(&name)
                || detail.spec.script.file_name() == Some(name)
        }
    };
    let meant: Vec<&Detail> = details.iter().filter(is_meant).collect();
    let offers = |detail: &&&Detail| said::offers(&detail.told, action);
    let asked: Vec<u32> = meant.iter().filter(offers).map(|detail| detail.view.id).collect();
    match (whom, meant.first()) {
        (Whom::Id(id), None) => Err(format!("{id} id unknown")),
        (Whom::Id(_), Some(detail)) if asked.is_empty() => {
            Err(format!("Action doesn't exist {action} for {}", detail.spec.name))
        }
        _ => Ok(asked),
    }
}
