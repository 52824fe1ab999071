//! Verbs of PM2 that this program does not have, each with what to do instead.

use crate::outcome::{Outcome, Stop};
use crate::screen::Screen;
use rpm_proto::{Code, Fault};
use std::ffi::OsString;

/// Answers a verb of PM2 that is not here; `None` for a word that is no verb of PM2 either.
pub(crate) fn answer(screen: &mut Screen, name: &str, words: &[OsString]) -> Option<Outcome> {
    let Absent { advice, quiet, .. } = find(name)?;
    // Scripts begin with `link delete` to be sure that nothing of the dashboard is left.
    let takes_back = name == "link" && words.iter().any(|word| word == "delete");
    if *quiet || takes_back {
        return Some(
            screen.warn(format!("`{name}` does nothing here: {advice}")).map_err(Stop::from),
        );
    }
    let fault = Fault::new(Code::Usage, format!("there is no `{name}` in this program"));
    Some(Err(fault.help(*advice).into()))
}

/// Whether PM2 has this verb and this program has not.
#[cfg(test)]
pub(crate) fn has(name: &str) -> bool {
    find(name).is_some()
}

/// A verb of PM2.
struct Absent {
    names: &'static [&'static str],
    /// What to do instead.
    advice: &'static str,
    /// Whether scripts go on, as PM2 ends with status 0 and has nothing to undo here.
    quiet: bool,
}

const fn absent(names: &'static [&'static str], advice: &'static str) -> Absent {
    Absent { names, advice, quiet: false }
}

const fn quiet(names: &'static [&'static str], advice: &'static str) -> Absent {
    Absent { names, advice, quiet: true }
}

const DASHBOARD: &str = "the dashboard is a service of PM2's makers; `rpm status`, `rpm jlist` and \
                         `rpm logs --json` say the same on this machine";
const MODULE: &str = "npm is the tool for it: `npm init`, `npm pack`, `npm publish`";
const PROFILE: &str = "it looks at PM2's own process; `node --cpu-prof` and `node --heap-prof` look \
                       at an app's: `rpm start app.js --node-args=--cpu-prof`";
const TRACING: &str = "npm installs it into the app itself: `npm install @opentelemetry/api`";

const ABSENT: &[Absent] = &[
    absent(&["link", "plus", "register", "login", "open"], DASHBOARD),
    quiet(&["unlink", "logout", "monitor", "unmonitor"], DASHBOARD),
    absent(&["deepUpdate"], "install the new version, then `rpm update`"),
    absent(
        &["inspect"],
        "`rpm sendSignal SIGUSR1 NAME` opens the inspector of a Node app; then `node inspect`",
    ),
    absent(&["create", "autoinstall"], "`rpm init` writes a config file to begin with"),
    absent(
        &["logrotate"],
        "logs are rotated without it; `rpm set pm2-logrotate:enabled false` leaves that to \
         `logrotate`, which runs `rpm reloadLogs` when it has moved the files",
    ),
    absent(&["profile:cpu", "profile:mem"], PROFILE),
    absent(&["package", "publish", "module:publish", "module:generate"], MODULE),
    absent(&["install-otel", "uninstall-otel"], TRACING),
];

fn find(name: &str) -> Option<&'static Absent> {
    ABSENT.iter().find(|absent| absent.names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Look, Wish};

    fn answered(name: &str, words: &[&str]) -> String {
        let mut screen =
            Screen::of_process(Look::default(), Wish { silent: true, ..Wish::default() });
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        match answer(&mut screen, name, &words) {
            None => "unknown".to_owned(),
            Some(Ok(())) => "ok".to_owned(),
            Some(Err(Stop::Fault(fault))) => fault.code.exit_status().to_string(),
            Some(Err(Stop::Said(status))) => status.to_string(),
        }
    }

    #[test]
    fn the_status_is_pm2s_where_scripts_begin_with_it() {
        assert_eq!(answered("link", &["delete"]), "ok");
        assert_eq!(answered("unlink", &[]), "ok");
        assert_eq!(answered("link", &["secret", "public"]), "1");
        assert_eq!(answered("open", &[]), "1");
        assert_eq!(answered("strat", &[]), "unknown");
    }

    #[test]
    fn each_word_is_told_once() {
        let mut names: Vec<&str> = ABSENT.iter().flat_map(|absent| absent.names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
