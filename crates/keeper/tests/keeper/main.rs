//! A real keeper with real children, and a supervisor that dies.
//!
//! The keeper must be alone in its process, and the supervisor is the keeper's own binary, so this
//! binary plays all roles: as `keeper --home H` and `daemon --home H` it is started by the tests.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]
#![expect(clippy::print_stdout, reason = "it is its own harness")]

mod adoption;
mod handover;
mod home;
mod lives;
mod notify;
mod renewal;
mod silence;
mod spawning;
mod wire;

use std::path::Path;
use std::process::ExitCode;

type Test = (&'static str, fn());

const GROUPS: [&[Test]; 8] = [
    &spawning::TESTS,
    &handover::TESTS,
    &lives::TESTS,
    &adoption::TESTS,
    &renewal::TESTS,
    &silence::TESTS,
    &notify::TESTS,
    &wire::TESTS,
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["keeper", "--home", home] => keeper(Path::new(home)),
        ["daemon", "--home", home] => home::play_supervisor(Path::new(home)),
        _ => run(&words),
    }
}

fn keeper(home: &Path) -> ExitCode {
    let end = rpm_keeper::run(rpm_keeper::Options::new(home)).unwrap();
    ExitCode::from(end.code())
}

/// As much of the usual harness as `cargo test` and `cargo nextest` ask for.
fn run(words: &[&str]) -> ExitCode {
    let tests = GROUPS.into_iter().flatten();
    let has = |word: &str| words.contains(&word);
    let names: Vec<&&str> = words.iter().filter(|word| !word.starts_with('-')).collect();
    if has("--ignored") {
        return ExitCode::SUCCESS;
    }
    if has("--list") {
        tests.for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    rpm_sys::limits::raise_descriptors().unwrap();
    let mut failed = 0;
    for (name, test) in tests {
        let wanted = |word: &&&str| {
            if has("--exact") { **word == *name } else { name.contains(**word) }
        };
        if !names.is_empty() && !names.iter().any(wanted) {
            continue;
        }
        let outcome = std::thread::Builder::new().name((*name).to_owned()).spawn(test).unwrap();
        let passed = outcome.join().is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += u8::from(!passed);
    }
    ExitCode::from(failed)
}
