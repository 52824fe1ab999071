//! Holds rpm against PM2: the same scenarios are played with both, and what is seen is compared.
//!
//! A scenario is data (`scenarios/FAMILY/*.toml`): files, steps, and the differences that are
//! known, each with its reason. One that is not listed fails the suite, as does one that is listed
//! and does not occur. The table in the docs is made of them.

mod install;
mod judge;
mod normal;
mod options;
mod play;
mod recall;
mod record;
mod report;
mod rpc;
mod scenario;
mod session;
mod side;
mod step;
mod table;

use options::{Options, Task};
use report::Report;
use scenario::Scenario;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let options = Options::read(std::env::args().skip(1))
        .map_err(|wrong| format!("{wrong}\n\n{}", options::USAGE))?;
    let scenarios = scenario::all()?;
    match options.task {
        Task::Play => play(&options, &scenarios),
        Task::Table => {
            print!("{}", table::table(&scenarios));
            Ok(true)
        }
        Task::Write => table::write(&scenarios).map(|()| true),
        Task::Help => {
            println!("{}", options::USAGE);
            Ok(true)
        }
    }
}

fn play(options: &Options, scenarios: &[Scenario]) -> Result<bool, String> {
    let wanted: Vec<&Scenario> =
        scenarios.iter().filter(|it| options.wants(&it.title(), it.fast)).collect();
    if wanted.is_empty() {
        return Err("no scenario is meant".to_owned());
    }
    let began = Instant::now();
    let report = Report::new(&session::run(options, &wanted)?, began.elapsed());
    let path = options.report.clone().unwrap_or_else(|| install::cache().join("report.json"));
    let text = serde_json::to_string_pretty(&report).unwrap();
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("\n{}\nvalues: {}", report.line(), path.display());
    Ok(report.is_fine())
}
