//! The table of verbs, and the way from the words to one of them.

mod parse;

use crate::argv::Argv;
use crate::commands;
use crate::commands::{
    Cli, Run, absent, alerts, attach, cleardump, completion, conf, crashes, delete, deploy,
    describe, dev, env, events, examples, flush, get, help, id, import, init, install, jlist, kill,
    list, logs, monit, multiset, pid, ping, prettylist, pull, reload, reload_logs, reset, restart,
    resurrect, runtime, save, scale, schema, send, send_signal, serve, set, shim, slist, start,
    start_or_reload, start_or_restart, startup, status, stop, sysmonit, trigger, uninstall, unset,
    unstartup, update, version, web,
};
use crate::flags::{self, Shows};
use crate::home::Home;
use crate::outcome::{Outcome, Stop};
use crate::report;
use crate::screen::{Look, Screen, Wish};
use clap::Command;
use rpm_proto::{Code, Fault};
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// One verb.
#[derive(Clone, Copy)]
pub(crate) struct Verb {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its other names.
    pub(crate) aliases: &'static [&'static str],
    /// What it does, in a line.
    pub(crate) about: &'static str,
    /// Under which heading it is listed.
    pub(crate) group: Group,
    shows: Shows,
    takes_app_args: bool,
    declare: fn(Command) -> Command,
    run: fn(&clap::ArgMatches, &mut Cli) -> Outcome,
}

impl Verb {
    const fn of<T: Run>() -> Self {
        Self {
            name: T::NAME,
            aliases: T::ALIASES,
            about: T::ABOUT,
            group: T::GROUP,
            shows: T::SHOWS,
            takes_app_args: T::TAKES_APP_ARGS,
            declare: T::augment_args,
            run: parse::run_as::<T>,
        }
    }

    /// The verb of this name.
    pub(crate) fn find(name: &OsStr) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.name == name || verb.aliases.iter().any(|it| *it == name))
    }

    /// The verb as clap knows it.
    pub(crate) fn command(&self) -> Command {
        let usage = format!("rpm {} [OPTIONS] [TARGET]... [-- ARGS]", self.name);
        let command = self.bare().max_term_width(100);
        let command = if self.takes_app_args { command.override_usage(usage) } else { command };
        // The words come last, as the docs of the arguments' types would take their place.
        flags::declare((self.declare)(command), self.shows).about(self.about)
    }

    /// The verb with what the shells should complete.
    pub(crate) fn completed(&self) -> Command {
        flags::declare_shown((self.declare)(self.bare()), self.shows).about(self.about)
    }

    fn bare(&self) -> Command {
        let aliases = self.aliases.iter().copied();
        Command::new(self.name).bin_name(format!("rpm {}", self.name)).visible_aliases(aliases)
    }
}

/// A heading in the list of verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Starting, stopping, replacing.
    Apps,
    /// Looking.
    Look,
    /// Logs.
    Logs,
    /// The list and the daemon.
    Daemon,
    /// Config files and settings.
    Settings,
    /// The command line itself.
    Cli,
}

impl Group {
    /// All headings, in order, with their words.
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Apps, "Apps"),
        (Self::Look, "Look"),
        (Self::Logs, "Logs"),
        (Self::Daemon, "The list and the daemon"),
        (Self::Settings, "Config files and settings"),
        (Self::Cli, "The command line"),
    ];
}

/// All verbs, in the order of the help.
pub(crate) const VERBS: &[Verb] = &[
    Verb::of::<start::Start>(),
    Verb::of::<stop::Stop>(),
    Verb::of::<restart::Restart>(),
    Verb::of::<reload::Reload>(),
    Verb::of::<delete::Delete>(),
    Verb::of::<scale::Scale>(),
    Verb::of::<start_or_restart::StartOrRestart>(),
    Verb::of::<start_or_reload::StartOrReload>(),
    Verb::of::<pull::Pull>(),
    Verb::of::<pull::Backward>(),
    Verb::of::<pull::Forward>(),
    Verb::of::<send_signal::SendSignal>(),
    Verb::of::<trigger::Trigger>(),
    Verb::of::<send::Send>(),
    Verb::of::<attach::Attach>(),
    Verb::of::<reset::Reset>(),
    Verb::of::<status::Status>(),
    Verb::of::<list::List>(),
    Verb::of::<monit::Monit>(),
    Verb::of::<describe::Describe>(),
    Verb::of::<env::Env>(),
    Verb::of::<id::Id>(),
    Verb::of::<pid::Pid>(),
    Verb::of::<jlist::Jlist>(),
    Verb::of::<prettylist::Prettylist>(),
    Verb::of::<sysmonit::Sysmonit>(),
    Verb::of::<slist::Slist>(),
    Verb::of::<events::Events>(),
    Verb::of::<alerts::Alerts>(),
    Verb::of::<crashes::Crashes>(),
    Verb::of::<logs::Logs>(),
    Verb::of::<flush::Flush>(),
    Verb::of::<reload_logs::ReloadLogs>(),
    Verb::of::<save::Save>(),
    Verb::of::<resurrect::Resurrect>(),
    Verb::of::<cleardump::Cleardump>(),
    Verb::of::<import::Import>(),
    Verb::of::<runtime::Runtime>(),
    Verb::of::<dev::Dev>(),
    Verb::of::<deploy::Deploy>(),
    Verb::of::<serve::Serve>(),
    Verb::of::<web::Web>(),
    Verb::of::<startup::Startup>(),
    Verb::of::<unstartup::Unstartup>(),
    Verb::of::<ping::Ping>(),
    Verb::of::<update::Update>(),
    Verb::of::<commands::report::Report>(),
    Verb::of::<kill::Kill>(),
    Verb::of::<init::Init>(),
    Verb::of::<schema::Schema>(),
    Verb::of::<set::Set>(),
    Verb::of::<multiset::Multiset>(),
    Verb::of::<get::Get>(),
    Verb::of::<conf::Conf>(),
    Verb::of::<unset::Unset>(),
    Verb::of::<install::Install>(),
    Verb::of::<uninstall::Uninstall>(),
    Verb::of::<examples::Examples>(),
    Verb::of::<completion::Completion>(),
    Verb::of::<shim::Shim>(),
    Verb::of::<version::Version>(),
    Verb::of::<help::Help>(),
];

