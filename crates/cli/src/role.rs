//! Which of the binary's roles is asked for, decided before anything is initialised.

use crate::home::Home;
use camino::Utf8PathBuf;
use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Names under which the binary runs apps in the foreground.
const RUNTIME: [&str; 3] = ["rpm-runtime", "pm2-runtime", "pm2-docker"];
/// Names under which it runs an app that is being written.
const DEV: [&str; 2] = ["rpm-dev", "pm2-dev"];

/// What the process is to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `rpm keeper --home H`: the parent of all services.
    Keeper(Home),
    /// `rpm daemon --home H`: the supervisor.
    Daemon(Home),
    /// `rpm selfcheck`: tells a daemon whether this version can take over from it.
    SelfCheck,
    /// `rpm static-server`: an app that serves a folder.
    StaticServer,
    /// `rpm deliver-alert`: sends one alert, which is on its standard input.
    DeliverAlert,
    /// `rpm web-server`: an app that shows the others.
    WebServer,
    /// The command line, with the words after the program's name.
    Cli(Vec<OsString>),
}

impl Role {
    /// Reads the role from the words of the command, the program's name first.
    pub(crate) fn of(mut words: impl Iterator<Item = OsString>) -> Self {
        let program = words.next().unwrap_or_default();
        let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
        if DEV.contains(&&*name) {
            return Self::Cli(std::iter::once("dev".into()).chain(words).collect());
        }
        if RUNTIME.contains(&&*name) {
            return Self::Cli(std::iter::once("runtime".into()).chain(words).collect());
        }
        let words: Vec<OsString> = words.collect();
        match &*words {
            [word] if word == rpm_daemon::QUESTION => Self::SelfCheck,
            [word] if word == rpm_alerts::DELIVER => Self::DeliverAlert,
            [word, ..] if word == rpm_config::STATIC_SERVER => Self::StaticServer,
            [word] if word == rpm_web::ROLE => Self::WebServer,
            [verb, flag, home] if flag == "--home" => match (verb.to_str(), home.to_str()) {
                (Some("keeper"), Some(home)) => Self::Keeper(Home::at(Utf8PathBuf::from(home))),
                (Some("daemon"), Some(home)) => Self::Daemon(Home::at(Utf8PathBuf::from(home))),
                _ => Self::Cli(words),
            },
            _ => Self::Cli(words),
        }
    }
}

/// Is the keeper of a home until that is asked to stop.
#[expect(clippy::needless_pass_by_value, reason = "the home is all there is to this process")]
pub(crate) fn keeper(home: Home) -> ExitCode {
    // Whoever starts it at boot made no home.
    if let Err(fault) = home.create() {
        drop(writeln!(std::io::stderr(), "the keeper cannot run: {fault}"));
        return ExitCode::FAILURE;
    }
    let options = rpm_keeper::Options::new(home.path().as_std_path());
    match rpm_keeper::run(options) {
        Ok(end) => ExitCode::from(end.code()),
        Err(error) => complain("the keeper", &error),
    }
}

/// Is the supervisor of a home until that is asked to stop.
pub(crate) fn daemon(home: &Home) -> ExitCode {
    match rpm_daemon::run(home.path()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain("the daemon", &error),
    }
}

/// Says what this version understands.
pub(crate) fn self_check() -> ExitCode {
    let told = serde_json::to_string(&rpm_daemon::Abilities::ours())
        .map_err(std::io::Error::from)
        .and_then(|text| writeln!(std::io::stdout(), "{text}"));
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Serves a folder until that is asked to stop.
pub(crate) fn static_server() -> ExitCode {
    match rpm_serve::run(|name| std::env::var(name).ok()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain("the static file server", &error),
    }
}

/// Sends one alert.
pub(crate) fn deliver_alert() -> ExitCode {
    ExitCode::from(rpm_alerts::deliver::run(std::io::stdin(), std::io::stderr()))
}

/// Serves the page, the API and the metrics until that is asked to stop.
pub(crate) fn web_server() -> ExitCode {
    match rpm_web::run(|name| std::env::var(name).ok()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain("the web server", &error),
    }
}

/// Says to whoever started the role why it cannot be.
fn complain(who: &str, error: &dyn Error) -> ExitCode {
    let text = format!("{who} cannot run: {}\n", chain(error));
    // Standard error may be closed; the status says the same.
    drop(std::io::stderr().write_all(text.as_bytes()));
    ExitCode::FAILURE
}

/// An error and what is behind it, outermost first.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(words: &[&str]) -> Role {
        Role::of(words.iter().map(OsString::from))
    }

    #[test]
    fn the_name_and_the_first_words_decide() {
        let home = || Home::at(Utf8PathBuf::from("/h"));
        assert_eq!(role(&["rpm", "keeper", "--home", "/h"]), Role::Keeper(home()));
        assert_eq!(role(&["rpm", "daemon", "--home", "/h"]), Role::Daemon(home()));
        assert_eq!(role(&["/x/pm2", "list"]), Role::Cli(vec!["list".into()]));
        assert_eq!(role(&["rpm", "daemon"]), Role::Cli(vec!["daemon".into()]));
        let runtime = Role::Cli(vec!["runtime".into(), "app.js".into()]);
        assert_eq!(role(&["/x/pm2-runtime", "app.js"]), runtime);
        let dev = Role::Cli(vec!["dev".into(), "app.js".into()]);
        assert_eq!(role(&["/x/pm2-dev", "app.js"]), dev);
        assert_eq!(role(&[]), Role::Cli(vec![]));
    }
}
