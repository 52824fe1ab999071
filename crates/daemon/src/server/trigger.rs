//! A client that asks apps to do what they offer, and waits for what they give back.

use super::{Doors, follow, session};
use interprocess::local_socket::tokio::Stream;
use rpm_core::{ProcId, Target};
use rpm_pm2::{bus::Published, said};
use rpm_proto::{Code, Detail, Fault, Recipient, Reply, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// Apps have so long to answer, all of them.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks, and tells the client of each answer; last which processes were asked.
pub(super) async fn run(
    stream: &mut Stream,
    doors: &Doors,
    target: Target,
    action: &str,
    param: Option<String>,
) -> io::Result<()> {
    // Before anybody is asked, so that no answer is missed.
    let mut news = doors.bus.listen();
    let to = match ask(doors, target, action, param).await {
        Ok(to) => to,
        Err(fault) => return refuse(stream, fault).await,
    };
    let mut waiting: BTreeMap<u32, Recipient> =
        to.iter().map(|recipient| (recipient.id, recipient.clone())).collect();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !waiting.is_empty() {
        tokio::select! { biased;
            () = follow::hang_up(stream) => return Ok(()),
            () = tokio::time::sleep_until(deadline) => {
                return refuse(stream, silent(&waiting, action)).await;
            }
            item = news.next() => {
                if let Some((id, value)) = returned(&item.news, action)
                    && let Some(from) = waiting.remove(&id)
                {
                    session::send(stream, &Reply::Returned { from, value }).await?;
                }
            }
        }
    }
    session::send(stream, &Reply::Sent { to }).await
}

async fn ask(
    doors: &Doors,
    target: Target,
    action: &str,
    param: Option<String>,
) -> Result<Vec<Recipient>, Fault> {
    // The owner of the table only notes this one.
    let noted = Request::Trigger { target: target.clone(), action: action.to_owned(), param: None };
    doors.ask(noted).await.ok_or_else(gone)?;
    let details = match doors.ask(Request::Inspect { target: Some(target.clone()) }).await {
        Some(Reply::Details { details }) => details,
        Some(Reply::Failed { fault, .. }) => return Err(fault),
        Some(_) | None => return Err(gone()),
    };
    let message = match param {
        Some(param) => json!({ "msg": action, "action_name": action, "opts": param }),
        None => json!(action),
    };
    let mut to = Vec::new();
    for detail in details.iter().filter(|detail| said::offers(&detail.told, action)) {
        let target = Target::id(ProcId(detail.view.id));
        match doors.ask(Request::Tell { target, message: message.clone() }).await {
            Some(Reply::Sent { to: sent }) => to.extend(sent),
            Some(Reply::Failed { fault, .. }) => return Err(fault),
            Some(_) | None => return Err(gone()),
        }
    }
    if to.is_empty() { Err(not_offered(&target, action, &details)) } else { Ok(to) }
}

/// Who answers to this action, and what.
fn returned(news: &Published, action: &str) -> Option<(u32, Value)> {
    let (data, process) = (&news.payload["data"], &news.payload["process"]);
    let answers = news.topic == "axm:reply" && data["action_name"] == action;
    let id = process["pm_id"].as_u64().and_then(|id| u32::try_from(id).ok());
    id.filter(|_| answers).map(|id| (id, data["return"].clone()))
}

fn not_offered(target: &Target, action: &str, details: &[Detail]) -> Fault {
    let fault = Fault::new(Code::NoAction, format!("`{target}` offers no action `{action}`"));
    let mut names: Vec<&str> = details
        .iter()
        .flat_map(|detail| &detail.told.actions)
        .filter_map(|action| action["action_name"].as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        fault.because("it offers none at all").help("apps offer actions with `@pm2/io`")
    } else {
        fault.help(format!("it offers {}", names.join(", ")))
    }
}

fn silent(waiting: &BTreeMap<u32, Recipient>, action: &str) -> Fault {
    let names: Vec<String> =
        waiting.values().map(|it| format!("[{}]({})", it.name, it.id)).collect();
    let what = format!("no answer to `{action}` from {}", names.join(", "));
    Fault::new(Code::NoAnswer, what).help("`rpm logs` shows what it says")
}

fn gone() -> Fault {
    Fault::new(Code::ShuttingDown, "the daemon is stopping")
}

async fn refuse(stream: &mut Stream, fault: Fault) -> io::Result<()> {
    session::send(stream, &Reply::Failed { fault, affected: Vec::new() }).await
}
