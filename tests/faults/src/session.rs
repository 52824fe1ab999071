//! Running experiments, each in a process and a folder of its own, so that one that goes wrong
//! leaves nothing behind and harms no other.

use crate::chance::Chance;
use crate::disturb;
use crate::experiments::{self, Experiment, Order};
use crate::options::Options;
use crate::peers;
use crate::report::Report;
use nix::sys::signal::Signal;
use rpm_tests::{kill, with_mark};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long an experiment may take beside a while for each fault.
const PATIENCE: Duration = Duration::from_mins(5);
const PATIENCE_PER_FAULT: Duration = Duration::from_secs(2);

/// Runs all that is wanted.
pub(crate) fn run(options: &Options) -> Vec<Report> {
    fs::create_dir_all(&options.out).unwrap();
    let mut reports = Vec::new();
    for experiment in options.wanted() {
        let report = in_process(experiment, options);
        let (name, verdict) = (&report.experiment, report.verdict());
        println!("{name:26} {verdict:8} {:6.1} s", report.seconds);
        let why = report.skipped.iter().chain(&report.broken).chain(&report.notes);
        for line in why {
            println!("    {}", line.trim().replace('\n', " / "));
        }
        reports.push(report);
    }
    reports
}

/// Reads a report of an earlier run.
pub(crate) fn load(path: &Path) -> Report {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Is the process of one experiment.
pub(crate) fn one(name: &str, options: &Options, out: &Path) {
    let experiment = experiments::find(name).expect("a known experiment");
    let usual = if options.short { experiment.short_times } else { experiment.times };
    let mut order = Order {
        times: options.times.unwrap_or(usual.max(1)),
        short: options.short,
        chance: Chance::new(options.seed),
    };
    let report = match options.subject.as_str() {
        "rpm" => (experiment.run)(&mut order),
        peer => peers::run(peer, experiment.name),
    };
    fs::write(out, serde_json::to_vec_pretty(&report).unwrap()).unwrap();
}

fn in_process(experiment: &Experiment, options: &Options) -> Report {
    let begun = Instant::now();
    let (seed, subject) = (options.seed, &options.subject);
    let stem = format!("{}-{subject}-{seed}", experiment.name);
    let path = options.out.join(format!("{stem}.json"));
    let _ = fs::remove_file(&path);
    let scratch = tempfile::Builder::new().prefix("rpm-faults-").tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--one").arg(experiment.name).arg(&path).arg("--seed").arg(seed.to_string());
    command.args(["--subject", subject]);
    command.env("TMPDIR", scratch.path()).env("RPM_FAULTS_KEEP", scratch.path());
    if options.short {
        command.arg("--short");
    }
    if let Some(times) = options.times {
        command.args(["--times", &times.to_string()]);
    }
    let (pid, failed) = run_to_end(command, options.times.unwrap_or(experiment.times));
    let mut report = if path.exists() { load(&path) } else { Report::default() };
    report.broken.extend(failed);
    experiment.name.clone_into(&mut report.experiment);
    report.subject.clone_from(subject);
    report.seed = seed;
    report.seconds = report.seconds.max(begun.elapsed().as_secs_f64());
    report.date = said("date", &["-u", "+%Y-%m-%d %H:%M"]);
    report.commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    report.machine = format!("{cores} cores, Linux {}", said("uname", &["-r"]));
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    build.clone_into(&mut report.build);
    fs::write(&path, serde_json::to_vec_pretty(&report).unwrap()).unwrap();
    if !report.broken.is_empty() {
        keep_daemon_log(scratch.path(), &options.out.join(format!("{stem}.rpm.log")));
    }
    clean_up(scratch.path());
    disturb::remove_groups(pid);
    report
}

/// Runs the process of an experiment; gives its number and what went wrong with it.
fn run_to_end(mut command: Command, times: u64) -> (u32, Option<String>) {
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    (child.id(), ended_well(child, times))
}

fn ended_well(mut child: Child, times: u64) -> Option<String> {
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let end = Instant::now() + PATIENCE + PATIENCE_PER_FAULT * u32::try_from(times).unwrap_or(0);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let Some(status) = status else { return Some("it did not end in time".to_owned()) };
    if status.success() {
        return None;
    }
    // What it left holds its standard error open: what was said so far has to do.
    std::thread::sleep(Duration::from_millis(200));
    let text = if reader.is_finished() { reader.join().unwrap() } else { String::new() };
    let lines: Vec<&str> = text.lines().collect();
    // The words of a panic follow the line that says where.
    let first = lines.iter().position(|line| line.contains("panicked at"));
    let first = first.unwrap_or(lines.len().saturating_sub(4));
    let told = lines[first..].iter().take(40).copied().collect::<Vec<_>>().join(" / ");
    Some(format!("the experiment ended with {status}: {told}"))
}

fn keep_daemon_log(scratch: &Path, to: &Path) {
    let mut found = vec![scratch.join("rpm.log")];
    let homes = fs::read_dir(scratch).into_iter().flatten().flatten();
    found.extend(homes.map(|entry| entry.path().join("home/rpm.log")));
    for path in found {
        if fs::copy(path, to).is_ok() {
            return;
        }
    }
}

/// Ends all processes that the experiment has left.
fn clean_up(scratch: &Path) {
    for _ in 0..20 {
        let left = with_mark(scratch.to_str().unwrap());
        if left.is_empty() {
            return;
        }
        for (pid, _) in left {
            kill(pid, Signal::SIGCONT);
            kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
