//! Restarts by time.

use crate::scene::{Scene, fork};
use rpm_core::{AppSpec, Event, ProcId, Status, Wall};

fn job() -> AppSpec {
    AppSpec { cron: Some("0 3 * * *".to_owned()), ..fork("job") }
}

fn time_comes(scene: &mut Scene, at: i64) {
    scene.event(Event::Scheduled { proc: ProcId(0), at: Wall(at) });
}

#[test]
fn a_time_counts_once_and_restarts() {
    let mut scene = Scene::new();
    scene.apply(&job());
    scene.spawned(1);
    scene.skip();
    time_comes(&mut scene, 5000);
    time_comes(&mut scene, 5000);
    scene.exited(1, 0);
    scene.swept(1);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s 0 is scheduled for 5000
        · 0 its time has come
        · 0 stopping
        SIGINT tree 0#1
    +0.000s 0 is scheduled for 5000
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().restarts, 1);
}

#[test]
fn a_job_that_has_ended_is_started() {
    let mut scene = Scene::new();
    let mut job = job();
    job.restart.autorestart = false;
    scene.apply(&job);
    scene.spawned(1);
    scene.exited(1, 0);
    scene.swept(1);
    scene.skip();
    time_comes(&mut scene, 5000);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s 0 is scheduled for 5000
        · 0 its time has come
        · 0 launching
        spawn 0#2 (slot 0, restarts 0)
    ");
}

#[test]
fn what_has_no_schedule_any_more_or_goes_is_left_alone() {
    let mut scene = Scene::new();
    scene.apply(&job());
    scene.spawned(1);
    scene.apply(&fork("job"));
    scene.exited(1, 0);
    scene.swept(1);
    scene.spawned(2);
    time_comes(&mut scene, 5000);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Online);
    scene.apply(&job());
    scene.exited(2, 0);
    scene.swept(2);
    scene.spawned(3);
    scene.delete("job");
    time_comes(&mut scene, 6000);
    scene.exited(3, 0);
    scene.swept(3);
    assert!(scene.table.instance(ProcId(0)).is_none());
}

#[test]
fn a_stop_that_is_under_way_wins() {
    let mut scene = Scene::new();
    scene.apply(&job());
    scene.spawned(1);
    scene.stop("job");
    time_comes(&mut scene, 5000);
    scene.exited(1, 0);
    scene.swept(1);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Stopped);
    assert_eq!(scene.table.commands_in_flight(), 0);
}
