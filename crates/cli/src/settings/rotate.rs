//! The settings of `pm2-logrotate`, which are those of this program: the daemon is told of them.

use super::{Key, Settings, value_text};
use crate::outcome::Stop;
use rpm_config::{ROTATE_GROUP, rotate_setting};
use rpm_core::spec::RotateOptions;
use rpm_pm2::stamp::Stamp;
use rpm_proto::{Client, Code, Fault, Reply, Request};

/// Whether a module of npm is what this program has built in.
pub(crate) fn is_built_in(module: &str) -> bool {
    let name = match module.rsplit_once('@') {
        Some((name, _)) if !name.is_empty() => name,
        _ => module,
    };
    name == ROTATE_GROUP
}

/// Refuses a value that a setting of this group cannot have. All others are the business of apps.
pub(crate) fn check(key: &Key, text: &str) -> Result<(), Stop> {
    match key.parts() {
        [group, name] if group == ROTATE_GROUP => give(&mut RotateOptions::default(), name, text),
        _ => Ok(()),
    }
}

/// Tells a daemon what is set. Returns what cannot be, which somebody has written into the file.
pub(crate) fn tell(settings: &Settings, client: &mut Client) -> Result<Vec<String>, Stop> {
    let (options, wrong) = read(settings);
    match client.call(&Request::Rotate { options }, |_| {})? {
        Reply::Done { .. } => Ok(wrong),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(crate::connect::unexpected().into()),
    }
}

fn read(settings: &Settings) -> (RotateOptions, Vec<String>) {
    let (mut options, mut wrong) = (RotateOptions::default(), Vec::new());
    let group = settings.values().get(ROTATE_GROUP).and_then(serde_json::Value::as_object);
    for (name, value) in group.into_iter().flatten() {
        if let Err(Stop::Fault(fault)) = give(&mut options, name, &value_text(value)) {
            wrong.push(format!("{}; it is left out", fault.what));
        }
    }
    (options, wrong)
}

fn give(options: &mut RotateOptions, name: &str, text: &str) -> Result<(), Stop> {
    rotate_setting(options, name, text)?;
    if name == "TZ" && Stamp::in_named_zone("", text).is_none() {
        let what = format!("`{ROTATE_GROUP}:TZ` cannot be `{text}`");
        return Err(Fault::new(Code::Usage, what)
            .because("this machine knows no time zone of that name")
            .help("`timedatectl list-timezones` lists them; for example `Europe/Berlin`")
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_known_with_its_version() {
        for name in ["pm2-logrotate", "pm2-logrotate@latest", "pm2-logrotate@3.0.0"] {
            assert!(is_built_in(name), "{name}");
        }
        for name in ["@me/pm2-logrotate", "pm2-logrotate-ext", "pm2-server-monit", ""] {
            assert!(!is_built_in(name), "{name}");
        }
    }

    #[test]
    fn values_are_checked_and_those_of_apps_are_not() {
        let check = |key: &str, text| check(&Key::read(key).unwrap(), text).is_ok();
        assert!(check("pm2-logrotate:max_size", "1G") && check("pm2-logrotate:TZ", "Asia/Tokyo"));
        assert!(!check("pm2-logrotate:max_size", "much"));
        assert!(!check("pm2-logrotate:TZ", "Middle/Earth"));
        assert!(!check("pm2-logrotate.retane", "5"));
        assert!(check("web:max_size", "much") && check("max_size", "much"));
    }
}