/// Runs the command line with these words.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let look = Look::of_process();
    let argv = Argv::read(words, |word| Verb::find(word).is_some());
    let has = |flags: &[&str]| argv.words.iter().any(|word| flags.iter().any(|flag| word == flag));
    // Until the flags are read for good, these decide how an error about them is told.
    let wish = Wish { silent: has(&["-s", "--silent"]) || silenced(), json: has(&["--json"]) };
    let mut screen =
        Screen::of_process(Look { colour: look.colour && !has(&["--no-color"]), ..look }, wish);
    let outcome = match &argv.verb {
        Some(name) => match Verb::find(name) {
            Some(verb) => return verb_with(verb, argv, screen),
            None => absent::answer(&mut screen, &name.to_string_lossy(), &argv.words)
                .unwrap_or_else(|| Err(unknown(name).into())),
        },
        None if has(&["-v", "-V", "--version"]) => version::print(&mut screen),
        None if has(&["-h", "--help"]) => help::print(&mut screen),
        None => match argv.words.iter().find(|word| !is_common(word)) {
            Some(word) => Err(without_verb(word).into()),
            None => help::print(&mut screen).and(Err(Stop::Said(1))),
        },
    };
    report::end(&mut screen, outcome, &[])
}

fn verb_with(verb: &Verb, argv: Argv, mut screen: Screen) -> ExitCode {
    let parsed = match parse::read(verb, argv) {
        Ok(parsed) => parsed,
        Err(error) => return parse::refuse(&mut screen, &error),
    };
    screen.wish.json = parsed.flags.common.json;
    let home = match Home::find() {
        Ok(home) => home,
        Err(fault) => return report::end(&mut screen, Err(fault.into()), &[]),
    };
    let mut cli = Cli::new(home, screen, parsed.flags, parsed.args, parsed.app_flags);
    let warned = parsed.surplus.iter().try_for_each(|word| {
        cli.screen.warn(format!("`{word}` is ignored: `rpm {}` does not take it", verb.name))
    });
    let outcome = match warned {
        Err(error) => Err(error.into()),
        Ok(()) if cli.flags.common.version => version::print(&mut cli.screen),
        Ok(()) => (verb.run)(&parsed.matches, &mut cli),
    };
    report::end(&mut cli.screen, outcome, &cli.affected)
}

/// Flags that stand by themselves and change nothing.
fn is_common(word: &OsStr) -> bool {
    ["-s", "--silent", "--json", "--no-color", "-m", "--mini-list"].iter().any(|it| word == *it)
}

fn without_verb(word: &OsStr) -> Fault {
    let what = format!("there is no command before or behind `{}`", word.to_string_lossy());
    Fault::new(Code::Usage, what).help("`rpm help` shows all commands")
}

/// `PM2_SILENT` is set in many a CI job.
fn silenced() -> bool {
    std::env::var("PM2_SILENT").is_ok_and(|value| value == "true" || value == "1")
}

/// The fault of a verb that there is not.
pub(crate) fn unknown(name: &OsStr) -> Fault {
    let name = name.to_string_lossy();
    let fault = Fault::new(Code::Usage, format!("`{name}` is not a command"));
    let names = VERBS.iter().flat_map(|verb| verb.aliases.iter().copied().chain([verb.name]));
    let near = names
        .map(|verb| (strsim::osa_distance(&name.to_lowercase(), &verb.to_lowercase()), verb))
        .filter(|(distance, verb)| distance * 3 <= verb.len().max(3))
        .min();
    match near {
        Some((_, verb)) => fault.help(format!("did you mean `rpm {verb}`?")),
        None => fault.help("`rpm help` shows all commands"),
    }
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
