//! From the words of one verb to its arguments.

use super::Verb;
use crate::argv::Argv;
use crate::commands::{Cli, Run};
use crate::flags::{AllFlags, AppFlags};
use crate::outcome::{Outcome, Stop};
use crate::report;
use crate::screen::Screen;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use rpm_proto::{Code, Fault};
use std::ffi::OsString;
use std::process::ExitCode;

/// A command line, read.
#[derive(Debug)]
pub(super) struct Parsed {
    /// All values.
    pub(super) matches: ArgMatches,
    /// Those of the flags that each verb has.
    pub(super) flags: AllFlags,
    /// What follows `--`, for the app.
    pub(super) args: Option<Vec<String>>,
    /// The names of flags that were given and that describe an app.
    pub(super) app_flags: Vec<String>,
}

/// Reads the words that belong to `verb`.
pub(super) fn read(verb: &Verb, argv: Argv) -> Result<Parsed, clap::Error> {
    let mut command = verb.command();
    let mut words = vec![OsString::from(verb.name)];
    words.extend(argv.words);
    let mut for_app = None;
    if let Some(after) = argv.after {
        if verb.takes_app_args {
            for_app = Some(text(&mut command, after)?);
        } else {
            words.push("--".into());
            words.extend(after);
        }
    }
    let matches = command.try_get_matches_from_mut(words)?;
    let flags = AllFlags::from_arg_matches(&matches)?;
    let app_flags = given_of_app(&matches);
    Ok(Parsed { matches, flags, args: for_app, app_flags })
}

/// Runs the verb `T` with what was read.
pub(super) fn run_as<T: Run>(matches: &ArgMatches, cli: &mut Cli) -> Outcome {
    let args = T::from_arg_matches(matches)
        .map_err(|error| Fault::new(Code::Usage, error.to_string().trim_end()))?;
    args.run(cli)
}

/// Shows help, or says what is wrong with the words, in clap's words.
pub(super) fn refuse(screen: &mut Screen, error: &clap::Error) -> ExitCode {
    let text = error.render();
    let painted = |on: bool| {
        if on { text.ansi().to_string() } else { text.to_string() }
    };
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let help = painted(screen.paint().on);
        let outcome = screen.data(help).map_err(Stop::from);
        return report::end(screen, outcome, &[]);
    }
    if screen.wish.json {
        let words = text.to_string();
        let what = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
        return report::end(screen, Err(Fault::new(Code::Usage, what).into()), &[]);
    }
    let text = painted(screen.err_paint().on);
    // The status tells it too, where standard error is closed.
    drop(screen.note(text.trim_end()));
    ExitCode::FAILURE
}

fn text(command: &mut Command, words: Vec<OsString>) -> Result<Vec<String>, clap::Error> {
    words
        .into_iter()
        .map(OsString::into_string)
        .collect::<Result<_, _>>()
        .map_err(|_| command.error(ErrorKind::InvalidUtf8, "an argument of the app is not text"))
}

fn given_of_app(matches: &ArgMatches) -> Vec<String> {
    let given: Vec<&str> = matches
        .ids()
        .map(clap::Id::as_str)
        .filter(|id| matches.try_contains_id(id).unwrap_or(false))
        .filter(|id| matches.value_source(id) == Some(ValueSource::CommandLine))
        .collect();
    if given.is_empty() {
        return Vec::new();
    }
    let flags = AppFlags::augment_args(Command::new(""));
    flags
        .get_arguments()
        .filter(|arg| given.contains(&arg.get_id().as_str()))
        .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
        .collect()
}
