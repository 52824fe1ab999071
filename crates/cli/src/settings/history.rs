//! The setting `rpm:history`: whether the daemon keeps figures of the last day. It is told of it.

use super::{Key, Settings, value_text};
use crate::connect;
use crate::outcome::Stop;
use rpm_proto::{Client, Code, Fault, Reply, Request};

const GROUP: &str = "rpm";
const NAME: &str = "history";

/// Refuses what this setting cannot be.
pub(crate) fn check(key: &Key, text: &str) -> Result<(), Stop> {
    match key.parts() {
        [group, name] if group == GROUP && name == NAME && read(text).is_none() => {
            let what = format!("`{GROUP}:{NAME}` cannot be `{text}`");
            Err(Fault::new(Code::Usage, what).help("write `true` or `false`").into())
        }
        _ => Ok(()),
    }
}

/// Tells a daemon what is set. Returns what cannot be, which somebody has written into the file.
pub(crate) fn tell(settings: &Settings, client: &mut Client) -> Result<Option<String>, Stop> {
    let text = settings.values().get(GROUP).and_then(|group| group.get(NAME)).map(value_text);
    let on = text.as_deref().map_or(Some(true), read);
    match client.call(&Request::KeepHistory { on: on.unwrap_or(true) }, |_| {})? {
        Reply::Done { .. } => {
            let wrong = text.filter(|_| on.is_none());
            Ok(wrong.map(|text| format!("`{GROUP}:{NAME}` cannot be `{text}`; it is left out")))
        }
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(connect::unexpected().into()),
    }
}

fn read(text: &str) -> Option<bool> {
    match text {
        "true" | "on" => Some(true),
        "false" | "off" => Some(false),
        _ => None,
    }
}
