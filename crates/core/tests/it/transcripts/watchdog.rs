//! Apps that promise to say that they live.

use crate::scene::{Scene, cluster, fork};
use rpm_core::spec::ReadyPolicy;
use rpm_core::{AppSpec, Status};

fn promising(name: &str) -> AppSpec {
    let ready = ReadyPolicy { wait: true, watchdog_ms: Some(1000), ..ReadyPolicy::default() };
    AppSpec { ready, ..fork(name) }
}

#[test]
fn who_falls_silent_is_restarted() {
    let mut scene = Scene::new();
    scene.apply(&promising("api"));
    scene.spawned(1);
    // The promise begins when it is up.
    scene.wait(2000);
    scene.ready(1);
    scene.skip();
    scene.wait(900);
    scene.lives(1);
    scene.wait(900);
    scene.lives(1);
    scene.wait(1000);
    scene.gone(1);
    insta::assert_snapshot!(scene.transcript(), @"
    +2.900s 0#1 lives
    +3.800s 0#1 lives
    +4.800s woke
        · 0 silent for 1000 ms
        · 0 stopping
        SIGINT tree 0#1
    +4.800s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +4.800s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
    assert_eq!(scene.table.instances().next().unwrap().restarts, 1);
}

/// A worker whose reload fails three seconds after it began.
fn reload_that_fails() -> Scene {
    let mut scene = Scene::new();
    let ready = ReadyPolicy { timeout_ms: 3000, ..promising("api").ready };
    scene.apply(&AppSpec { ready, ..cluster("api", 1) });
    scene.spawned(1);
    scene.ready(1);
    scene.reload("api");
    scene.spawned(2);
    scene.skip();
    scene
}

#[test]
fn who_falls_silent_beside_a_successor_is_restarted_when_that_has_failed() {
    let mut scene = reload_that_fails();
    scene.wait(3000);
    scene.gone(2);
    insta::assert_snapshot!(scene.transcript(), @"
    +1.000s woke
    +3.000s woke
        · 0 reload failed
        SIGINT tree 0#2
    +3.000s 0#2 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#2
    +3.000s 0#2 swept
        forget 0#2
        · 0 silent for 1000 ms
        · 0 stopping
        SIGINT tree 0#1
        answer 2:  FAILED 0 not ready in 3000 ms
    ");
}

#[test]
fn who_says_that_it_lives_beside_a_successor_goes_on() {
    let mut scene = reload_that_fails();
    scene.wait(2900);
    scene.lives(1);
    scene.wait(100);
    scene.gone(2);
    assert_eq!(scene.status(0), Status::Online);
    // Its time goes by what it said last.
    scene.skip();
    scene.wait(900);
    insta::assert_snapshot!(scene.transcript(), @"
    +3.900s woke
        · 0 silent for 1000 ms
        · 0 stopping
        SIGINT tree 0#1
    ");
}

#[test]
fn who_is_stopped_owes_nothing() {
    let mut scene = Scene::new();
    scene.apply(&promising("api"));
    scene.spawned(1);
    scene.ready(1);
    scene.stop("api");
    scene.lives(1);
    scene.gone(1);
    assert_eq!(scene.table.next_deadline(), None);
}
