//! What the command line asks for.

use crate::experiments::{self, Experiment};
use std::path::PathBuf;

/// How it is called.
pub(crate) const USAGE: &str = "\
faults [OPTIONS] [NAME…]     run experiments, all without a name
faults --table FILE…         print the table of earlier runs

  --list          the names of the experiments
  --short         fewer faults, and only experiments that take seconds
  --seed N        another seed (1)
  --times N       so many faults in each experiment
  --subject NAME  rpm, pm2 or supervisord (rpm); the others are installed into a folder below /tmp
  --out FOLDER    where the values go, as JSON (target/faults)";

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    /// Say how it is called.
    Help,
    /// Name the experiments.
    List,
    /// Print the table of these files.
    Table(Vec<PathBuf>),
    /// Be the process of one experiment, which writes its report to `out`.
    One {
        /// The experiment.
        name: String,
        /// Its report.
        out: PathBuf,
    },
    /// Run those that are wanted.
    All,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Options {
    /// What is to be done.
    pub(crate) task: Task,
    /// Experiments by name; none are all.
    pub(crate) names: Vec<String>,
    /// Seconds, not minutes.
    pub(crate) short: bool,
    /// The seed.
    pub(crate) seed: u64,
    /// How many faults, when it is not the usual number.
    pub(crate) times: Option<u64>,
    /// What is tried.
    pub(crate) subject: String,
    /// Where values go.
    pub(crate) out: PathBuf,
}

impl Options {
    /// Reads the words after the program's name.
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            task: Task::All,
            names: Vec::new(),
            short: false,
            seed: 1,
            times: None,
            subject: "rpm".to_owned(),
            out: PathBuf::from("target/faults"),
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "--help" | "-h" => options.task = Task::Help,
                "--list" => options.task = Task::List,
                "--short" => options.short = true,
                "--seed" => options.seed = number(&value()?)?,
                "--times" => options.times = Some(number(&value()?)?),
                "--subject" => options.subject = value()?,
                "--out" => options.out = value()?.into(),
                "--only" => options.names.extend(value()?.split(',').map(str::to_owned)),
                "--one" => {
                    let (name, out) = (value()?, value()?.into());
                    options.task = Task::One { name, out };
                }
                "--table" => {
                    options.task = Task::Table(words.by_ref().map(PathBuf::from).collect());
                }
                flag if flag.starts_with('-') => return Err(format!("there is no {flag}")),
                _ => options.names.push(word),
            }
        }
        let unknown = options.names.iter().find(|name| experiments::find(name).is_none());
        match unknown {
            Some(name) => Err(format!("there is no experiment {name:?}; see --list")),
            None => Ok(options),
        }
    }

    /// The experiments that are wanted.
    pub(crate) fn wanted(&self) -> Vec<&'static Experiment> {
        let all = experiments::ALL.iter();
        if self.names.is_empty() {
            all.filter(|one| !self.short || one.short_times > 0).collect()
        } else {
            all.filter(|one| self.names.iter().any(|name| name == one.name)).collect()
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}
