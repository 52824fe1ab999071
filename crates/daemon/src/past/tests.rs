//! Lives that end in each way, and what the next one finds.

use super::*;
use crate::table::Births;
use camino::Utf8Path;
use rpm_core::{
    AppSpec, Command, CommandId, Event, Existing, Generation, Mono, Now, Supervisor, Wall,
};
use std::fs;

/// A home of its own, and its folder.
fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::prepare(&Utf8Path::from_path(dir.path()).unwrap().join("home")).unwrap();
    (dir, home)
}

fn step(table: &mut Table, command: Command) {
    let now = Now { mono: Mono(1), wall: Wall(1) };
    let event = Event::Command { id: CommandId(1), command };
    table.supervisor.step(now, event, &mut Vec::new());
}

fn start(table: &mut Table, names: &[&str]) {
    let app = |name: &&str| AppSpec { name: (*name).to_owned(), ..AppSpec::default() };
    let apps = names.iter().map(app).collect();
    step(table, Command::Apply { apps, existing: Existing::Duplicate, parallel: None });
}

/// A life that ends without a word, in this life of the machine or in another.
fn life(home: &Home, boot: Boot, live: impl FnOnce(&mut Table)) {
    let folder = Folder::open(home.run().as_std_path()).unwrap();
    let mut journal = Journal::create(folder, boot);
    let mut table = Table::default();
    live(&mut table);
    let Table { supervisor, ledger, .. } = &mut table;
    let mut delta = table::delta(supervisor, ledger).unwrap();
    Births::default().note([(Generation(1), 77)].into(), &mut delta);
    journal.commit(delta).unwrap();
}

fn names(table: &Supervisor) -> Vec<&str> {
    table.instances().map(|instance| instance.spec.name.as_str()).collect()
}

fn unended_names(home: &Home) -> Vec<String> {
    unended::load(home).unwrap_or_default().into_iter().map(|app| app.name).collect()
}

const OTHER: Boot = Boot([1; 16]);

#[test]
fn each_end_is_told_from_the_others() {
    let (_dir, home) = home();
    assert_eq!(read(&home, false).unwrap().end, End::Well, "there was none");
    life(&home, this_boot(), |table| start(table, &["api"]));
    let past = read(&home, true).unwrap();
    assert_eq!((past.end, names(&past.table.supervisor)), (End::Succeeded, vec!["api"]));
    let births = [1, 2].map(|run| past.table.births.get(Generation(run)));
    assert_eq!(births, [Some(77), None]);
    assert_eq!(read(&home, false).unwrap().end, End::Killed);
    life(&home, OTHER, |table| start(table, &["api"]));
    let past = read(&home, false).unwrap();
    assert_eq!((past.end, names(&past.table.supervisor)), (End::Machine, vec!["api"]));
    life(&home, OTHER, |table| {
        start(table, &["api"]);
        step(table, Command::Shutdown);
    });
    let past = read(&home, false).unwrap();
    assert_eq!(past.end, End::Well, "it was ending when the machine went down");
    assert!(names(&past.table.supervisor).is_empty());
}

#[test]
fn what_was_left_adds_up_until_it_is_taken_up() {
    let (_dir, home) = home();
    life(&home, OTHER, |table| start(table, &["api", "web"]));
    let past = read(&home, false).unwrap().leave(&home).unwrap();
    assert!(names(&past.table.supervisor).is_empty());
    assert_eq!(unended_names(&home), ["api", "web"]);
    assert!(!home.journal().exists(), "it would be left twice");
    // A life in which nothing was started takes nothing away.
    life(&home, OTHER, |_| {});
    read(&home, false).unwrap().leave(&home).unwrap();
    assert_eq!(unended_names(&home), ["api", "web"]);
    life(&home, OTHER, |table| {
        start(table, &["web", "worker"]);
        step(table, Command::Stop { targets: vec!["web".into()], settings: Vec::new() });
    });
    read(&home, false).unwrap().leave(&home).unwrap();
    assert_eq!(unended_names(&home), ["web", "worker", "api"]);
    let starts: Vec<bool> = unended::load(&home).unwrap().iter().map(|app| app.autostart).collect();
    assert_eq!(starts, [false, true, true], "one that was stopped stays stopped");
}

#[test]
fn what_cannot_be_read_is_kept_aside() {
    let (_dir, home) = home();
    life(&home, OTHER, |table| start(table, &["api"]));
    let mut bytes = fs::read(home.journal()).unwrap();
    bytes[8] += 1;
    fs::write(home.journal(), &bytes).unwrap();
    assert!(matches!(read(&home, true), Err(PastError::Newer(_))), "services run");
    assert_eq!(fs::read(home.journal()).unwrap(), bytes);
    let past = read(&home, false).unwrap();
    assert!(names(&past.table.supervisor).is_empty());
    assert!(!home.journal().exists());
    let aside = home.run().join(format!("journal.unread-{}", std::process::id()));
    assert_eq!(fs::read(aside).unwrap(), bytes);
}
