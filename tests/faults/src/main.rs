//! Breaks things on purpose and counts what services notice.
//!
//! `faults [NAME…]` runs experiments (all without a name), each in a process of its own, writes a
//! JSON file for each and prints a table. The same seed does the same things.

mod chance;
mod disturb;
mod experiments;
mod memory;
mod options;
mod peers;
mod report;
mod scene;
mod session;
mod table;

use crate::options::{Options, Task};
use crate::report::Report;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("error: {wrong}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match &options.task {
        Task::Help => println!("{}", options::USAGE),
        Task::List => {
            for one in experiments::ALL {
                println!("{:26} {}", one.name, one.about);
            }
        }
        Task::Table(files) => {
            let reports: Vec<Report> = files.iter().map(|file| session::load(file)).collect();
            print!("{}", table::table(&reports));
        }
        Task::One { name, out } => session::one(name, &options, out),
        Task::All => return all(&options),
    }
    ExitCode::SUCCESS
}

fn all(options: &Options) -> ExitCode {
    let reports = session::run(options);
    println!("\n{}", table::table(&reports));
    println!("values: {}", options.out.display());
    let held = reports.iter().all(|report| report.broken.is_empty());
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
