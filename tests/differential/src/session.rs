//! Plays many scenarios, some at a time.

use crate::install;
use crate::judge::{Verdict, judge};
use crate::options::Options;
use crate::play::{Seen, play};
use crate::recall;
use crate::scenario::Scenario;
use crate::side::{Manager, Side};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A scenario that was played.
pub(crate) struct Played<'a> {
    /// It.
    pub(crate) scenario: &'a Scenario,
    /// What came of it.
    pub(crate) verdict: Verdict,
    /// Whether it came out otherwise the first time.
    pub(crate) again: bool,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Plays them all; says how each came out as it does.
pub(crate) fn run<'a>(
    options: &Options,
    scenarios: &'a [&'a Scenario],
) -> Result<Vec<Played<'a>>, String> {
    let programs = install::pm2()?;
    let (next, played) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = one(options, &programs, scenario);
                    tell(&one);
                    played.lock().unwrap().push(one);
                }
            });
        }
    });
    Ok(played.into_inner().unwrap())
}

fn one<'a>(options: &Options, programs: &Path, scenario: &'a Scenario) -> Played<'a> {
    let began = Instant::now();
    let first = verdict(programs, scenario, options);
    // PM2 on a busy machine is not the same each time; what is wrong is wrong twice.
    let again = !first.wrong.is_empty();
    let second = if again { verdict(programs, scenario, options) } else { first };
    Played { scenario, verdict: second, again, took: began.elapsed() }
}

fn verdict(programs: &Path, scenario: &Scenario, options: &Options) -> Verdict {
    match both(programs, scenario, options.recall) {
        Ok((pm2, rpm)) => {
            for (theirs, ours) in pm2.iter().zip(&rpm).filter(|_| options.show) {
                println!("{}\n  pm2: {}\n  rpm: {}", theirs.what, theirs.value, ours.value);
            }
            judge(scenario, &pm2, &rpm)
        }
        Err(wrong) => Verdict { wrong: vec![wrong], ..Verdict::default() },
    }
}

fn both(
    programs: &Path,
    scenario: &Scenario,
    recalled: bool,
) -> Result<(Vec<Seen>, Vec<Seen>), String> {
    let with = |manager| play(scenario, &mut Side::new(manager, programs, scenario));
    let pm2 = match recall::recall(scenario).filter(|_| recalled) {
        Some(seen) => seen,
        None => with(Manager::Pm2)?,
    };
    recall::remember(scenario, &pm2);
    Ok((pm2, with(Manager::Rpm)?))
}

fn tell(one: &Played<'_>) {
    let (title, took) = (one.scenario.title(), one.took.as_secs_f32());
    if one.verdict.wrong.is_empty() {
        let again = if one.again { ", at the second time" } else { "" };
        println!("ok    {took:5.1} s  {title}{again}");
    } else {
        let wrong = one.verdict.wrong.join("\n").replace('\n', "\n      ");
        println!("WRONG {took:5.1} s  {title}\n      {wrong}");
    }
}
