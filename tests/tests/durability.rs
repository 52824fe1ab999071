//! What was acknowledged is there after any death of the daemon.

use nix::sys::signal::Signal;
use rpm_tests::{Rpm, alive, child_app, eventually, kill};
use std::collections::BTreeMap;

/// What is to be found: each app's instances, and whether they run.
type Wanted = BTreeMap<String, (usize, bool)>;

fn found(rpm: &Rpm) -> Wanted {
    let mut found = Wanted::new();
    for process in rpm.list() {
        let up = process.status != "stopped";
        let (count, all_up) = found.entry(process.name).or_insert((0, up));
        *count += 1;
        *all_up &= up;
    }
    found
}

/// A command, and what it makes of the table.
type Step = (&'static [&'static str], fn(&mut Wanted));

fn story() -> Vec<Step> {
    fn set(wanted: &mut Wanted, name: &str, count: usize, up: bool) {
        wanted.insert(name.to_owned(), (count, up));
    }
    vec![
        (&["start", "apps.json"], |wanted| {
            set(wanted, "a", 1, true);
            set(wanted, "b", 1, true);
        }),
        (&["stop", "a"], |wanted| set(wanted, "a", 1, false)),
        (&["scale", "b", "3"], |wanted| set(wanted, "b", 3, true)),
        (&["restart", "b"], |_| ()),
        (&["start", "a"], |wanted| set(wanted, "a", 1, true)),
        (&["delete", "b"], |wanted| wanted.retain(|name, _| name != "b")),
        (&["stop", "all"], |wanted| set(wanted, "a", 1, false)),
    ]
}

#[test]
fn a_supervisor_that_is_killed_after_its_answer_has_forgotten_nothing() {
    let rpm = Rpm::new();
    rpm.config(&[child_app("a", &[]), child_app("b", &[])]);
    let mut wanted = Wanted::new();
    for (words, change) in story() {
        rpm.ok(words);
        let (supervisor, _) = rpm.daemon();
        kill(supervisor, Signal::SIGKILL);
        change(&mut wanted);
        assert_eq!(found(&rpm), wanted, "after {words:?}");
    }
}

#[test]
fn a_daemon_that_is_killed_after_its_answer_is_restored() {
    let rpm = Rpm::new();
    rpm.config(&[child_app("a", &[]), child_app("b", &[])]);
    let mut wanted = Wanted::new();
    for (words, change) in story() {
        rpm.ok(words);
        let (supervisor, keeper) = rpm.daemon();
        // One that runs would do something about the death of its keeper.
        kill(supervisor, Signal::SIGSTOP);
        kill(keeper, Signal::SIGKILL);
        kill(supervisor, Signal::SIGKILL);
        eventually("both are gone", || (!alive(supervisor) && !alive(keeper)).then_some(()));
        change(&mut wanted);
        rpm.ok(&["resurrect"]);
        assert_eq!(found(&rpm), wanted, "after {words:?}");
    }
}

#[test]
fn after_a_clean_end_the_saved_list_is_restored() {
    let rpm = Rpm::new();
    rpm.config(&[child_app("a", &[]), child_app("b", &[])]);
    rpm.ok(&["start", "apps.json", "--only", "a"]);
    rpm.ok(&["save"]);
    rpm.ok(&["start", "apps.json", "--only", "b"]);
    rpm.ok(&["kill"]);
    rpm.ok(&["resurrect"]);
    assert_eq!(found(&rpm), Wanted::from([("a".to_owned(), (1, true))]));
}

#[test]
fn what_holds_environments_is_private() {
    use std::os::unix::fs::MetadataExt;
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("a", &[])])]);
    let journal = std::fs::metadata(rpm.home().join("run/journal")).unwrap();
    assert_eq!(journal.mode() & 0o777, 0o600);
    let folder = std::fs::metadata(rpm.home().join("run")).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
}
