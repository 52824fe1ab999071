//! Restarts because files have changed.

use crate::scene::{Scene, cluster, fork};
use rpm_core::spec::WatchOptions;
use rpm_core::{AppSpec, Event, ProcId, Status};

fn watching(spec: AppSpec) -> AppSpec {
    AppSpec { watch: WatchOptions { on: true, ..WatchOptions::default() }, ..spec }
}

fn changed(scene: &mut Scene) {
    scene.event(Event::FilesChanged { app: "api".to_owned(), path: "a.js".to_owned() });
}

#[test]
fn all_instances_are_restarted() {
    let mut scene = Scene::new();
    scene.apply(&AppSpec { instances: 2, ..watching(fork("api")) });
    scene.spawned(1);
    scene.spawned(2);
    scene.skip();
    changed(&mut scene);
    insta::assert_snapshot!(scene.transcript());
    scene.exited(1, 0);
    scene.swept(1);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().restarts, 1);
}

#[test]
fn what_is_stopped_or_does_not_watch_is_left_alone() {
    let mut scene = Scene::new();
    scene.apply(&watching(fork("api")));
    scene.spawned(1);
    scene.stop("api");
    scene.exited(1, 0);
    scene.swept(1);
    assert!(!scene.table.instance(ProcId(0)).unwrap().watches);
    scene.skip();
    changed(&mut scene);
    insta::assert_snapshot!(scene.transcript(), @"+0.000s a.js of api has changed");
    scene.start("api");
    scene.spawned(2);
    assert!(scene.table.instance(ProcId(0)).unwrap().watches);
    scene.apply(&fork("api"));
    scene.exited(2, 0);
    scene.swept(2);
    scene.spawned(3);
    changed(&mut scene);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Online);
}

#[test]
fn what_has_ended_or_failed_is_started() {
    let mut scene = Scene::new();
    let mut spec = watching(fork("api"));
    spec.restart.autorestart = false;
    scene.apply(&spec);
    scene.spawned(1);
    scene.exited(1, 1);
    scene.swept(1);
    changed(&mut scene);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Launching);
}

#[test]
fn workers_are_reloaded_where_that_is_asked_for() {
    let mut scene = Scene::new();
    let mut spec = watching(cluster("api", 1));
    spec.watch.reload = true;
    scene.apply(&spec);
    scene.spawned(1);
    scene.up(1);
    scene.listening(1);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Online);
    changed(&mut scene);
    assert!(scene.table.is_reloading("api"));
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Online);
    scene.spawned(2);
    scene.up(2);
    scene.listening(2);
    scene.skip();
    // What is told meanwhile is not lost, though it costs the reload.
    changed(&mut scene);
    assert!(!scene.table.is_reloading("api"));
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().status, Status::Stopping);
}
