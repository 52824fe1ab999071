//! From the words of one verb to its arguments.

use super::Verb;
use crate::argv::Argv;
use crate::commands::{Cli, Run};
use crate::flags::{AllFlags, AppFlags};
use crate::outcome::{Outcome, Stop};
use crate::report;
use crate::screen::Screen;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use rpm_proto::{Code, Fault};
use std::ffi::{OsStr, OsString};
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
    /// Words that the verb has no use for.
    pub(super) surplus: Vec<String>,
}

/// Verbs that are not run with words that they do not take; PM2 leaves them out with all others.
const STRICT: [&str; 6] = ["save", "resurrect", "prettylist", "kill", "cleardump", "completion"];

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
    let mut surplus = Vec::new();
    let matches = loop {
        match command.try_get_matches_from_mut(&words) {
            Ok(matches) => break matches,
            Err(error) if takes_target(&mut words, &error) => {}
            Err(error) => match surplus_word(verb, &error, &words) {
                Some(index) => surplus.push(words.remove(index).to_string_lossy().into_owned()),
                None => return Err(error),
            },
        }
    };
    let flags = AllFlags::from_arg_matches(&matches)?;
    let app_flags = given_of_app(&matches);
    Ok(Parsed { matches, flags, args: for_app, app_flags, surplus })
}

/// Where the word stands that the verb does not take, if that is what is wrong. A flag never is.
fn surplus_word(verb: &Verb, error: &clap::Error, words: &[OsString]) -> Option<usize> {
    if STRICT.contains(&verb.name) || error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let ContextValue::String(word) = error.get(ContextKind::InvalidArg)? else { return None };
    if word.starts_with('-') {
        return None;
    }
    words.iter().rposition(|it| it == OsStr::new(word)).filter(|index| *index > 0)
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
    // What Rust says of a number that is none is for programmers.
    let text = text.replace("invalid digit found in string", "it takes a whole number, 0 or more");
    // The status tells it too, where standard error is closed.
    drop(screen.note(text.trim_end()));
    ExitCode::FAILURE
}

/// Gives the word behind `--watch` back: where nothing else is named, it is the target.
fn takes_target(words: &mut [OsString], error: &clap::Error) -> bool {
    let Some(at) = words.iter().position(|word| word == "--watch") else {
        return false;
    };
    let is_word = |word: &OsString| !word.as_encoded_bytes().starts_with(b"-");
    if error.kind() != ErrorKind::MissingRequiredArgument || !words.get(at + 1).is_some_and(is_word)
    {
        return false;
    }
    words.swap(at, at + 1);
    // So that it does not take the next word either.
    words[at + 1] = "--watch=".into();
    true
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
